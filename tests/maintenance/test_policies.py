"""The promised notice, in the bank's calendar days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from pytest_django import Settings

from maintenance import policies
from maintenance.models import Kind, NoticePolicy
from tests.maintenance.usage import london

WEEK, FIVE_DAYS = timedelta(days=7), timedelta(days=5)


def _policy(promised: timedelta = WEEK, least: timedelta = FIVE_DAYS) -> NoticePolicy:
    return NoticePolicy(promised=promised, least=least)


@pytest.mark.django_db
def test_customers_are_promised_a_week_and_no_less_than_five_days() -> None:
    policy = policies.of()
    assert (policy.promised, policy.least) == (WEEK, FIVE_DAYS)


@pytest.mark.django_db
def test_the_default_policy_says_who_hears_when_by_which_channels() -> None:
    everywhere = ["sms", "email", "inapp", "social"]
    rules = {
        (rule.kind, rule.lead.days, rule.only_money): rule.channels for rule in policies.of().rules.all()
    }
    assert rules == {
        (Kind.ANNOUNCED, 7, False): everywhere,
        (Kind.REMINDER, 1, False): ["inapp"],
        (Kind.REMINDER, 1, True): ["sms"],
        (Kind.STARTED, 0, False): ["inapp", "social"],
        (Kind.FINISHED, 0, False): ["inapp", "social"],
        (Kind.CANCELLED, 0, False): everywhere,
        (Kind.RESCHEDULED, 0, False): everywhere,
    }


@pytest.mark.django_db
def test_an_audience_without_a_policy_is_named() -> None:
    with pytest.raises(NoticePolicy.DoesNotExist, match="how much notice a regulator is promised"):
        policies.of("regulator")


def test_a_notice_is_due_at_ten_so_many_days_before() -> None:
    start = london(date(2026, 11, 29), 2)
    assert policies.due_at(start, WEEK) == london(date(2026, 11, 22), 10)


def test_days_are_the_bank_s_across_a_clock_change() -> None:
    start = london(date(2026, 3, 31), 2)
    assert policies.due_at(start, WEEK) == datetime(2026, 3, 24, 10, tzinfo=UTC)
    assert policies.due_at(start, timedelta(days=1)) == datetime(2026, 3, 30, 9, tzinfo=UTC)


def test_days_are_the_bank_s_and_not_utc_s(settings: Settings) -> None:
    settings.TIME_ZONE = "Pacific/Auckland"
    start = datetime(2026, 3, 9, 20, tzinfo=UTC)  # the tenth in Auckland
    assert policies.due_at(start, WEEK) == datetime(2026, 3, 2, 21, tzinfo=UTC)


def test_a_lead_that_is_no_number_of_days_is_exact() -> None:
    start = london(date(2026, 3, 10), 2)
    assert policies.due_at(start, timedelta(hours=36)) == start - timedelta(hours=36)
    assert policies.due_at(start, timedelta(0)) == start


@pytest.mark.parametrize(
    ("at", "first"), [((9, 59), date(2026, 3, 9)), ((10, 0), date(2026, 3, 10)), ((23, 0), date(2026, 3, 10))]
)
def test_the_earliest_start_is_the_first_whose_announcement_is_still_ahead(
    at: tuple[int, int], first: date
) -> None:
    now = london(date(2026, 3, 2), *at)
    start = policies.earliest_start(now, _policy())
    assert start == london(first, 0)
    assert policies.due_at(start, WEEK) > now >= policies.due_at(start - timedelta(minutes=1), WEEK)


def test_the_earliest_start_keeps_the_least_too() -> None:
    now = london(date(2026, 3, 2), 9)
    assert policies.earliest_start(now, _policy(promised=WEEK, least=WEEK)) == now + WEEK


def test_the_last_moment_to_book_is_the_least_before_the_start() -> None:
    start = london(date(2026, 3, 10), 2)
    assert policies.last_moment_to_book(start, _policy()) == london(date(2026, 3, 5), 2)
