"""The `.ics` of an email: of every kind, in every language, of a window as booked, moved and cancelled."""

from __future__ import annotations

from datetime import timedelta
from email.message import Message as Part
from typing import Any, Final

import pytest
from django.conf import settings
from icalendar import Calendar
from pytest_django.fixtures import Settings

from maintenance.models import NoticeKind, Window
from notifications.channels.providers.mime import django_mail
from notifications.delivery import composition
from notifications.models import Delivery
from tests import libical, people

pytestmark = pytest.mark.django_db

STORIES: Final[dict[str, dict[str, Any]]] = {
    "booked": {},
    "moved": {"sequence": 1, "revision": 2, "starts_at": people.NOW + timedelta(days=14)},
    "cancelled": {"sequence": 1, "status": Window.Status.CANCELLED},
}
"""What stands in the window's row after each."""
_TOLD: Final = [
    (story, kind)
    for story in STORIES
    for kind in NoticeKind
    if (story == "cancelled") == (kind is NoticeKind.CANCELLED)
]
_TOLD_TOO_LATE: Final = [
    (story, kind) for story in STORIES for kind in NoticeKind if (story, kind) not in _TOLD
]
every_story_told = pytest.mark.parametrize(("story", "kind"), _TOLD)
every_language = pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])


@pytest.fixture(autouse=True)
def _attached(settings: Settings) -> None:
    settings.EMAIL_ATTACH_CALENDAR = True
    settings.BANK_NAME = "Bank, of the “Bend”"
    settings.DEFAULT_FROM_EMAIL = '"Bank, of the Bend" <notices@bank.example>'


def _queued(story: str, kind: NoticeKind, language: str) -> Delivery:
    window = people.window(status=Window.Status.APPROVED, length=timedelta(days=2))
    Window.objects.filter(pk=window.pk).update(**STORIES[story])
    window.refresh_from_db()
    (row,) = people.queued(
        people.notice(window, kind, channels=["email"]), channel="email", language=language
    )
    return row


def _part(row: Delivery) -> Part:
    message = composition.message_again(row, now=people.NOW)
    assert message
    (found,) = (
        part
        for part in django_mail.django_mail(message).message().walk()
        if part.get_content_type() == "text/calendar"
    )
    return found


def _event(part: Part) -> Any:
    (found,) = Calendar.from_ical(_content(part)).walk("VEVENT")
    return found


def _content(part: Part) -> bytes:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


@every_story_told
@every_language
def test_its_header_says_what_is_inside(story: str, kind: NoticeKind, language: str) -> None:
    part = _part(_queued(story, kind, language))
    said = Calendar.from_ical(_content(part))["METHOD"]
    assert part.get_param("method") == said == ("CANCEL" if story == "cancelled" else "PUBLISH")


@pytest.mark.libical
@every_story_told
@every_language
def test_it_keeps_the_standards(story: str, kind: NoticeKind, language: str) -> None:
    assert libical.faults(_content(_part(_queued(story, kind, language)))) == []


@pytest.mark.parametrize(("story", "kind"), _TOLD_TOO_LATE)
def test_it_is_left_out_where_the_words_beside_it_say_another_thing(story: str, kind: NoticeKind) -> None:
    """An announcement that is claimed just after the window was cancelled, say."""
    message = composition.message_again(_queued(story, kind, "en"), now=people.NOW)
    assert message
    assert message.calendar == ""


def test_it_comes_from_the_bank_and_from_the_address_that_sends_the_mail() -> None:
    event = _event(_part(_queued("booked", NoticeKind.ANNOUNCED, "en")))
    assert event["ORGANIZER"] == "mailto:notices@bank.example"
    assert event["ORGANIZER"].params["CN"] == "Bank, of the “Bend”"


def test_it_is_made_when_its_notice_is_due() -> None:
    row = _queued("booked", NoticeKind.REMINDER, "en")
    assert _event(_part(row))["DTSTAMP"].dt == row.notice.due_at


def test_made_again_it_is_the_same() -> None:
    row = _queued("moved", NoticeKind.RESCHEDULED, "ar")
    first = composition.message_again(row, now=people.NOW)
    second = composition.message_again(row, now=people.NOW + timedelta(hours=1))
    assert first
    assert second
    assert first.calendar == second.calendar


def test_words_of_before_a_move_do_not_bring_its_new_time() -> None:
    """Until what was planned of the old time is withdrawn, some of it still goes out; no more is approved."""
    row = _queued("booked", NoticeKind.ANNOUNCED, "en")
    Window.objects.update(status=Window.Status.BOOKED, **STORIES["moved"])
    message = composition.message_again(row, now=people.NOW)
    assert message
    assert message.calendar == ""
