"""Windows booked, moved and cancelled, and what stands in the log of it."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from maintenance.booking import approvals, rechecks, windows
from maintenance.booking.validation import Refused
from maintenance.models import (
    Approval,
    Change,
    Conflict,
    Freeze,
    Impact,
    NoticePolicy,
    RuleSetting,
    Window,
)
from maintenance.proposals import Emergency, Numbers, Proposal
from tests.maintenance.rules.asking import freeze
from tests.maintenance.usage import london
from tests.people import service, user
from tests.people import window as written

pytestmark = pytest.mark.django_db

START = london(date(2026, 3, 15), 2)
END = START + timedelta(hours=2)
LATER = timedelta(days=7)
A_WEEK_LATER = Proposal(START + LATER, END + LATER)


def _book(now: datetime, **changed: Any) -> Window:
    asked = {"starts_at": START, "ends_at": END, "services": [service()], "purpose": "Database upgrade"}
    return windows.book_window(Proposal(**{**asked, **changed}), by=user("ada"), now=now)


def _approved(now: datetime, **changed: Any) -> Window:
    booked = _book(now, **changed)
    for subject in Approval.Subject:
        approvals.approve(booked, subject, revision=1, by=user("ben"), now=now)
    booked.refresh_from_db()
    return booked


def _refusal(now: datetime, **changed: Any) -> list[str]:
    with pytest.raises(Refused) as refused:
        _book(now, **changed)
    assert not Window.objects.filter(
        purpose=changed.get("purpose", "Database upgrade"), booked_at=now
    ).exists()
    return [objection.rule for objection in refused.value.objections]


# --- booking ---


def test_a_booked_window_waits_for_its_approvals(now: datetime) -> None:
    booked = Window.objects.get(pk=_book(now, numbers=Numbers(12.5, 10, 15, 7, 2)).pk)
    assert (booked.status, booked.revision, booked.sequence) == (Window.Status.BOOKED, 1, 0)
    assert (booked.starts_at, booked.ends_at, booked.booker, booked.booked_at) == (
        START,
        END,
        user("ada"),
        now,
    )
    assert (booked.expected_load, booked.is_emergency, booked.changed_at) == (12.5, False, now)


def test_a_window_says_what_happens_to_each_service(now: datetime) -> None:
    booked = _book(now, services=[service(), service("cards")], levels={"cards": "degraded"})
    assert set(booked.impacts.values_list("service__key", "level")) == {
        ("online-banking", Impact.Level.OUTAGE),
        ("cards", Impact.Level.DEGRADED),
    }


def test_a_service_named_twice_is_in_it_once(now: datetime) -> None:
    assert _book(now, services=[service(), service()]).impacts.count() == 1


def test_the_booking_is_in_the_trail(now: datetime) -> None:
    change = _book(now).changes.get()
    assert (change.what, change.actor, change.at, change.revision) == (
        Change.What.BOOKED,
        user("ada"),
        now,
        1,
    )
    assert change.before == {}
    assert change.after == {
        "purpose": "Database upgrade",
        "services": {"online-banking": "outage"},
        "starts_at": START.isoformat(),
        "ends_at": END.isoformat(),
        "status": "booked",
        "sequence": 0,
        "revision": 1,
        "booker": "ada",
        "short_notice": False,
        "emergency_reason": "",
        "exemption": "",
    }


def test_what_stands_against_it_refuses_it_all_at_once(now: datetime) -> None:
    Freeze.objects.create(name="Election", starts_at=START, ends_at=END)
    written(service(), starts_at=START)
    assert sorted(_refusal(now, purpose=" ", levels={"cards": "outage"})) == [
        "freeze",
        "level",
        "overlap",
        "purpose",
    ]


def test_a_refusal_says_all_its_words(now: datetime) -> None:
    with pytest.raises(Refused, match=r"A window must end after it starts\. Give the purpose\."):
        _book(now, ends_at=START, purpose="")


def test_a_level_that_does_not_exist_is_refused(now: datetime) -> None:
    assert _refusal(now, levels={"online-banking": "gone"}) == ["level"]


def test_a_purpose_that_does_not_fit_is_refused(now: datetime) -> None:
    assert _refusal(now, purpose="x" * 201) == ["purpose"]


def test_a_time_inside_the_least_notice_is_refused(now: datetime) -> None:
    soon = now + timedelta(days=4)
    assert _refusal(now, starts_at=soon, ends_at=soon + timedelta(hours=1)) == ["notice"]


def test_an_emergency_is_booked_inside_the_notice_with_its_reason_and_approver(now: datetime) -> None:
    soon = now + timedelta(hours=4)
    emergency = Emergency("A certificate expires tonight", user("ben"))
    booked = _book(now, starts_at=soon, ends_at=soon + timedelta(hours=1), emergency=emergency)
    assert (booked.is_emergency, booked.emergency_approver) == (True, user("ben"))
    assert booked.changes.get().reason == "A certificate expires tonight"


def test_an_emergency_lifts_all_that_is_hard_and_keeps_what_it_was(now: datetime) -> None:
    soon = now + timedelta(hours=4)
    Freeze.objects.create(name="Election", starts_at=now, ends_at=END)
    emergency = Emergency("A certificate expires tonight", user("ben"))
    booked = _book(now, starts_at=soon, ends_at=soon + timedelta(hours=1), emergency=emergency)
    assert sorted(booked.overrides.values_list("rule", "reason", "hard", "revision")) == [
        ("freeze", "A certificate expires tonight", True, 1),
        ("notice", "A certificate expires tonight", True, 1),
    ]


def test_an_emergency_does_not_lift_the_past(now: datetime) -> None:
    emergency = Emergency("A certificate expired", user("ben"))
    gone = now - timedelta(hours=1)
    assert _refusal(now, starts_at=gone, ends_at=now, emergency=emergency) == ["past"]


@pytest.mark.parametrize(
    ("reason", "approver", "rule"),
    [(" ", "ben", "emergency's reason"), ("Fire", "ada", "emergency"), ("Fire", "cleo", "emergency")],
)
def test_an_emergency_needs_a_reason_and_somebody_else_who_may_approve(
    now: datetime, reason: str, approver: str, rule: str
) -> None:
    assert _refusal(now, emergency=Emergency(reason, user(approver))) == [rule]


# --- what stands against it, passed over ---


def _soft(*rules: str) -> None:
    RuleSetting.objects.bulk_create(RuleSetting(rule=rule, weight="soft") for rule in rules)


def test_what_is_soft_is_passed_with_a_reason(now: datetime) -> None:
    freeze()
    _soft("freeze")
    booked = _book(now, overrides={"freeze": " The office agreed "})
    override = booked.overrides.get()
    assert (override.rule, override.reason, override.hard, override.by, override.at, override.revision) == (
        "freeze",
        "The office agreed",
        False,
        user("ada"),
        now,
        1,
    )
    assert override.words == "The freeze “Election” holds from Sunday 15 March 2026, 02:00 to 04:00."


@pytest.mark.parametrize("overrides", [{}, {"freeze": "  "}, {"overlap": "The wrong one"}])
def test_what_is_soft_is_refused_without_its_reason(now: datetime, overrides: dict[str, str]) -> None:
    freeze()
    _soft("freeze")
    assert _refusal(now, overrides=overrides) == ["freeze"]


def test_each_soft_rule_needs_a_reason_of_its_own(now: datetime) -> None:
    freeze()
    written(service(), starts_at=START)
    _soft("freeze", "overlap")
    assert _refusal(now, purpose="Another", overrides={"freeze": "Agreed"}) == ["overlap"]


def test_one_reason_passes_all_that_one_rule_found(now: datetime) -> None:
    freeze()
    freeze(service())
    _soft("freeze")
    assert _book(now, overrides={"freeze": "The office agreed"}).overrides.count() == 2


def test_a_reason_does_not_pass_what_is_hard(now: datetime) -> None:
    freeze()
    assert _refusal(now, overrides={"freeze": "The office agreed"}) == ["freeze"]


def test_an_emergency_does_not_pass_what_is_soft(now: datetime) -> None:
    freeze()
    _soft("freeze")
    assert _refusal(now, emergency=Emergency("Fire", user("ben"))) == ["freeze"]


def test_a_reason_that_does_not_fit_is_refused(now: datetime) -> None:
    freeze()
    freeze(service())
    _soft("freeze")
    assert _refusal(now, overrides={"freeze": "x" * 201}) == ["reason"]


def test_reasons_for_what_does_not_stand_against_it_are_not_kept(now: datetime) -> None:
    assert not _book(now, overrides={"freeze": "The office agreed"}).overrides.exists()


def test_what_was_passed_over_stands_in_the_trail(now: datetime) -> None:
    freeze()
    service("cards").depends_on.add(service())
    other = written(service("cards"), starts_at=START)
    _soft("dependency")
    booked = _book(
        now, overrides={"dependency": "Both at once"}, emergency=Emergency("It cannot wait", user("ben"))
    )
    assert booked.changes.get().after["overridden"] == [
        {
            "rule": "freeze",
            "words": "The freeze “Election” holds from Sunday 15 March 2026, 02:00 to 04:00.",
            "reason": "It cannot wait",
            "hard": True,
        },
        {
            "rule": "dependency",
            "words": f"Cards, which has window {other.pk}, Sunday 15 March 2026, 02:00 to 04:00, "
            "depends on Online banking.",
            "reason": "Both at once",
            "hard": False,
        },
    ]


def test_what_is_passed_over_in_a_move_is_kept_for_the_new_revision(now: datetime) -> None:
    booked = _book(now)
    freeze(ends_at=END + LATER)
    _soft("freeze")
    moved = windows.reschedule(
        booked,
        Proposal(START + LATER, END + LATER, overrides={"freeze": "The office agreed"}),
        reason="Later",
        by=user("ada"),
        now=now,
    )
    assert moved.overrides.get().revision == 2
    change = moved.changes.last()
    assert change is not None
    assert [each["reason"] for each in change.after["overridden"]] == ["The office agreed"]


def test_a_refusal_says_what_can_be_done_about_what_is_hard(now: datetime) -> None:
    freeze()
    with pytest.raises(Refused, match="Choose another time, or book it as an emergency with a reason and a"):
        _book(now)


def test_a_refusal_says_what_can_be_done_about_what_is_soft(now: datetime) -> None:
    freeze()
    _soft("freeze")
    with pytest.raises(Refused, match=r"Choose another time, or give a reason to pass over: freeze\."):
        _book(now)


# --- staff, exemption and numbers ---


def test_who_does_the_work_and_what_was_expected_is_kept(now: datetime) -> None:
    numbers = Numbers(12.5, 10, 15, customers=7, vulnerable=2)
    booked = Window.objects.get(
        pk=_book(now, numbers=numbers, staff=[user("ada"), user("bea")], exemption="security").pk
    )
    assert set(booked.staff.all()) == {user("ada"), user("bea")}
    assert (booked.expected_low, booked.expected_high, booked.exemption) == (10, 15, "security")
    assert (booked.expected_customers, booked.expected_vulnerable) == (7, 2)
    after = booked.changes.get().after
    assert (after["staff"], after["exemption"]) == (["ada", "bea"], "security")


def test_an_exemption_that_does_not_exist_is_refused(now: datetime) -> None:
    assert _refusal(now, exemption="lazy") == ["exemption"]


def test_staff_and_exemption_stay_with_a_window_that_is_moved(now: datetime) -> None:
    booked = _book(now, staff=[user("bea")], exemption="security")
    moved = windows.reschedule(booked, A_WEEK_LATER, reason="Late", by=user("ada"), now=now)
    assert (list(moved.staff.all()), moved.exemption) == ([user("bea")], "security")


def test_staff_and_exemption_may_change_with_a_move(now: datetime) -> None:
    booked = _book(now, staff=[user("bea")], exemption="security")
    moved = windows.reschedule(
        booked,
        Proposal(START + LATER, END + LATER, staff=[user("ada")], exemption=""),
        reason="Late",
        by=user("ada"),
        now=now,
    )
    assert (list(moved.staff.all()), moved.exemption) == ([user("ada")], "")


# --- moving ---


def test_a_moved_window_needs_its_approvals_anew(now: datetime) -> None:
    moved = windows.reschedule(_approved(now), A_WEEK_LATER, reason="Parts are late", by=user("bea"), now=now)
    kept = Window.objects.get(pk=moved.pk)
    assert (kept.starts_at, kept.ends_at, kept.status) == (START + LATER, END + LATER, Window.Status.BOOKED)
    assert (kept.revision, kept.sequence, kept.booker) == (2, 1, user("bea"))
    assert not kept.approvals.filter(revision=2).exists()


def test_the_move_is_in_the_trail_with_both_times(now: datetime) -> None:
    booked, moment = _book(now), now + timedelta(hours=1)
    longer = Proposal(START, END + timedelta(hours=1))
    moved = windows.reschedule(booked, longer, reason="It takes longer", by=user("ada"), now=moment)
    change = moved.changes.last()
    assert change is not None
    assert (change.what, change.reason, change.at, change.revision) == (
        Change.What.RESCHEDULED,
        "It takes longer",
        moment,
        2,
    )
    assert change.before == {
        "starts_at": START.isoformat(),
        "ends_at": END.isoformat(),
        "short_notice": False,
        "sequence": 0,
        "revision": 1,
        "services": {"online-banking": "outage"},
    }
    assert change.after["ends_at"] == (END + timedelta(hours=1)).isoformat()
    assert moved.changed_at == moment


def test_the_traffic_promised_for_the_old_time_is_not_kept_for_the_new_one(now: datetime) -> None:
    booked = _book(now, numbers=Numbers(12.5, 10, 15, 7, 2))
    moved = windows.reschedule(booked, A_WEEK_LATER, reason="Late", by=user("ada"), now=now)
    assert moved.expected_load is None


def test_a_move_is_refused_by_what_stands_against_the_new_time(now: datetime) -> None:
    booked = _book(now)
    Freeze.objects.create(name="Election", starts_at=START + LATER, ends_at=END + LATER)
    with pytest.raises(Refused) as refused:
        windows.reschedule(booked, A_WEEK_LATER, reason="", by=user("ada"), now=now)
    assert [objection.rule for objection in refused.value.objections] == ["freeze", "reason"]
    assert Window.objects.get(pk=booked.pk).revision == 1


def test_a_window_may_move_over_its_own_old_time(now: datetime) -> None:
    hour = timedelta(hours=1)
    moved = windows.reschedule(
        _book(now), Proposal(START + hour, END + hour), reason="Late", by=user("ada"), now=now
    )
    assert moved.starts_at == START + hour


def test_a_move_to_where_it_is_is_refused(now: datetime) -> None:
    with pytest.raises(Refused, match="planned for this time already"):
        windows.reschedule(_book(now), Proposal(START, END), reason="None", by=user("ada"), now=now)


def test_a_window_with_a_conflict_may_be_put_forward_as_it_is_to_pass_it_over(now: datetime) -> None:
    booked = _approved(now)
    freeze()
    _soft("freeze")
    rechecks.recheck_windows(now)
    again = windows.reschedule(
        booked,
        Proposal(START, END, overrides={"freeze": "The office agreed"}),
        reason="Agreed",
        by=user("ada"),
        now=now,
    )
    rechecks.recheck_windows(now)
    assert (again.status, again.revision) == (Window.Status.BOOKED, 2)
    assert not rechecks.open_conflicts().exists()


def test_a_rejected_window_may_be_put_forward_again_as_it_is(now: datetime) -> None:
    booked = _book(now)
    approvals.reject(booked, Approval.Subject.TEXT, revision=1, reason="Too long", by=user("ben"), now=now)
    again = windows.reschedule(booked, Proposal(START, END), reason="Shorter text", by=user("ada"), now=now)
    assert (again.status, again.revision) == (Window.Status.BOOKED, 2)


def test_a_move_into_the_notice_is_an_emergency_and_one_out_of_it_is_none(now: datetime) -> None:
    soon, hour = now + timedelta(days=1), timedelta(hours=1)
    booked, emergency = _book(now), Emergency("It cannot wait", user("ben"))
    moved = windows.reschedule(
        booked, Proposal(soon, soon + hour, emergency=emergency), reason="Sooner", by=user("ada"), now=now
    )
    assert (moved.is_emergency, moved.short_notice) == (True, True)
    back = windows.reschedule(moved, Proposal(START, END), reason="Later", by=user("ada"), now=now)
    assert (back.is_emergency, back.short_notice) == (False, False)


def test_an_emergency_that_keeps_the_notice_is_not_at_short_notice(now: datetime) -> None:
    Freeze.objects.create(name="Election", starts_at=START, ends_at=END)
    booked = _book(now, emergency=Emergency("It expires", user("ben")))
    assert (booked.is_emergency, booked.short_notice) == (True, False)


def test_work_that_is_free_from_the_notice_is_still_told_at_short_notice(now: datetime) -> None:
    NoticePolicy.objects.update(exempt=["security"])
    soon = now + timedelta(hours=1)
    booked = _book(now, starts_at=soon, ends_at=soon + timedelta(hours=1), exemption="security")
    assert (booked.is_emergency, booked.short_notice) == (False, True)


def test_a_time_that_customers_know_does_not_become_short_by_being_put_forward_again(now: datetime) -> None:
    booked = _book(now)
    for subject in Approval.Subject:
        approvals.approve(booked, subject, revision=1, by=user("ben"), now=now)
    Conflict.objects.create(window=booked, rule="freeze", words="Election", hard=True, found_at=now)
    late = START - timedelta(hours=3)
    again = windows.reschedule(
        booked,
        Proposal(START, END, emergency=Emergency("It expires", user("ben"))),
        reason="It stays",
        by=user("ada"),
        now=late,
    )
    assert again.short_notice is False


@pytest.mark.parametrize("status", [Window.Status.STARTED, Window.Status.FINISHED, Window.Status.CANCELLED])
def test_a_window_that_has_begun_or_ended_is_neither_moved_nor_cancelled(
    now: datetime, status: Window.Status
) -> None:
    closed = written(service(), starts_at=START, status=status)
    with pytest.raises(Refused):
        windows.reschedule(closed, A_WEEK_LATER, reason="Late", by=user("ada"), now=now)
    with pytest.raises(Refused):
        windows.cancel(closed, reason="No need", by=user("ada"), now=now)
    assert closed.changes.count() == 1


# --- cancelling ---


@pytest.mark.parametrize("status", [Window.Status.BOOKED, Window.Status.APPROVED, Window.Status.REJECTED])
def test_a_cancelled_window_is_in_the_trail_and_subscribers_see_it(
    now: datetime, status: Window.Status
) -> None:
    off = windows.cancel(
        written(service(), starts_at=START, status=status), reason="No need", by=user("ada"), now=now
    )
    change = off.changes.last()
    assert change is not None
    assert (off.status, off.sequence, off.changed_at) == (Window.Status.CANCELLED, 1, now)
    assert (change.what, change.reason, change.before) == (
        Change.What.CANCELLED,
        "No need",
        {"status": status.value, "sequence": 0},
    )


def test_a_cancelled_window_frees_its_time(now: datetime) -> None:
    windows.cancel(_book(now), reason="No need", by=user("ada"), now=now)
    assert _book(now, purpose="Another").status == Window.Status.BOOKED


def test_a_cancellation_needs_a_reason(now: datetime) -> None:
    with pytest.raises(Refused, match="Give the reason"):
        windows.cancel(_book(now), reason="  ", by=user("ada"), now=now)


def test_what_was_read_long_ago_is_read_again(now: datetime) -> None:
    old = _book(now)
    windows.cancel(Window.objects.get(pk=old.pk), reason="No need", by=user("ada"), now=now)
    with pytest.raises(Refused, match="It is cancelled"):
        windows.reschedule(old, A_WEEK_LATER, reason="Late", by=user("ada"), now=now)


# --- the database's own word ---


@pytest.mark.parametrize(
    "wrong",
    [
        {"ends_at": START},
        {"emergency_reason": "Fire"},
        {"emergency_reason": "Fire", "emergency_approver": "ada"},
        {"finished_at": END},
    ],
)
def test_the_database_refuses_what_must_never_be(now: datetime, wrong: dict[str, Any]) -> None:
    if "emergency_approver" in wrong:
        wrong = {**wrong, "emergency_approver": user(wrong["emergency_approver"])}
    row = {"starts_at": START, "ends_at": END, "booker": user("ada"), "booked_at": now, "changed_at": now}
    with pytest.raises(IntegrityError), transaction.atomic():
        Window.objects.create(**{**row, **wrong})


@pytest.mark.django_db(transaction=True)
def test_of_two_who_book_at_once_one_is_refused(now: datetime) -> None:
    service(), user("ada")
    together, came = threading.Barrier(2), []

    def race() -> None:
        together.wait(timeout=10)
        try:
            came.append(_book(now).status)
        except Refused as refused:
            came.append(refused.objections[0].rule)
        finally:
            connection.close()

    threads = [threading.Thread(target=race) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(came) == [Window.Status.BOOKED, "overlap"]
