"""An import of freezes: what it adds, changes and removes, and that it can be done again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError

from maintenance.imports import freezes
from maintenance.imports.freezes import ImportPlan
from maintenance.imports.ics import calendar_file
from maintenance.models import Freeze, Service
from tests import people
from tests.maintenance.imports.ics.calendars import GOOGLE, NOW, block, calendar, event, read, written

pytestmark = pytest.mark.django_db

WEEK = ("DTSTART:20260310T020000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=9")
MOVED = block("RECURRENCE-ID:20260317T020000", "DTSTART:20260317T050000", "DURATION:PT1H")


def imported(content: bytes, *services: Service) -> ImportPlan:
    """What an import came to, which has been stored."""
    planned = freezes.import_plan(read(content).events, services, now=NOW)
    freezes.carry_out(planned, services)
    return planned


def counts(planned: ImportPlan) -> tuple[int, int, int, int]:
    """Added, changed, removed, the same."""
    return len(planned.added), len(planned.changed), len(planned.removed), planned.same


def test_an_import_adds_what_the_file_has() -> None:
    service = people.service()
    assert counts(imported(written(GOOGLE), service)) == (3, 0, 0, 0)
    assert {freeze.services.get() for freeze in Freeze.objects.all()} == {service}
    assert set(Freeze.objects.values_list("name", flat=True)) == {
        "Salary files",
        "Salary files, later",
        "Year end",
    }


def test_a_second_import_changes_nothing() -> None:
    imported(written(GOOGLE))
    planned = imported(written(GOOGLE))
    assert (counts(planned), bool(planned), Freeze.objects.count()) == ((0, 0, 0, 3), False, 3)


def test_what_has_changed_in_the_file_is_changed() -> None:
    imported(event(*WEEK))
    assert counts(imported(event(*WEEK[:2], "RRULE:FREQ=DAILY;COUNT=9"))) == (0, 1, 0, 0)
    assert Freeze.objects.get().recurrence == "FREQ=DAILY;COUNT=9"


def test_other_services_are_a_change() -> None:
    imported(event(*WEEK))
    service = people.service()
    assert counts(imported(event(*WEEK), service)) == (0, 1, 0, 0)
    assert Freeze.objects.get().services.get() == service


def test_a_time_that_is_no_longer_moved_goes_back_to_its_repeat() -> None:
    imported(calendar(block(*WEEK), MOVED))
    assert counts(imported(event(*WEEK))) == (0, 1, 1, 0)
    assert Freeze.objects.get().recurrence == "FREQ=WEEKLY;COUNT=9"


def test_what_is_cancelled_goes_with_all_that_stood_apart_from_it() -> None:
    imported(calendar(block(*WEEK), MOVED))
    assert counts(imported(event(*WEEK, "STATUS:CANCELLED"))) == (0, 0, 2, 0)
    assert not Freeze.objects.exists()


def test_what_was_never_imported_cannot_be_cancelled() -> None:
    assert not imported(event(*WEEK, "STATUS:CANCELLED"))


def test_what_the_file_does_not_speak_of_stays() -> None:
    by_hand = Freeze.objects.create(name="By hand", starts_at=NOW, ends_at=NOW + timedelta(days=1))
    imported(calendar(block(*WEEK), block(*WEEK, uid="one@bank#2")))
    imported(event(*WEEK, "STATUS:CANCELLED"))
    assert set(Freeze.objects.values_list("uid", flat=True)) == {by_hand.uid, "one@bank#2"}


def test_a_single_time_does_not_remove_its_repeat() -> None:
    imported(event(*WEEK))
    assert counts(imported(calendar(MOVED))) == (1, 0, 0, 0)
    assert Freeze.objects.count() == 2


def test_a_rejected_event_leaves_what_was_imported_before() -> None:
    imported(event(*WEEK))
    assert not imported(event(*WEEK[:2], "RRULE:FREQ=HOURLY"))
    assert Freeze.objects.exists()


def test_what_is_over_is_left_out_but_corrected_if_it_is_there() -> None:
    past = event("DTSTART:20260210T020000", "DURATION:PT1H")
    planned = imported(past)
    assert (bool(planned), planned.over) == (False, 1)
    imported(event(*WEEK))
    assert counts(imported(past)) == (0, 1, 0, 0)


def test_single_times_that_have_passed_are_not_removed_by_the_next_import() -> None:
    abroad = event("DTSTART;TZID=Asia/Riyadh:20260318T020000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=3")
    assert counts(imported(abroad)) == (3, 0, 0, 0)
    later = NOW + timedelta(days=20)
    planned = freezes.import_plan(
        calendar_file.parsed_calendar(abroad, "freezes.ics", now=later).events, [], now=later
    )
    assert counts(planned) == (0, 0, 0, 2)


def test_an_import_is_stored_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    planned = freezes.import_plan(read(written(GOOGLE)).events, [], now=NOW)
    imported(event(*WEEK, uid="yearend@google.com"))
    with pytest.raises(IntegrityError):
        freezes.carry_out(planned, [])
    assert Freeze.objects.count() == 1


def test_a_plan_is_known_again_by_its_fingerprint() -> None:
    first, again = (freezes.import_plan(read(written(GOOGLE)).events, [], now=NOW) for _ in range(2))
    imported(event(*WEEK))
    other = freezes.import_plan(read(event(*WEEK, "STATUS:CANCELLED")).events, [], now=NOW)
    assert first.fingerprint == again.fingerprint != other.fingerprint
