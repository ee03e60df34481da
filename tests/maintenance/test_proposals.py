"""What somebody proposes, before it is booked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from maintenance.models import Window
from maintenance.proposals import Emergency, Proposal
from tests.people import proposal, service, user, window

pytestmark = pytest.mark.django_db


def _kept() -> Window:
    booked = window(service())
    booked.exemption = "security"
    booked.staff.set([user("bea")])
    return booked


def _moved(of: Window, **changed: Any) -> Proposal:
    later = timedelta(days=1)
    return Proposal(of.starts_at + later, of.ends_at + later, **changed).keeping(of)


def test_a_move_keeps_what_it_leaves_open() -> None:
    moved = _moved(_kept())
    assert (moved.services, moved.staff, moved.exemption) == ((service(),), (user("bea"),), "security")


def test_a_move_may_leave_nobody_and_no_exemption() -> None:
    moved = _moved(_kept(), staff=[], exemption="")
    assert (list(moved.staff or ()), moved.exemption) == ([], "")


def test_a_move_takes_its_time_from_itself() -> None:
    booked = _kept()
    moved = _moved(booked)
    assert (moved.starts_at - booked.starts_at, moved.ends_at - booked.ends_at) == (timedelta(days=1),) * 2


@pytest.mark.parametrize("changed", [{"levels": {"online-banking": "degraded"}}, {"purpose": "Another"}])
def test_a_move_does_not_change_what_a_window_keeps(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="keeps its services, their levels and its purpose"):
        _moved(_kept(), **changed)


def test_a_service_named_twice_is_proposed_once() -> None:
    assert proposal(service(), service("cards"), service()).of_each_once().services == (
        service(),
        service("cards"),
    )


def test_without_an_emergency_none_is_kept_of_an_earlier_one() -> None:
    columns = proposal().columns()
    assert (columns["emergency_reason"], columns["emergency_approver"]) == ("", None)


def test_an_emergency_is_kept_without_the_spaces_around_its_reason() -> None:
    emergency = Emergency(" It expires ", user("ben"))
    assert proposal(emergency=emergency).columns()["emergency_reason"] == "It expires"
