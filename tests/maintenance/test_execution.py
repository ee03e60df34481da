"""The real start and the real end, as a person says them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from maintenance import execution
from maintenance.booking.windows import Refused
from maintenance.models import Change, Window
from tests.maintenance.usage import london
from tests.people import service, user, window

pytestmark = pytest.mark.django_db

START = london(date(2026, 3, 15), 2)
SOON_AFTER = START + timedelta(minutes=5)
STATES = set(Window.Status)


def _window(status: Window.Status) -> Window:
    return window(service(), starts_at=START, status=status)


def test_an_approved_window_starts_when_somebody_says_so() -> None:
    started = execution.start(_window(Window.Status.APPROVED), by=user("ada"), now=SOON_AFTER)
    kept = Window.objects.get(pk=started.pk)
    assert (kept.status, kept.started_at, kept.changed_at) == (Window.Status.STARTED, SOON_AFTER, SOON_AFTER)


def test_the_start_is_in_the_trail() -> None:
    change = execution.start(_window(Window.Status.APPROVED), by=user("ada"), now=SOON_AFTER).changes.last()
    assert change is not None
    assert (change.what, change.actor, change.at) == (Change.What.STARTED, user("ada"), SOON_AFTER)
    assert change.before == {"started_at": None, "status": "approved"}
    assert change.after == {"started_at": SOON_AFTER.isoformat(), "status": "started"}


@pytest.mark.parametrize("status", sorted(STATES - {Window.Status.APPROVED}))
def test_nothing_starts_but_an_approved_window(status: Window.Status) -> None:
    with pytest.raises(Refused):
        execution.start(_window(status), by=user("ada"), now=SOON_AFTER)


def test_nothing_starts_before_customers_were_told() -> None:
    with pytest.raises(Refused, match="told that it begins on Sunday 15 March 2026, 02:00"):
        execution.start(_window(Window.Status.APPROVED), by=user("ada"), now=START - timedelta(seconds=1))


def test_nothing_starts_when_it_should_be_over() -> None:
    with pytest.raises(Refused, match="should have been over"):
        execution.start(_window(Window.Status.APPROVED), by=user("ada"), now=START + timedelta(hours=2))


def _started() -> Window:
    return execution.start(_window(Window.Status.APPROVED), by=user("ada"), now=SOON_AFTER)


@pytest.mark.parametrize("hours", [1, 9], ids=["early", "late"])
def test_a_started_window_is_over_when_somebody_says_so(hours: int) -> None:
    over_at = START + timedelta(hours=hours)
    over = execution.finish(_started(), by=user("ada"), now=over_at)
    kept = Window.objects.get(pk=over.pk)
    assert (kept.status, kept.finished_at, kept.changed_at) == (Window.Status.FINISHED, over_at, over_at)


def test_the_end_is_in_the_trail() -> None:
    over_at = START + timedelta(hours=1)
    change = execution.finish(_started(), by=user("ada"), now=over_at).changes.last()
    assert change is not None
    assert (change.what, change.before, change.after) == (
        Change.What.FINISHED,
        {"finished_at": None, "status": "started"},
        {"finished_at": over_at.isoformat(), "status": "finished"},
    )


@pytest.mark.parametrize("status", sorted(STATES - {Window.Status.STARTED}))
def test_nothing_is_over_but_what_was_started(status: Window.Status) -> None:
    with pytest.raises(Refused):
        execution.finish(_window(status), by=user("ada"), now=START + timedelta(hours=1))


def test_it_is_over_once() -> None:
    started = _started()
    execution.finish(started, by=user("ada"), now=START + timedelta(hours=1))
    with pytest.raises(Refused, match="It is over"):
        execution.finish(started, by=user("ada"), now=START + timedelta(hours=2))
