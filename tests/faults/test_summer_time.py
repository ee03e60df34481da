"""The night in which the clocks change falls into a run: nobody hears of it at night by their own clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from maintenance.models import NoticeKind
from notifications.models import State
from tests import people
from tests.faults import harness, scene
from tests.faults.bank import Bank
from tests.faults.conftest import Report
from tests.faults.harness import Texted

pytestmark = [pytest.mark.postgresql, pytest.mark.redis, pytest.mark.process]

CUSTOMERS = 300
_AWAKE = "Asia/Tokyo"  # where it is day meanwhile, and no clock changes
_LEAD = timedelta(seconds=12)
"""Before each of the three moments: long enough for a worker to start, too short to tell all _SLOWLY."""
_SLOWLY = 4.0
_BURST = timedelta(seconds=3)
"""What was handed over just before nine is written to disk by the provider one after the other. Were the
night not heeded, others would follow for longer than that: all of them need five times _SLOWLY."""


@pytest.mark.environment(LEASE_SECONDS="20")
@pytest.mark.parametrize(
    ("way", "zone", "evening", "change", "morning"),
    [
        ("back", "Europe/London", "2026-10-24T20:00Z", "2026-10-25T01:00Z", "2026-10-25T08:00Z"),
        ("forward", "America/New_York", "2027-03-14T02:00Z", "2027-03-14T07:00Z", "2027-03-14T12:00Z"),
    ],
)
def test_the_clocks_change_in_mid_run(
    bank: Bank, report: Report, way: str, zone: str, evening: str, change: str, morning: str
) -> None:
    """F20: they hear until nine by the old clock and from eight by the new one, and others meanwhile.

    The second notice is prepared in that night, and under way at the change itself.
    """
    nine, changed, eight = map(datetime.fromisoformat, (evening, change, morning))
    window = scene.window(booked_at=nine - timedelta(days=1))
    scene.customers(CUSTOMERS, time_zone=zone)
    first = people.notice(window, channels=["sms"], due_at=nine - _LEAD)
    bank.behave(delay=_SLOWLY)
    ahead = _ahead(nine)
    late = bank.at("late", ahead)
    bank.until(lambda: bank.count(State.SENT) + bank.count(State.QUEUED, not_before=eight) == CUSTOMERS)
    bank.kill(*late)
    told = harness.texted(bank.texts)
    assert 0 < len(told) < CUSTOMERS
    assert max(_moments(told, ahead)) < nine + _BURST

    scene.customers(CUSTOMERS, time_zone=_AWAKE, first=CUSTOMERS)
    second = people.notice(window, NoticeKind.REMINDER, channels=["sms"], due_at=changed - _LEAD)
    ahead = _ahead(changed)
    at_night = bank.at("night", ahead)
    bank.until(lambda: datetime.now(UTC) + ahead > changed)
    bank.behave()
    bank.until(lambda: bank.count(State.SENT, notice=second) == CUSTOMERS)
    bank.kill(*at_night)
    meanwhile = harness.texted(bank.texts)[len(told) :]
    assert sorted(text.to for text in meanwhile) == [scene.phone(CUSTOMERS + n) for n in range(CUSTOMERS)]
    assert min(_moments(meanwhile, ahead)) < changed < max(_moments(meanwhile, ahead))
    assert bank.count(State.QUEUED, notice=second, not_before=eight) == CUSTOMERS

    ahead = _ahead(eight)
    bank.at("early", ahead)
    bank.until(lambda: datetime.now(UTC) + ahead > eight)
    bank.strike()
    assert report(bank.whole(f"F20 the clocks go {way}", 3 * CUSTOMERS)).unknown == 0
    last = harness.texted(bank.texts)[len(told) + len(meanwhile) :]
    assert min(_moments(last, ahead)) >= eight
    assert bank.count(State.SENT, notice=first) == CUSTOMERS
    assert bank.count(State.SENT, notice=second) == 2 * CUSTOMERS


def _ahead(moment: datetime) -> timedelta:
    """Of the true time, that it be the lead before the moment now."""
    return moment - _LEAD - datetime.now(UTC)


def _moments(texts: Sequence[Texted], ahead: timedelta) -> list[datetime]:
    """When they were taken, by the clock of the worker that sent them."""
    return [datetime.fromtimestamp(text.at, UTC) + ahead for text in texts]
