"""The first page says what needs a person."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from maintenance.booking import rechecks
from maintenance.models import Approval, Window
from notifications import sql
from notifications.models import Alarm, Bucket, Delivery, Notice, State
from notifications.operations.queries import backlog
from tests import people
from tests.maintenance.rules.asking import freeze
from tests.notifications.pulse import all_is_well
from tests.staff import address, queries, reader, signed_in, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]


def _card(page: str, name: str) -> str:
    found = re.search(rf'aria-label="{name}">(.*?)</section>', page, re.DOTALL)
    return found[1] if found else ""


def test_windows_of_others_wait_for_ben() -> None:
    mine = people.window(people.service("mine"), booker="ben")
    theirs = people.window(people.service("theirs"))
    card = _card(words(signed_in("ben"), address("index")), "Waiting for my approval")
    assert address("maintenance_window_change", theirs.pk) in card
    assert address("maintenance_window_change", mine.pk) not in card


def test_what_ben_has_decided_waits_no_more() -> None:
    window = people.window()
    people.approve(window, Approval.Subject.CHANGE)
    page = address("maintenance_window_change", window.pk)
    ben = signed_in("ben")
    assert page in _card(words(ben, address("index")), "Waiting for my approval")
    people.approve(window, Approval.Subject.TEXT)
    assert page not in _card(words(ben, address("index")), "Waiting for my approval")


def test_windows_in_conflict_are_named_with_what_stands_against_them() -> None:
    hit, _free = people.window(), people.window(people.service("cards"))
    freeze(people.service(), starts_at=hit.starts_at, ends_at=hit.ends_at)
    rechecks.recheck_windows(people.NOW)
    card = _card(words(reader(), address("index")), "In conflict")
    assert address("maintenance_window_change", hit.pk) in card
    assert card.count("<a href=") == 1
    assert "The freeze “Election” holds" in card


def test_without_a_conflict_there_is_no_card_of_them() -> None:
    people.window()
    assert _card(words(reader(), address("index")), "In conflict") == ""


def test_a_window_past_its_planned_end_stands_out() -> None:
    people.window(starts_at=people.NOW - timedelta(hours=3), status=Window.Status.STARTED)
    assert "Past its planned end" in _card(words(reader(), address("index")), "Under way")


def test_a_window_that_nobody_has_started_is_due_and_not_under_way() -> None:
    late = people.window(starts_at=people.NOW - timedelta(minutes=5), status=Window.Status.APPROVED)
    page = words(reader(), address("index"))
    assert address("maintenance_window_change", late.pk) in _card(page, "Due to start")
    assert not _card(page, "Under way")


def test_what_goes_out_tomorrow_alone_is_no_message_of_today() -> None:
    notice = people.notice(
        people.window(), due_at=people.NOW - timedelta(days=7), status=Notice.Status.PREPARED
    )
    people.queued(notice, not_before=people.NOW + timedelta(days=1))
    assert "Announcement" not in _card(words(reader(), address("index")), "Messages today")


def test_notices_due_today_are_listed_by_the_banks_day() -> None:
    window = people.window()
    people.notice(window, due_at=people.NOW.replace(hour=23, minute=59))
    people.notice(window, due_at=people.NOW + timedelta(days=1))
    card = _card(words(reader(), address("index")), "Messages today")
    assert card.count("Announcement") == 1
    assert "Announcement: Online banking</a>" in card
    assert "due Mon 2 Mar 2026, 23:59" in card


def _sent(notice: Notice, at: datetime, number: int = 1, **options: Any) -> None:
    given: dict[str, Any] = {"state": State.SENT, "provider": "twilio", "sent_at": at}
    people.queued(notice, number=number, **(given | options))


def test_what_goes_out_today_counts_though_it_was_due_a_week_ago() -> None:
    notice = people.notice(
        people.window(), due_at=people.NOW - timedelta(days=7), status=Notice.Status.PREPARED
    )
    _sent(notice, people.NOW - timedelta(minutes=5), number=3)
    _sent(notice, people.NOW, state=State.DELIVERED)
    people.queued(notice, number=2, not_before=people.NOW + timedelta(hours=1))
    people.queued(notice, not_before=people.NOW + timedelta(days=1))  # tomorrow
    card = _card(words(reader(), address("index")), "Messages today")
    assert '<strong class="lull-number">4</strong> went out.' in card
    assert '<strong class="lull-number">2</strong> still to go today, 1 later.' in card
    assert "going out since Mon 2 Mar 2026, 08:55: 4 today, 2 still to go" in card


@pytest.mark.parametrize(("zone", "hour"), [("Europe/London", 0), ("Asia/Kathmandu", -5)])
def test_today_is_the_banks_own_day(settings: Settings, zone: str, hour: int) -> None:
    settings.TIME_ZONE = zone
    midnight = people.NOW.replace(hour=0) + timedelta(hours=hour, minutes=-45 if hour else 0)
    notice = people.notice(
        people.window(), due_at=people.NOW - timedelta(days=7), status=Notice.Status.PREPARED
    )
    _sent(notice, midnight - timedelta(seconds=1), number=4)
    _sent(notice, midnight, number=2)
    card = _card(words(reader(), address("index")), "Messages today")
    assert '<strong class="lull-number">2</strong> went out.' in card


def test_posts_and_the_app_count_among_the_messages_of_today() -> None:
    notice = people.notice(people.window(), channels=["social"], status=Notice.Status.PREPARED)
    Delivery.objects.create(
        notice=notice,
        channel="social",
        target="mastodon",
        language="en",
        state=State.SENT,
        sent_at=people.NOW,
        not_before=people.NOW,
        expires_at=notice.true_until,
    )
    card = _card(words(reader(), address("index")), "Messages today")
    assert '<strong class="lull-number">1</strong> went out.' in card


def test_what_went_into_the_outbox_today_is_said_to_have_reached_nobody() -> None:
    notice = people.notice(people.window(), status=Notice.Status.PREPARED)
    _sent(notice, people.NOW, number=2, provider="outbox")
    card = _card(words(reader(), address("index")), "Messages today")
    assert "went out, all into the outbox and to nobody." in card
    assert "went into the outbox Mon 2 Mar 2026, 09:00: 2 today" in card


def test_problems_are_counted_where_there_are_any() -> None:
    window = people.window()
    notice = people.notice(window, status=Notice.Status.PREPARED)
    Notice.objects.update(prepared_at=people.NOW)
    people.queued(notice, number=2, state=State.FAILED)
    people.queued(notice, state=State.UNKNOWN)
    card = _card(words(reader(), address("index")), "Problems")
    assert "2 failed</a> by SMS" in card
    assert f'"{address("notifications_delivery_unknown")}">1 unknown</a>' in card


def test_what_needs_a_person_stands_first() -> None:
    all_is_well()
    assert "Needs a person now" not in words(reader(), address("index"))
    Alarm.objects.create(what="worker", words="No worker <works>.", since=people.NOW, seen_at=people.NOW)
    page = words(reader(), address("index"))

    assert "No worker <works>. Since <bdi>Mon 2 Mar 2026, 09:00</bdi>." in _card(page, "Needs a person now")
    assert page.index("Needs a person now") < page.index("Next windows")


def test_a_dead_clock_needs_a_person_though_nothing_wrote_it_down() -> None:
    assert "The clock has not ticked" in _card(words(reader(), address("index")), "Needs a person now")


def test_senders_in_use_that_rest_are_shown_with_the_providers_reason(settings: Settings) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_FROM = "AC0", "+15005550006"
    settings.TWILIO_MESSAGING_SERVICE_SID = ""
    moment = sql.database_now()
    for sender, until in (("+15005550006", timedelta(minutes=9)), ("+15005550007", timedelta(minutes=9))):
        Bucket.objects.create(
            provider="twilio",
            sender=sender,
            refilled_at=moment,
            resting_until=moment + until,
            reason="20003 Authenticate",
        )
    card = _card(words(reader(), address("index")), "Senders that rest")

    assert "+15005550006" in card
    assert "20003 Authenticate" in card
    assert "+15005550007" not in card


@pytest.mark.parametrize(
    ("queued", "said"),
    [(0, "Nothing waits. It is tried with the next message."), (1, "One message at a time is tried.")],
)
def test_a_sender_that_fails_says_what_comes_next(settings: Settings, queued: int, said: str) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_FROM = "AC0", "+15005550006"
    settings.TWILIO_MESSAGING_SERVICE_SID = ""
    past = sql.database_now() - timedelta(days=1)
    Bucket.objects.create(
        provider="twilio", sender="+15005550006", refilled_at=past, failing_since=past, resting_until=past
    )
    people.queued(people.notice(people.window()), number=queued)
    card = _card(words(reader(), address("index")), "Senders that rest")

    assert said in card
    assert ("Failing since" in card) == (queued > 0)


def test_doubt_is_counted_no_further_than_it_matters(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(backlog, "MOST", 2)
    settings.DELIVERIES_IN_FLIGHT = 0
    people.queued(people.notice(people.window()), number=3, state=State.UNKNOWN, intended_at=people.NOW)

    assert "2 or more unknown</a>" in _card(words(reader(), address("index")), "Problems")


def test_expired_and_incomplete_notices_say_why() -> None:
    window = people.window()
    people.notice(window, status=Notice.Status.EXPIRED)
    Notice.objects.update(reason="Its time had passed.")
    people.notice(window, due_at=people.NOW + timedelta(days=1), status=Notice.Status.DRAFT)
    Notice.objects.filter(status=Notice.Status.DRAFT).update(reason="It lacks an alternative.")
    card = _card(words(reader(), address("index")), "Problems")
    assert "expired: Its time had passed." in card
    assert "is incomplete: It lacks an alternative." in card


def test_without_problems_the_card_says_so() -> None:
    assert "None." in _card(words(reader(), address("index")), "Problems")


def test_staff_in_no_group_see_no_cards() -> None:
    people.window()
    page = words(signed_in("visitor"), address("index"))
    assert "Online banking" not in page
    assert "You may not see anything yet" in page


def test_a_day_with_three_windows_takes_the_queries_of_one() -> None:
    def fill(number: int) -> None:
        window = people.window(people.service(f"service-{number}"))
        people.notice(window)
        people.queued(people.notice(window, due_at=people.NOW + timedelta(hours=1)), state=State.FAILED)

    fill(1)
    client = signed_in("ben")
    one = queries(client, address("index"))
    fill(2)
    fill(3)
    assert queries(client, address("index")) == one


def test_a_planned_notice_whose_time_has_passed_goes_out_at_once() -> None:
    people.notice(people.window(), due_at=people.NOW - timedelta(hours=1))
    card = _card(words(reader(), address("index")), "Messages today")
    assert "due at once" in card
    assert "08:00" not in card
