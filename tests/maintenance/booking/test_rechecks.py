"""What comes to stand against windows that are booked."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from maintenance.booking import rechecks, windows
from maintenance.models import Conflict, Freeze, NoticePolicy, RuleSetting, Service, SupportCover, Window
from maintenance.proposals import Emergency, Proposal
from tests.maintenance.rules.asking import freeze
from tests.maintenance.rules.bank import fill_a_bank
from tests.maintenance.usage import london
from tests.people import proposal, service, user
from tests.people import window as written

pytestmark = pytest.mark.django_db

START = london(date(2026, 3, 15), 2)
END = START + timedelta(hours=2)
WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)


def _book(now: datetime, *services: Service, start: datetime = START, **more: Any) -> Window:
    return windows.book_window(proposal(*services, starts_at=start, **more), by=user("ada"), now=now)


def _open() -> list[tuple[int, str]]:
    return list(rechecks.open_conflicts().order_by("window", "rule").values_list("window", "rule"))


def test_a_window_with_nothing_against_it_has_no_conflict(now: datetime) -> None:
    _book(now)
    assert rechecks.recheck_windows(now) == 0
    assert _open() == []


def test_a_freeze_that_is_added_later_is_found(now: datetime) -> None:
    booked = _book(now)
    freeze()
    assert rechecks.recheck_windows(now + HOUR) == 1
    conflict = booked.conflicts.get()
    assert (conflict.rule, conflict.hard, conflict.found_at, conflict.gone_at) == (
        "freeze",
        True,
        now + HOUR,
        None,
    )
    assert conflict.words == "The freeze “Election” holds from Sunday 15 March 2026, 02:00 to 04:00."


@pytest.mark.parametrize("status", [Window.Status.BOOKED, Window.Status.APPROVED])
def test_windows_that_are_still_to_come_are_looked_at(now: datetime, status: Window.Status) -> None:
    waiting = written(service(), starts_at=START, status=status)
    freeze()
    rechecks.recheck_windows(now)
    assert _open() == [(waiting.pk, "freeze")]


@pytest.mark.parametrize(
    "status", sorted(set(Window.Status) - {Window.Status.BOOKED, Window.Status.APPROVED})
)
def test_windows_that_have_begun_or_will_not_be_are_not(now: datetime, status: Window.Status) -> None:
    written(service(), starts_at=START, status=status)
    freeze()
    assert rechecks.recheck_windows(now) == 0


def test_what_is_found_once_is_not_found_again(now: datetime) -> None:
    _book(now)
    freeze()
    rechecks.recheck_windows(now)
    assert rechecks.recheck_windows(now + HOUR) == 0
    assert Conflict.objects.count() == 1


def test_a_freeze_that_is_taken_away_leaves_a_conflict_that_is_gone(now: datetime) -> None:
    booked = _book(now)
    freeze()
    rechecks.recheck_windows(now)
    Freeze.objects.all().delete()
    rechecks.recheck_windows(now + HOUR)
    assert _open() == []
    assert booked.conflicts.get().gone_at == now + HOUR


def test_what_comes_back_is_found_anew(now: datetime) -> None:
    booked = _book(now)
    for at in (now, now + 2 * HOUR):
        held = freeze()
        rechecks.recheck_windows(at)
        held.delete()
        rechecks.recheck_windows(at + HOUR)
    assert booked.conflicts.count() == 2


def test_another_window_that_is_moved_onto_it_is_found(now: datetime) -> None:
    first, second = _book(now), _book(now, start=START + WEEK)
    windows.reschedule(
        second,
        Proposal(START, END, emergency=Emergency("It cannot wait", user("ben"))),
        reason="Sooner",
        by=user("ada"),
        now=now,
    )
    rechecks.recheck_windows(now)
    assert _open() == [(first.pk, "overlap")]  # the second one's was passed over when it was moved


def test_a_window_that_is_moved_away_leaves_its_conflicts(now: datetime) -> None:
    booked = _book(now)
    freeze()
    rechecks.recheck_windows(now)
    windows.reschedule(booked, Proposal(START + WEEK, END + WEEK), reason="Election", by=user("ada"), now=now)
    rechecks.recheck_windows(now)
    assert _open() == []


def test_a_window_that_is_called_off_has_no_open_conflict(now: datetime) -> None:
    booked = _book(now)
    freeze()
    rechecks.recheck_windows(now)
    windows.cancel(booked, reason="Election", by=user("ada"), now=now)
    rechecks.recheck_windows(now + HOUR)
    assert booked.conflicts.get().gone_at == now + HOUR


def test_what_stood_against_a_window_when_it_began_stays_as_it_was(now: datetime) -> None:
    booked = _book(now)
    freeze()
    rechecks.recheck_windows(now)
    Window.objects.update(status=Window.Status.STARTED)
    rechecks.recheck_windows(START + HOUR)
    assert booked.conflicts.get().gone_at is None


def test_a_notice_that_was_kept_is_no_conflict_however_near_the_start(now: datetime) -> None:
    _book(now)
    assert rechecks.recheck_windows(START - HOUR) == 0


def test_a_promise_that_grew_beyond_what_was_given_is_a_conflict(now: datetime) -> None:
    booked = _book(now)
    NoticePolicy.objects.update(least=timedelta(days=20), promised=timedelta(days=20))
    rechecks.recheck_windows(now)
    assert _open() == [(booked.pk, "notice")]


def test_notice_counts_from_the_booking_of_the_present_time(now: datetime) -> None:
    booked = _book(now)
    later = START - timedelta(days=6)
    windows.reschedule(booked, Proposal(START, END + HOUR), reason="Longer", by=user("ada"), now=later)
    NoticePolicy.objects.update(least=timedelta(days=7))
    rechecks.recheck_windows(later)
    assert _open() == [(booked.pk, "notice")]


def test_what_was_passed_over_is_no_conflict(now: datetime) -> None:
    freeze()
    RuleSetting.objects.create(rule="freeze", weight="soft")
    _book(now, overrides={"freeze": "The election office agreed"})
    assert rechecks.recheck_windows(now) == 0


def test_what_was_passed_over_in_an_emergency_is_no_conflict(now: datetime) -> None:
    freeze()
    soon = now + HOUR
    _book(now, start=soon, emergency=Emergency("Fire", user("ben")))
    _book(now, service("cards"), emergency=Emergency("Fire", user("ben")))
    assert rechecks.recheck_windows(now) == 0


def test_a_freeze_that_has_changed_since_it_was_passed_over_is_a_conflict(now: datetime) -> None:
    held = freeze()
    RuleSetting.objects.create(rule="freeze", weight="soft")
    booked = _book(now, overrides={"freeze": "The election office agreed"})
    held.ends_at += HOUR
    held.save()
    rechecks.recheck_windows(now)
    assert _open() == [(booked.pk, "freeze")]


def test_what_was_passed_over_for_an_earlier_time_does_not_count(now: datetime) -> None:
    freeze(ends_at=END + WEEK)
    RuleSetting.objects.create(rule="freeze", weight="off")
    booked = _book(now)
    RuleSetting.objects.update(weight="soft")
    windows.reschedule(
        booked,
        Proposal(START + HOUR, END + HOUR, overrides={"freeze": "Agreed"}),
        reason="Later",
        by=user("ada"),
        now=now,
    )
    Window.objects.update(revision=3)
    rechecks.recheck_windows(now)
    assert _open() == [(booked.pk, "freeze")]


def test_a_conflict_weighs_what_its_rule_weighs_now(now: datetime) -> None:
    booked = _book(now)
    freeze()
    rechecks.recheck_windows(now)
    RuleSetting.objects.create(rule="freeze", weight="soft")
    rechecks.recheck_windows(now)
    assert [conflict.hard for conflict in booked.conflicts.all()] == [False]


def test_a_rule_that_is_switched_off_takes_its_conflicts_away(now: datetime) -> None:
    _book(now)
    freeze()
    rechecks.recheck_windows(now)
    RuleSetting.objects.create(rule="freeze", weight="off")
    rechecks.recheck_windows(now)
    assert _open() == []


def test_hours_whose_cover_was_taken_away_are_found(now: datetime) -> None:
    cover = SupportCover.objects.create(name="Hotline", starts_at=START, ends_at=END)
    booked = _book(now)
    cover.ends_at -= HOUR
    cover.save()
    rechecks.recheck_windows(now)
    assert list(booked.conflicts.values_list("rule", "hard")) == [("support", False)]


def test_a_clock_that_runs_behind_breaks_nothing(now: datetime) -> None:
    booked = _book(now)
    freeze()
    rechecks.recheck_windows(now + HOUR)
    Freeze.objects.all().delete()
    rechecks.recheck_windows(now)
    assert booked.conflicts.get().gone_at == now + HOUR


def test_many_windows_cost_no_more_queries_than_few(
    now: datetime, django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    fill_a_bank(windows=4)
    rechecks.recheck_windows(now)
    with CaptureQueriesContext(connection) as few:
        rechecks.recheck_windows(now)
    for number in range(40):
        written(service(f"s{number % 12}"), starts_at=START + 30 * HOUR + number * 25 * HOUR)
    rechecks.recheck_windows(now)
    with django_assert_max_num_queries(len(few)):
        rechecks.recheck_windows(now)


@pytest.mark.django_db(transaction=True)
def test_two_who_look_at_once_find_it_once(now: datetime) -> None:
    booked = _book(now)
    freeze()
    together = threading.Barrier(2)

    def look() -> None:
        together.wait(timeout=10)
        try:
            rechecks.recheck_windows(now)
        finally:
            connection.close()

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert booked.conflicts.count() == 1


def test_all_that_a_rule_finds_is_one_conflict(now: datetime) -> None:
    booked = _book(now)
    for _ in range(5):
        freeze()
    assert rechecks.recheck_windows(now) == 1
    words = "The freeze “Election” holds from Sunday 15 March 2026, 02:00 to 04:00."
    assert booked.conflicts.get().words == f"{words} {words} {words} And 2 more."


def test_another_freeze_changes_the_words_and_not_the_moment(now: datetime) -> None:
    booked = _book(now)
    freeze()
    rechecks.recheck_windows(now)
    freeze(ends_at=END + HOUR)
    assert rechecks.recheck_windows(now + HOUR) == 1
    conflict = booked.conflicts.get()
    assert conflict.words.count("holds from") == 2
    assert conflict.found_at == now


def test_of_two_freezes_only_the_one_that_nobody_passed_over_is_a_conflict(now: datetime) -> None:
    RuleSetting.objects.create(rule="freeze", weight="soft")
    freeze()
    booked = _book(now, overrides={"freeze": "The election office agreed"})
    freeze(ends_at=END + HOUR)
    rechecks.recheck_windows(now)
    assert (
        booked.conflicts.get().words
        == "The freeze “Election” holds from Sunday 15 March 2026, 02:00 to 05:00."
    )


def test_the_nearest_windows_come_first_when_time_is_short(now: datetime) -> None:
    far, near = _book(now, start=START + 60 * WEEK), _book(now)
    freeze(ends_at=END + 61 * WEEK)
    assert rechecks.recheck_windows(now, patience=timedelta(0)) == 1
    assert _open() == [(near.pk, "freeze")]
    assert rechecks.recheck_windows(now) == 1
    assert {window for window, _ in _open()} == {near.pk, far.pk}


def test_what_is_left_for_another_turn_keeps_its_conflicts(now: datetime) -> None:
    _book(now)
    far = _book(now, start=START + 60 * WEEK)
    freeze(starts_at=START + 59 * WEEK, ends_at=END + 61 * WEEK)
    rechecks.recheck_windows(now)
    assert rechecks.recheck_windows(now, patience=timedelta(0)) == 0
    assert _open() == [(far.pk, "freeze")]
