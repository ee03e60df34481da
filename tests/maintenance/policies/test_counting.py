"""How the days and hours of one promise are counted."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest
from pytest_django import Settings

from maintenance import bank_time
from maintenance.bank_days import Country
from maintenance.models import Customer, NoticePolicy
from maintenance.policies import Promise
from notifications.customers import quiet_hours
from tests.maintenance.usage import london

Unit = NoticePolicy.Unit
WEEK, FIVE_DAYS = timedelta(days=7), timedelta(days=5)


def _promise(
    promised: timedelta = WEEK,
    least: timedelta = FIVE_DAYS,
    *,
    unit: Unit = Unit.CALENDAR_DAYS,
    to: Customer.Kind = Customer.Kind.CUSTOMER,
    counts: bool = False,
    country: Country | None = None,
) -> Promise:
    policy = NoticePolicy(audience=to, promised=promised, least=least, unit=unit, counts_notice_day=counts)
    return Promise(policy, country or Country("GB-ENG"))


def _working(number: int = 5, *, to: Customer.Kind = Customer.Kind.CUSTOMER, counts: bool = False) -> Promise:
    days = timedelta(days=number)
    return _promise(days, days, unit=Unit.WORKING_DAYS, to=to, counts=counts)


def _last_day(promise: Promise, day: date) -> date:
    """The last day of notice for a window that begins on a day at 14:00."""
    return bank_time.bank_day(promise.last_moment(london(day, 14)))


# --- calendar days --------------------------------------------------------------------------------


def test_the_announcement_is_due_at_ten_on_the_day_that_is_promised() -> None:
    assert _promise().due_at(london(date(2026, 11, 29), 2)) == london(date(2026, 11, 22), 10)


def test_a_longer_lead_announces_earlier_and_a_shorter_one_no_later() -> None:
    start = london(date(2026, 11, 29), 2)
    assert _promise().due_at(start, timedelta(days=14)) == london(date(2026, 11, 15), 10)
    assert _promise().due_at(start, timedelta(days=1)) == london(date(2026, 11, 22), 10)


def test_the_announcement_is_never_due_after_the_least_notice() -> None:
    """Seven days at the least before two in the morning are over when it strikes ten."""
    promise = _promise(WEEK, WEEK, to=Customer.Kind.PARTNER)
    assert promise.due_at(london(date(2026, 3, 15), 2)) == london(date(2026, 3, 8), 2)


@pytest.mark.parametrize(
    ("at", "first"), [((9, 59), date(2026, 3, 9)), ((10, 0), date(2026, 3, 10)), ((23, 0), date(2026, 3, 10))]
)
def test_the_earliest_start_is_the_first_whose_announcement_is_still_ahead(
    at: tuple[int, int], first: date
) -> None:
    now = london(date(2026, 3, 2), *at)
    start = _promise().earliest_start(now)
    assert start == london(first, 0)
    assert _promise().due_at(start) > now >= _promise().due_at(start - timedelta(minutes=1))


def test_the_earliest_start_keeps_the_least_too() -> None:
    now = london(date(2026, 3, 2), 9)
    assert _promise(WEEK, WEEK).earliest_start(now) == now + WEEK


def test_the_last_moment_to_book_is_the_least_before_the_start() -> None:
    assert _promise().last_moment(london(date(2026, 3, 10), 14)) == london(date(2026, 3, 5), 14)


def test_the_day_of_notice_does_not_count() -> None:
    assert _last_day(_promise(), date(2026, 3, 20)) == date(2026, 3, 15)


def test_where_the_day_of_notice_counts_one_day_less_is_enough() -> None:
    promise = _promise(counts=True)
    assert _last_day(promise, date(2026, 3, 20)) == date(2026, 3, 16)
    assert promise.due_at(london(date(2026, 3, 20), 2)) == london(date(2026, 3, 14), 10)
    assert promise.earliest_start(london(date(2026, 3, 14), 9)) == london(date(2026, 3, 20), 0)


def test_without_a_least_notice_a_window_may_be_booked_until_it_begins(now: datetime) -> None:
    promise = _promise(WEEK, timedelta(0))
    assert promise.last_moment(now) == promise.earliest_allowed(now) == now


# --- quiet hours ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "last"),
    [
        ((10, 8, 0), (5, 8, 0)),
        ((10, 7, 59), (4, 20, 59)),
        ((10, 2, 0), (4, 20, 59)),
        ((10, 20, 59), (5, 20, 59)),
        ((10, 21, 0), (5, 20, 59)),
        ((10, 23, 59), (5, 20, 59)),
    ],
)
def test_the_last_moment_is_one_at_which_customers_can_be_told(
    start: tuple[int, int, int], last: tuple[int, int, int]
) -> None:
    day, hour, minute = start
    found = _promise().last_moment(london(date(2026, 3, day), hour, minute))
    assert found == london(date(2026, 3, last[0]), *last[1:])


def test_whatever_is_booked_in_time_customers_hear_the_least_before(settings: Settings) -> None:
    """They hear at once where the bank's clock allows it, over clock changes and on every hour."""
    random = Random("quiet")
    for zone in ("Europe/London", "Asia/Riyadh", "America/New_York"):
        settings.TIME_ZONE = zone
        for _ in range(300):
            start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=random.randrange(525_600))
            last = _promise().last_moment(start)
            assert quiet_hours.earliest_waking(last, zone) == last <= start - FIVE_DAYS


