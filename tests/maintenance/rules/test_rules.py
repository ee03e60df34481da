"""What stands against a window, from all rules together."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from time import process_time

import pytest

from maintenance import rules
from maintenance.models import NoticePolicy, RuleSetting, SupportCover, Window
from maintenance.proposals import Proposal
from maintenance.rules import Objection
from tests.maintenance.rules.asking import END, START, against, found, freeze
from tests.maintenance.rules.bank import fill_a_bank
from tests.people import service, user, window

pytestmark = pytest.mark.django_db


def test_nothing_stands_against_a_free_time(now: datetime) -> None:
    assert against(now=now) == []


def test_less_than_the_least_notice_stands_against_it(now: datetime) -> None:
    late = now + timedelta(days=5) - timedelta(minutes=1)
    assert against(now=now, start=late) == [
        Objection(
            "notice",
            "Customers are promised at least 5 days of notice, so this time had to be booked and approved by "
            "Monday 2 March 2026, 08:59: choose a later start, or book it as an emergency.",
        )
    ]


def test_exactly_the_least_notice_is_enough(now: datetime) -> None:
    assert found(now=now, start=now + timedelta(days=5)) == []


def test_an_end_before_the_start_is_refused_before_all_else(now: datetime) -> None:
    assert rules.objections(Proposal(END, START, [service()]), now=now) == [
        Objection("length", "A window must end after it starts.")
    ]


def test_no_service_is_no_window(now: datetime) -> None:
    assert [objection.rule for objection in rules.objections(Proposal(START, END), now=now)] == ["services"]


def test_all_that_stands_against_it_is_listed(now: datetime) -> None:
    start = now + timedelta(days=1)
    freeze(starts_at=start, ends_at=start + timedelta(days=1))
    freeze(service(), starts_at=start, ends_at=start + timedelta(days=2))
    service().depends_on.add(service("core"))
    window(service(), starts_at=start)
    window(service("core"), starts_at=start)
    assert sorted(found(now=now, start=start)) == ["dependency", "freeze", "freeze", "notice", "overlap"]


@pytest.mark.parametrize(("weight", "hard"), [("hard", True), ("soft", False)])
def test_the_bank_says_how_much_a_rule_weighs(now: datetime, weight: str, hard: bool) -> None:
    freeze()
    RuleSetting.objects.create(rule="freeze", weight=weight)
    assert [objection.hard for objection in against(now=now)] == [hard]


def test_a_rule_that_the_bank_has_switched_off_is_not_asked(now: datetime) -> None:
    freeze()
    RuleSetting.objects.create(rule="freeze", weight="off")
    assert found(now=now) == []


def test_nobody_can_switch_the_past_off(now: datetime) -> None:
    RuleSetting.objects.create(rule="past", weight="off")
    assert found(now=now, start=now - timedelta(minutes=1)) == ["past"]


def test_each_rule_says_what_it_is_for() -> None:
    assert [rule.name for rule in rules.RULES if not (rule.title and rule.explains.endswith("."))] == []
    assert len({rule.name for rule in rules.RULES}) == len(rules.RULES)


def test_each_rule_fits_the_tables_that_name_it() -> None:
    longest = RuleSetting._meta.get_field("rule").max_length
    assert longest
    assert [rule.name for rule in rules.RULES if len(rule.name) > longest] == []


def test_a_window_that_is_put_forward_again_where_it_is_is_not_moved(now: datetime) -> None:
    NoticePolicy.objects.update(only_cancelling_inside=True)
    booked = window(service(), starts_at=now + timedelta(days=1), status=Window.Status.APPROVED)
    assert "moving" not in found(now=now, start=booked.starts_at, moved=booked)
    assert "moving" in found(now=now, start=booked.starts_at + timedelta(days=9), moved=booked)


def test_suggestions_do_not_keep_clear_of_hours_without_support(now: datetime) -> None:
    SupportCover.objects.create(name="Hotline", starts_at=END, ends_at=END + timedelta(hours=8))
    around = rules.rule_context([service()], START, END)
    time = rules.WindowTime(START, END, now)
    assert [objection.rule for objection in rules.objections_at(around, time)] == ["support"]
    assert rules.is_free(around, time)


@pytest.mark.parametrize(("weight", "free"), [("hard", False), ("soft", False), ("off", True)])
def test_suggestions_keep_clear_of_other_rules_hard_or_soft(now: datetime, weight: str, free: bool) -> None:
    freeze()
    RuleSetting.objects.create(rule="freeze", weight=weight)
    around = rules.rule_context([service()], START, END)
    assert rules.is_free(around, rules.WindowTime(START, END, now)) is free


def test_the_surroundings_are_read_once_however_much_is_in_them(
    now: datetime, django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    services = fill_a_bank()
    with django_assert_max_num_queries(24):
        rules.rule_context(services, START, END).for_proposal(
            Proposal(START, END, services, staff=[user("ada")])
        )


def test_three_thousand_times_are_judged_in_well_under_a_second(now: datetime) -> None:
    around = rules.rule_context(fill_a_bank()[:3], now, now + timedelta(days=70))
    times = [now + n * timedelta(minutes=30) for n in range(3000)]
    began = process_time()
    for starts_at in times:
        rules.objections_at(around, rules.WindowTime(starts_at, starts_at + timedelta(hours=2), now))
    assert process_time() - began < 2  # a third of a second on a machine that does nothing else
