"""Two approvals by somebody else, for one revision of a window."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from maintenance.booking import approvals, windows
from maintenance.booking.approvals import NotAllowed
from maintenance.models import Approval, Change, RuleSetting, Window
from maintenance.proposals import Emergency, Proposal
from tests.maintenance.rules.asking import freeze
from tests.maintenance.usage import london
from tests.people import proposal, service, user, window

pytestmark = pytest.mark.django_db

CHANGE, TEXT = Approval.Subject.CHANGE, Approval.Subject.TEXT
START = london(date(2026, 3, 15), 2)
NEXT_DAY = Proposal(START + timedelta(days=1), START + timedelta(days=2))


def _booked() -> Window:
    return window(service(), starts_at=START)


def _approve(
    booked: Window, subject: Approval.Subject, now: datetime, *, by: str = "ben", revision: int = 1
) -> Approval:
    return approvals.approve(booked, subject, revision=revision, by=user(by), now=now)


def _reject(booked: Window, now: datetime, *, by: str = "ben", reason: str = "Too early") -> Approval:
    return approvals.reject(booked, CHANGE, revision=1, reason=reason, by=user(by), now=now)


def _status(booked: Window) -> str:
    return Window.objects.get(pk=booked.pk).status


@pytest.mark.parametrize("subject", Approval.Subject)
def test_one_approval_is_not_enough(now: datetime, subject: Approval.Subject) -> None:
    booked = _booked()
    _approve(booked, subject, now)
    assert _status(booked) == Window.Status.BOOKED


def test_both_approvals_approve_the_window(now: datetime) -> None:
    booked, later = _booked(), now + timedelta(hours=1)
    _approve(booked, TEXT, now)
    _approve(booked, CHANGE, later, by="bea")
    kept = Window.objects.get(pk=booked.pk)
    assert (kept.status, kept.changed_at) == (Window.Status.APPROVED, later)


def test_each_approval_is_in_the_trail(now: datetime) -> None:
    booked = _booked()
    _approve(booked, CHANGE, now)
    _approve(booked, TEXT, now, by="bea")
    assert list(booked.changes.values_list("what", "actor__username", "before", "after"))[1:] == [
        (Change.What.CHANGE_APPROVED, "ben", {}, {}),
        (Change.What.TEXT_APPROVED, "bea", {"status": "booked"}, {"status": "approved"}),
    ]


def test_an_approval_says_who_decided_about_whose_booking(now: datetime) -> None:
    given = _approve(_booked(), CHANGE, now)
    assert (given.approver, given.booker, given.revision, given.decided_at) == (
        user("ben"),
        user("ada"),
        1,
        now,
    )


def test_who_booked_cannot_approve(now: datetime) -> None:
    booked = window(service(), starts_at=START, booker="ben")
    with pytest.raises(NotAllowed, match="four eyes"):
        _approve(booked, CHANGE, now)


def test_who_moved_it_cannot_approve(now: datetime) -> None:
    moved = windows.reschedule(_booked(), NEXT_DAY, reason="Late", by=user("ben"), now=now)
    with pytest.raises(NotAllowed, match="four eyes"):
        _approve(moved, CHANGE, now, revision=2)


@pytest.mark.parametrize("name", ["ada", "cleo"])
def test_without_the_permission_nobody_approves(now: datetime, name: str) -> None:
    booked = window(service(), starts_at=START, booker="ben")
    with pytest.raises(NotAllowed, match=f"{name} may not approve windows"):
        _approve(booked, CHANGE, now, by=name)


def test_an_approval_of_what_was_moved_meanwhile_is_refused(now: datetime) -> None:
    booked = _booked()
    windows.reschedule(booked, NEXT_DAY, reason="Late", by=user("ada"), now=now)
    with pytest.raises(NotAllowed, match="moved meanwhile: look again"):
        _approve(booked, CHANGE, now)
    assert not Approval.objects.exists()


def test_nothing_is_approved_twice(now: datetime) -> None:
    booked = _booked()
    _approve(booked, TEXT, now)
    with pytest.raises(NotAllowed, match="The customers' text is approved already"):
        _approve(booked, TEXT, now, by="bea")


@pytest.mark.parametrize("status", sorted(set(Window.Status) - {Window.Status.BOOKED}))
def test_only_a_booked_window_is_decided_about(now: datetime, status: Window.Status) -> None:
    with pytest.raises(NotAllowed, match="nothing to decide"):
        _approve(window(service(), starts_at=START, status=status), CHANGE, now)


def test_an_approval_that_comes_too_late_for_the_notice_is_refused(now: datetime) -> None:
    last = london(date(2026, 3, 9), 20, 59)  # five days before are at night, when nobody can be told
    booked = _booked()
    _approve(booked, CHANGE, last)
    with pytest.raises(NotAllowed, match="had to be booked and approved by Monday 9 March 2026, 20:59"):
        _approve(booked, TEXT, last + timedelta(seconds=1))


def test_an_emergency_may_be_approved_late_and_its_change_only_by_whom_it_names(now: datetime) -> None:
    soon = now + timedelta(hours=4)
    emergency = Emergency("It expires tonight", user("ben"))
    urgent = proposal(starts_at=soon, length=timedelta(hours=1), emergency=emergency)
    booked = windows.book_window(urgent, by=user("ada"), now=now)
    with pytest.raises(NotAllowed, match="an emergency for which ben answers"):
        _approve(booked, CHANGE, now, by="bea")
    _approve(booked, CHANGE, now)
    _approve(booked, TEXT, now, by="bea")
    assert _status(booked) == Window.Status.APPROVED


def test_a_change_is_not_approved_while_something_hard_has_come_to_stand_against_it(now: datetime) -> None:
    booked = _booked()
    freeze()
    with pytest.raises(NotAllowed, match=r"The freeze “Election” holds .* It must be moved"):
        _approve(booked, CHANGE, now)
    assert not Approval.objects.exists()


def test_the_text_does_not_wait_for_it(now: datetime) -> None:
    booked = _booked()
    freeze()
    assert _approve(booked, TEXT, now).approved


def test_what_is_soft_does_not_keep_the_change_from_being_approved(now: datetime) -> None:
    booked = _booked()
    freeze()
    RuleSetting.objects.create(rule="freeze", weight="soft")
    assert _approve(booked, CHANGE, now).approved


def test_what_was_passed_over_does_not_keep_the_change_from_being_approved(now: datetime) -> None:
    freeze()
    urgent = proposal(starts_at=START, emergency=Emergency("It expires", user("ben")))
    booked = windows.book_window(urgent, by=user("ada"), now=now)
    assert _approve(booked, CHANGE, now).approved


def test_an_emergency_waits_for_what_came_to_stand_against_it_since(now: datetime) -> None:
    urgent = proposal(starts_at=START, emergency=Emergency("It expires", user("ben")))
    booked = windows.book_window(urgent, by=user("ada"), now=now)
    freeze()
    with pytest.raises(NotAllowed, match="Election"):
        _approve(booked, CHANGE, now)


def test_a_notice_that_the_bank_has_made_soft_does_not_bind_the_approver(now: datetime) -> None:
    booked = _booked()
    RuleSetting.objects.create(rule="notice", weight="soft")
    assert _approve(booked, CHANGE, START - timedelta(days=1)).approved


def test_an_emergency_whose_time_has_passed_is_not_approved(now: datetime) -> None:
    soon = now + timedelta(hours=4)
    emergency = Emergency("It expires tonight", user("ben"))
    urgent = proposal(starts_at=soon, length=timedelta(hours=1), emergency=emergency)
    booked = windows.book_window(urgent, by=user("ada"), now=now)
    with pytest.raises(NotAllowed, match="Its time has passed"):
        _approve(booked, CHANGE, soon + timedelta(hours=1))


def test_one_rejection_rejects_the_window(now: datetime) -> None:
    booked = _booked()
    _approve(booked, TEXT, now)
    assert (_reject(booked, now).approved, _status(booked)) == (False, Window.Status.REJECTED)


def test_a_rejection_is_in_the_trail_with_its_reason(now: datetime) -> None:
    booked = _booked()
    _reject(booked, now)
    change = booked.changes.last()
    assert change is not None
    assert (change.what, change.reason) == (Change.What.REJECTED, "Too early")
    assert (change.before, change.after) == (
        {"status": "booked"},
        {"status": "rejected", "rejected": "change"},
    )


def test_a_rejection_is_never_too_late(now: datetime) -> None:
    booked = _booked()
    _reject(booked, START)
    assert _status(booked) == Window.Status.REJECTED


@pytest.mark.parametrize("reason", [" ", "x" * 201])
def test_a_rejection_needs_a_reason_that_fits(now: datetime, reason: str) -> None:
    with pytest.raises(NotAllowed, match="why it is rejected"):
        _reject(_booked(), now, reason=reason)


def test_who_booked_cannot_reject(now: datetime) -> None:
    with pytest.raises(NotAllowed, match="four eyes"):
        _reject(window(service(), starts_at=START, booker="ben"), now)


def test_a_moved_window_can_be_approved_again(now: datetime) -> None:
    booked = _booked()
    _approve(booked, CHANGE, now)
    moved = windows.reschedule(booked, NEXT_DAY, reason="Late", by=user("ada"), now=now)
    for subject in Approval.Subject:
        _approve(moved, subject, now, revision=2)
    assert _status(moved) == Window.Status.APPROVED


# --- the database's own word, whatever wrote the row ---


def _row(booked: Window, now: datetime) -> Approval:
    return Approval(
        window=booked,
        subject=CHANGE,
        revision=1,
        booker=user("ada"),
        approver=user("ben"),
        approved=True,
        decided_at=now,
    )


def test_the_database_itself_refuses_an_approval_by_the_booker(now: datetime) -> None:
    row = _row(_booked(), now)
    row.approver = user("ada")
    with pytest.raises(IntegrityError, match="approval_four_eyes"), transaction.atomic():
        row.save()


def test_the_database_itself_refuses_a_second_decision(now: datetime) -> None:
    booked = _booked()
    _row(booked, now).save()
    second = _row(booked, now)
    second.approver = user("bea")
    with pytest.raises(IntegrityError), transaction.atomic():
        second.save()


def test_the_database_itself_refuses_a_rejection_without_a_reason(now: datetime) -> None:
    row = _row(_booked(), now)
    row.approved = False
    with pytest.raises(IntegrityError, match="approval_no_has_reason"), transaction.atomic():
        row.save()