def test_a_start_that_is_allowed_at_night_keeps_the_least_from_the_morning_on() -> None:
    assert _promise().earliest_allowed(london(date(2026, 3, 2), 1)) == london(date(2026, 3, 7), 8)
    assert _promise().earliest_allowed(london(date(2026, 3, 2), 21)) == london(date(2026, 3, 8), 8)


def test_what_is_allowed_now_could_be_booked_now_and_nothing_earlier() -> None:
    random = Random("allowed")
    promises = [
        _promise(),
        _promise(counts=True),
        _working(),
        _working(1, counts=True),
        _working(to=Customer.Kind.PARTNER),
        _promise(timedelta(hours=72), timedelta(hours=72), unit=Unit.HOURS),
    ]
    for _ in range(300):
        now = london(date(2026, 3, 1), 0) + timedelta(minutes=random.randrange(90 * 1440))
        for promise in promises:
            first = promise.earliest_allowed(now)
            assert promise.last_moment(first) >= now, (promise, now)
            assert promise.last_moment(first - timedelta(minutes=1)) < now, (promise, now)


def test_who_is_no_customer_is_told_at_any_hour() -> None:
    night = london(date(2026, 3, 10), 2)
    assert _promise(to=Customer.Kind.PARTNER).last_moment(night) == night - FIVE_DAYS


# --- hours ----------------------------------------------------------------------------------------


def test_hours_are_exact() -> None:
    start = london(date(2026, 3, 31), 14)
    promise = _promise(timedelta(hours=72), timedelta(hours=36), unit=Unit.HOURS, to=Customer.Kind.PARTNER)
    assert promise.due_at(start) == start - timedelta(hours=72)
    assert promise.last_moment(start) == start - timedelta(hours=36)


def test_of_hours_no_day_of_notice_counts() -> None:
    start = london(date(2026, 3, 31), 14)
    promise = _promise(timedelta(hours=72), timedelta(hours=72), unit=Unit.HOURS, counts=True)
    assert promise.last_moment(start) == start - timedelta(hours=72)


# --- working days ---------------------------------------------------------------------------------


def test_five_working_days_before_a_friday_are_the_friday_before() -> None:
    assert _last_day(_working(), date(2026, 3, 20)) == date(2026, 3, 13)


def test_where_the_day_of_notice_counts_they_are_the_monday() -> None:
    assert _last_day(_working(counts=True), date(2026, 3, 20)) == date(2026, 3, 16)


def test_the_day_of_the_start_counts_where_nobody_works_on_it_too() -> None:
    assert _last_day(_working(), date(2026, 3, 14)) == date(2026, 3, 9)


def test_a_public_holiday_is_no_working_day() -> None:
    """Good Friday and Easter Monday lie between."""
    assert _last_day(_working(), date(2026, 4, 8)) == date(2026, 3, 30)


def test_the_weekend_is_the_country_s_and_a_feast_moves() -> None:
    """Friday and Saturday are the weekend in Saudi Arabia, and Eid lies between."""
    promise = _promise(FIVE_DAYS, FIVE_DAYS, unit=Unit.WORKING_DAYS, country=Country("SA"))
    assert _last_day(promise, date(2026, 3, 25)) == date(2026, 3, 12)


def test_the_bank_s_own_days_go_over_the_library_s() -> None:
    eid_ends_earlier = Country("SA", {date(2026, 3, 24): None})
    promise = _promise(FIVE_DAYS, FIVE_DAYS, unit=Unit.WORKING_DAYS, country=eid_ends_earlier)
    assert _last_day(promise, date(2026, 3, 25)) == date(2026, 3, 15)


def test_notice_may_be_given_until_the_end_of_the_last_working_day() -> None:
    friday = london(date(2026, 3, 20), 2)
    assert _working().last_moment(friday) == london(date(2026, 3, 13), 20, 59)
    partners = _working(to=Customer.Kind.PARTNER).last_moment(friday)
    assert partners == bank_time.at_bank(date(2026, 3, 13), time(23, 59, 59))


def test_an_announcement_in_working_days_is_due_at_ten() -> None:
    assert _working().due_at(london(date(2026, 3, 20), 2)) == london(date(2026, 3, 13), 10)


def test_notice_on_the_day_of_the_start_ends_with_the_start() -> None:
    start = london(date(2026, 3, 20), 14)
    assert _working(1, counts=True).last_moment(start) == start


# --- looking back ---------------------------------------------------------------------------------


def test_a_promise_in_working_days_is_kept_on_its_last_day() -> None:
    begins = london(date(2026, 3, 20), 2)
    assert _working().kept(london(date(2026, 3, 13), 20), begins)
    assert not _working().kept(london(date(2026, 3, 14), 8), begins)


def test_a_promise_in_hours_is_kept_to_the_minute() -> None:
    begins = london(date(2026, 3, 20), 14)
    promise = _promise(timedelta(hours=72), timedelta(hours=72), unit=Unit.HOURS)
    assert promise.kept(begins - timedelta(hours=72), begins)
    assert not promise.kept(begins - timedelta(hours=71, minutes=59), begins)
