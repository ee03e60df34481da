"""Freezes imported from a calendar: seen before they are stored, and only then stored."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from maintenance import policies
from maintenance.imports.ics import content_lines
from maintenance.models import Freeze, Service
from tests import people
from tests.maintenance.imports.ics.calendars import GOOGLE, block, calendar, event, written
from tests.staff import address, signed_in, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock", "promised")]

WEEK = ("DTSTART:20260310T020000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=9")


@pytest.fixture
def promised() -> None:
    """What customers are promised, without which nothing is checked."""
    policies.policy_of()


def sent(client: Client, content: bytes, *services: Service) -> HttpResponse:
    """The answer to a file that was sent."""
    file = SimpleUploadedFile("freezes.ics", content, "text/calendar")
    given = {"file": file, "service": [service.key for service in services]}
    return client.post(address("maintenance_freeze_import"), given)  # type: ignore[return-value]


def shown(client: Client, content: bytes, *services: Service) -> tuple[str, str]:
    """The address and the words of the page that shows what the file would do."""
    response = sent(client, content, *services)
    assert response.status_code == 302, response.content.decode()
    return response["Location"], words(client, response["Location"])


def confirmed(client: Client, page: str, text: str) -> str:
    """What the browser shows after the button was pressed on a page."""
    seen = re.search(r'name="seen" value="(\w+)"', text)
    assert seen
    return client.post(page, {"seen": seen[1]}, follow=True).content.decode()


def test_nothing_is_stored_before_it_has_been_confirmed() -> None:
    client, service = signed_in("ada"), people.service()
    page, text = shown(client, written(GOOGLE), service)
    assert "3 to add" in text
    assert "Every Thursday until 30 April 2026, but for 2 times" in text
    assert "Online banking" in text
    assert not Freeze.objects.exists()
    assert "Imported: 3 added." in confirmed(client, page, text)
    assert {freeze.services.get() for freeze in Freeze.objects.all()} == {service}


def test_what_was_rejected_is_shown_with_line_and_reason() -> None:
    _, text = shown(signed_in("ada"), calendar(block(*WEEK), block(*WEEK[:1], uid="two")))
    assert "Line 11, “Sale”: it has no length" in text
    assert "1 to add" in text


def test_a_second_import_shows_what_changes_and_what_goes() -> None:
    client = signed_in("ada")
    confirmed(client, *shown(client, calendar(block(*WEEK), block(*WEEK, uid="two"))))
    again = calendar(block(*WEEK[:2], "RRULE:FREQ=DAILY"), block(*WEEK, "STATUS:CANCELLED", uid="two"))
    page, text = shown(client, again)
    assert "1 to change" in text
    assert "Before: Sale," in text
    assert "1 to remove" in text
    assert "Imported: 1 changed, 1 removed." in confirmed(client, page, text)


def test_where_nothing_changes_there_is_no_button() -> None:
    client = signed_in("ada")
    confirmed(client, *shown(client, event(*WEEK)))
    _, text = shown(client, event(*WEEK))
    assert "Nothing to do" in text
    assert "1 freeze already as in the file" in text
    assert ">Import</button>" not in text


def test_what_changed_meanwhile_is_shown_before_anything_is_stored() -> None:
    client = signed_in("ada")
    page, text = shown(client, event(*WEEK))
    start = people.NOW
    Freeze.objects.create(uid="one@bank", name="Sale", starts_at=start, ends_at=start + timedelta(days=1))
    after = confirmed(client, page, text)
    assert "have changed since you looked" in after
    assert "1 to change" in after
    assert Freeze.objects.get().recurrence == ""


def test_the_windows_that_it_hits_are_said() -> None:
    people.window(starts_at=people.NOW + timedelta(days=8, hours=-7))
    client = signed_in("ada")
    assert "1 booked window is now in conflict" in confirmed(client, *shown(client, event(*WEEK)))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"name\nYear end", "is not a calendar"),
        (b"", "The file is empty."),
        (calendar(), "without an event"),
    ],
)
def test_a_file_that_is_no_calendar_is_refused_on_the_page(content: bytes, reason: str) -> None:
    assert reason in sent(signed_in("ada"), content).content.decode()


def test_a_file_that_is_too_large_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_lines, "MOST_BYTES", 10)
    assert "larger than 5 MB" in sent(signed_in("ada"), event(*WEEK)).content.decode()


def test_a_file_is_chosen() -> None:
    response = signed_in("ada").post(address("maintenance_freeze_import"), {})
    assert "Choose a file." in response.content.decode()


def test_a_file_belongs_to_who_sent_it() -> None:
    page, text = shown(signed_in("ada"), event(*WEEK))
    assert "choose it again" in confirmed(signed_in("olga"), page, text)
    assert not Freeze.objects.exists()


def test_a_file_is_not_kept_once_it_is_imported() -> None:
    client = signed_in("ada")
    before = Session.objects.count()
    confirmed(client, *shown(client, event(*WEEK)))
    assert Session.objects.count() == before


def test_who_may_not_change_freezes_imports_none() -> None:
    for name in ("ben", "rita"):
        client = signed_in(name)
        assert client.get(address("maintenance_freeze_import")).status_code == 403
        assert "Import a calendar" not in words(client, address("maintenance_freeze_changelist"))
    assert "Import a calendar" in words(signed_in("ada"), address("maintenance_freeze_changelist"))


def test_the_reason_of_a_rejected_event_ends_with_one_full_stop() -> None:
    daily = event("DTSTART:20260310T020000", "DURATION:PT48H", "RRULE:FREQ=DAILY")
    _, page = shown(signed_in("ada"), daily)
    assert "it would overlap itself. Make it shorter, or let it repeat less often.</li>" in page


def test_an_event_of_another_century_is_rejected() -> None:
    _, page = shown(signed_in("ada"), event("DTSTART:20260310T020000", "DTEND:21260310T020000"))
    assert "It lasts 366 days at the most. Did you mistype a year?</li>" in page
