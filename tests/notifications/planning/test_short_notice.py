"""An emergency minutes ahead: what Cleo reads on every road. And an ordinary window beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import jwt
import pytest
import time_machine
from django.test import Client
from icalendar import Calendar
from pytest_django.fixtures import Settings

from maintenance import execution
from maintenance.booking import approvals, windows
from maintenance.models import Approval, Change, NoticeKind, Window
from maintenance.proposals import Emergency, Proposal
from notifications import wording
from notifications.models import Notice, State, Text
from notifications.planning import notices
from notifications.reporting import preview
from tests import people
from tests.staff import address, reader, words

pytestmark = pytest.mark.django_db

SOON: Final = timedelta(minutes=20)
HOUR: Final = timedelta(hours=1)
KEY: Final = "a key of the bank that is long enough for HS256"
OF_A_PLAN: Final = re.compile(r"\bplan|schedul|مجدول|مخطط|مقرر", re.IGNORECASE)
URGENT: Final = {"en": ("urgent", "sorry"), "ar": ("عاجل", "نعتذر")}


@pytest.fixture(autouse=True)
def _today(now: datetime, settings: Settings) -> Iterator[None]:
    settings.APP_JWT_KEY, settings.APP_JWKS_URL, settings.APP_JWT_AUDIENCE = KEY, "", ""
    with time_machine.travel(now, tick=False):
        yield


def _booked(now: datetime, ahead: timedelta, emergency: bool = True, **more: Any) -> Window:
    because = Emergency("A certificate expires", people.user("ben")) if emergency else None
    proposal = people.proposal(starts_at=now + ahead, length=HOUR, emergency=because, **more)
    window = windows.book_window(proposal, by=people.user("ada"), now=now)
    notices.drafted_notices(window, now=now)
    return window


def _approved(window: Window, now: datetime) -> Window:
    window.refresh_from_db()
    ben = people.user("ben")
    approvals.approve(window, Approval.Subject.CHANGE, revision=window.revision, by=ben, now=now)
    notices.approve_text(window, revision=window.revision, by=ben, now=now)
    notices.plan_notices(now=now)
    window.refresh_from_db()
    return window


def _read(text: Text, time_zone: str = "Europe/London") -> str:
    """One text as a customer of its language gets it, with subject and HTML."""
    filled = wording.filled_text(
        text, wording.MessageReader("Cleo", text.language, time_zone, "https://bank/p/1/")
    )
    return f"{filled.subject}\n{filled.body}\n{filled.html}"


def _when(text: Text) -> datetime:
    """The start that a text names."""
    return min(datetime.fromisoformat(at) for at in re.findall(r"[:/](\d{4}-[^/\]]+Z)", text.body))


def _texts(kind: NoticeKind) -> list[Text]:
    found = list(Text.objects.filter(notice__kind=kind, variant=""))
    assert found
    return found


def test_minutes_ahead_cleo_reads_on_every_road_that_it_is_urgent_and_that_we_are_sorry(
    now: datetime,
) -> None:
    window = _approved(_booked(now, SOON), now)
    assert window.notices.get(kind=NoticeKind.ANNOUNCED).status == Notice.Status.PLANNED
    texts = _texts(NoticeKind.ANNOUNCED)
    assert {(text.channel, text.language) for text in texts} == {
        (channel, language) for channel in ("sms", "email", "inapp", "social") for language in ("en", "ar")
    }
    for text in texts:
        said = _read(text)
        assert not OF_A_PLAN.search(said), said
        assert all(word in said.lower() for word in URGENT[text.language]), said


def test_the_approver_sees_these_words_and_those_of_what_may_follow(now: datetime) -> None:
    seen = preview.preview_of(_booked(now, SOON), now=now)
    shown = [one for part in seen.parts for one in part.seen]
    shown += [one for part in seen.standard for one in part.seen]
    assert len(shown) > 8
    assert not [one for one in shown if OF_A_PLAN.search(f"{one.subject}\n{one.body}\n{one.html}")]


def test_what_follows_says_nothing_of_a_plan_either(now: datetime) -> None:
    window = _approved(_booked(now, SOON), now)
    execution.start(window, by=people.user("ada"), now=now + SOON)
    notices.plan_notices(now=now + SOON)
    execution.finish(window, by=people.user("ada"), now=now + SOON + HOUR / 2)
    notices.plan_notices(now=now + SOON + HOUR / 2)
    told = [_read(text) for kind in (NoticeKind.STARTED, NoticeKind.FINISHED) for text in _texts(kind)]
    assert not [said for said in told if OF_A_PLAN.search(said)]


def _told(window: Window, now: datetime) -> None:
    notice = window.notices.filter(status=Notice.Status.PLANNED).exclude(kind=NoticeKind.REMINDER).get()
    Notice.objects.filter(pk=notice.pk).update(status=Notice.Status.PREPARED, prepared_at=now)
    people.queued(notice, state=State.SENT)


def test_moved_and_called_off_it_is_still_urgent(now: datetime) -> None:
    window = _approved(_booked(now, 5 * HOUR), now)
    _told(window, now)
    windows.reschedule(
        window,
        Proposal(
            now + 7 * HOUR, now + 8 * HOUR, emergency=Emergency("A certificate expires", people.user("ben"))
        ),
        reason="Not ready",
        by=people.user("ada"),
        now=now,
    )
    notices.drafted_notices(Window.objects.get(), now=now)
    window = _approved(window, now)
    _told(window, now)
    windows.cancel(window, reason="It was renewed", by=people.user("ada"), now=now)
    notices.plan_notices(now=now)
    for kind in (NoticeKind.RESCHEDULED, NoticeKind.CANCELLED):
        for text in _texts(kind):
            said = _read(text)
            assert not OF_A_PLAN.search(said), said
            assert URGENT[text.language][0] in said.lower(), said
    assert {_when(text) for text in _texts(NoticeKind.CANCELLED)} == {now + 7 * HOUR}


def test_what_customers_hold_is_called_off_in_the_words_of_how_it_was_told(now: datetime) -> None:
    """Told in time, moved to minutes ahead, and cancelled before anybody heard of that."""
    window = _approved(_booked(now, timedelta(days=6), emergency=False), now)
    _told(window, now)
    windows.reschedule(
        window,
        Proposal(now + 2 * HOUR, now + 3 * HOUR, emergency=Emergency("It expires", people.user("ben"))),
        reason="It expires sooner",
        by=people.user("ada"),
        now=now,
    )
    window.refresh_from_db()
    assert window.short_notice
    windows.cancel(window, reason="It was renewed", by=people.user("ada"), now=now)
    notices.plan_notices(now=now)
    (text,) = [text for text in _texts(NoticeKind.CANCELLED) if text.language == "en"]
    assert ": maintenance Sun 8 Mar, " in _read(text)


@pytest.mark.parametrize(("language", "mark"), [("en", "Urgent"), ("ar", "عاجل")])
@pytest.mark.parametrize("moment", [timedelta(0), SOON, SOON + HOUR / 2, SOON + 2 * HOUR])
def test_the_page_marks_it_and_calls_nothing_planned(
    client: Client, now: datetime, language: str, mark: str, moment: timedelta
) -> None:
    window = _approved(_booked(now, SOON), now)
    if moment > SOON:
        execution.start(window, by=people.user("ada"), now=now + SOON)
    with time_machine.travel(now + moment, tick=False):
        html = client.get(f"/?lang={language}").content.decode()
    assert f'<span class="badge mark">{mark}</span>' in html
    assert not OF_A_PLAN.findall(html)


def _feed(client: Client, language: str) -> Any:
    return Calendar.from_ical(client.get(f"/calendar.ics?lang={language}").content)


def test_the_feed_says_so_in_its_summary_categories_and_priority(client: Client, now: datetime) -> None:
    _approved(_booked(now, SOON), now)
    calendar = _feed(client, "en")
    (event,) = calendar.walk("VEVENT")
    assert event["SUMMARY"] == "Urgent maintenance of Online banking (Demonstration Bank)"
    assert (event["CATEGORIES"].cats, event["PRIORITY"]) == (["Maintenance", "Urgent"], 1)
    assert not OF_A_PLAN.search(client.get("/calendar.ics").content.decode())
    assert not OF_A_PLAN.search(client.get("/calendar.ics?lang=ar").content.decode())


def test_the_app_reads_it_in_the_banner(client: Client, now: datetime) -> None:
    people.customer("cleo", uses=[people.service()])
    _approved(_booked(now, SOON), now)
    token = jwt.encode({"sub": "cleo", "exp": now + HOUR}, KEY, algorithm="HS256")
    answer = client.get("/api/v1/banner", headers={"authorization": f"Bearer {token}"}).json()
    (banner,) = answer["banners"]
    assert (banner["urgent"], banner["title"]) == (True, "Urgent maintenance of Online banking")


def test_staff_see_that_it_is_told_at_short_notice(now: datetime) -> None:
    window = _booked(now, SOON)
    assert "Short notice: told as urgent" in words(reader(), address("maintenance_window_change", window.pk))


def test_an_ordinary_window_reads_as_before(client: Client, now: datetime) -> None:
    _approved(_booked(now, timedelta(days=6), emergency=False), now)
    (mail,) = [
        text for text in _texts(NoticeKind.ANNOUNCED) if (text.channel, text.language) == ("email", "en")
    ]
    assert _read(mail).startswith("Planned maintenance on Sunday 8 March: Online banking\n")
    assert "Urgent" not in client.get("/").content.decode()
    (event,) = _feed(client, "en").walk("VEVENT")
    assert event["SUMMARY"] == "Maintenance of Online banking (Demonstration Bank)"
    assert "PRIORITY" not in event


def test_an_emergency_booked_in_time_and_approved_too_late_gets_the_words_of_short_notice_first(
    now: datetime,
) -> None:
    window = _booked(now, timedelta(days=6), exemption="")
    late = window.starts_at - SOON
    ben = people.user("ben")
    with pytest.raises(approvals.NotAllowed, match="must be moved, or passed over as an emergency"):
        notices.approve_text(window, revision=1, by=ben, now=late)
    approvals.reject(window, Approval.Subject.TEXT, revision=1, reason="Too late", by=ben, now=late)
    again = windows.reschedule(
        window,
        Proposal(window.starts_at, window.ends_at, emergency=Emergency("It expires", ben)),
        reason="It cannot wait",
        by=people.user("ada"),
        now=late,
    )
    assert again.short_notice
    assert Change.objects.latest("id").after["short_notice"] is True
