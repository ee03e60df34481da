"""What a move overwrites, which its line alone keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from maintenance import policies
from maintenance.audit import wording
from maintenance.booking import windows
from maintenance.models import Change, Window
from maintenance.proposals import Numbers, Proposal
from tests import people

pytestmark = pytest.mark.django_db

START = datetime.fromisoformat("2026-03-20T01:00+00:00")
END = START + timedelta(hours=2)
EXPECTED = Numbers(load=900.0, low=800.0, high=1_000.0, customers=1_204, vulnerable=12)


@pytest.fixture
def moved() -> Window:
    """By a day, to where more customers are hit."""
    policies.policy_of()
    proposal = people.proposal(
        people.service("cards"), starts_at=START, purpose="Card payments", numbers=EXPECTED
    )
    booked = windows.book_window(proposal, by=people.user("ada"), now=people.NOW)
    return windows.reschedule(
        booked,
        Proposal(
            START + timedelta(days=1),
            END + timedelta(days=1),
            numbers=replace(EXPECTED, load=950.0, low=850.0, high=1_100.0, customers=1_310, vulnerable=14),
        ),
        reason="The vendor is late",
        by=people.user("ada"),
        now=people.NOW + timedelta(hours=1),
    )


def test_the_range_and_the_customers_that_a_move_overwrites_are_kept(moved: Window) -> None:
    change = moved.changes.get(what=Change.What.RESCHEDULED)
    told = (
        "starts_at",
        "ends_at",
        "expected_low",
        "expected_high",
        "expected_customers",
        "expected_vulnerable",
    )
    assert [change.before[name] for name in told] == [
        START.isoformat(),
        END.isoformat(),
        800.0,
        1_000.0,
        1_204,
        12,
    ]
    assert [change.after[name] for name in told][2:] == [850.0, 1_100.0, 1_310, 14]


def test_the_services_and_what_happens_to_them_are_in_the_line_of_a_move(moved: Window) -> None:
    change = moved.changes.get(what=Change.What.RESCHEDULED)
    assert change.before["services"] == change.after["services"] == {"cards": "outage"}


def test_a_move_reads_in_one_sentence(moved: Window) -> None:
    line = wording.line_of_change(moved.changes.get(what=Change.What.RESCHEDULED), "Cards")
    assert line.sentence == "Ada moved Cards"
    assert line.details.replace("\N{WORD JOINER}", "").replace("\N{NO-BREAK SPACE}", " ") == (
        "time: Fri 20 Mar 2026, 01:00 – 03:00 GMT → Sat 21 Mar 2026, 01:00 – 03:00 GMT; "
        "expected traffic: 900 (800 to 1,000) → 950 (850 to 1,100); "
        "customers: 1,204 → 1,310; vulnerable: 12 → 14"
    )
    assert line.reason == "The vendor is late"


def test_a_move_that_hits_as_many_says_how_many(moved: Window) -> None:
    again = windows.reschedule(
        moved,
        Proposal(START, END, numbers=replace(EXPECTED, customers=1_310, vulnerable=14)),
        reason="The vendor is on time",
        by=people.user("ada"),
        now=people.NOW + timedelta(hours=2),
    )
    latest = again.changes.last()
    assert latest
    assert ("customers", "", "1,310, as before") in wording.line_of_change(latest).differences


def test_services_are_read_by_their_names(moved: Window) -> None:
    service = moved.services.get()
    line = wording.line_of_change(moved.changes.get(what=Change.What.BOOKED))
    assert service.name != service.key
    assert f"services: {service.name}: Not available" in line.details
