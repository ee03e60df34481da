"""Working days against numpy's: a thousand random dates in each of five countries."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from pytest_django import Settings

from maintenance import bank_time
from maintenance.bank_days import Country
from maintenance.models import Customer, NoticePolicy
from maintenance.policies import Promise

ZONES = {
    "GB-ENG": "Europe/London",
    "SA": "Asia/Riyadh",
    "KW": "Asia/Kuwait",
    "BR": "America/Sao_Paulo",
    "US": "America/New_York",
}
"""Of Saudi Arabia and Kuwait the weekend is Friday and Saturday."""


@pytest.fixture(params=ZONES)
def country(request: pytest.FixtureRequest, settings: Settings) -> Country:
    """A country, in which the bank is."""
    code: str = request.param
    settings.TIME_ZONE = ZONES[code]
    return Country(code)


def _promise(country: Country, number: int, *, counts: bool = False) -> Promise:
    policy = NoticePolicy(
        audience=Customer.Kind.CUSTOMER,
        promised=timedelta(days=number),
        least=timedelta(days=number),
        unit=NoticePolicy.Unit.WORKING_DAYS,
        counts_notice_day=counts,
    )
    return Promise(policy, country)


def _calendar(country: Country) -> np.busdaycalendar:
    """The same days as numpy keeps them."""
    mask = ["0" if weekday in country.weekend(2026) else "1" for weekday in range(7)]
    known = [np.datetime64(day) for day in country.holidays(date(2023, 1, 1), date(2029, 12, 31))]
    return np.busdaycalendar(weekmask="".join(mask), holidays=known)


def _moments(country: Country) -> list[tuple[datetime, int]]:
    """A thousand moments of the bank's clock in four years, each with a number of working days."""
    random, zone = Random(country.code), ZoneInfo(ZONES[country.code])
    return [
        (
            datetime(2024, 1, 1, tzinfo=zone) + timedelta(minutes=random.randrange(4 * 525_600)),
            random.randrange(1, 16),
        )
        for _ in range(1000)
    ]


def test_the_last_day_to_book_is_the_one_that_numpy_counts_back_to(country: Country) -> None:
    calendar = _calendar(country)
    for start, number in _moments(country):
        wanted = np.busday_offset(np.datetime64(start.date()), -number, roll="forward", busdaycal=calendar)
        promise = _promise(country, number)
        assert bank_time.bank_day(promise.last_moment(start)) == wanted.item(), (start, number)
        assert bank_time.bank_day(promise.due_at(start)) == wanted.item(), (start, number)


def test_where_the_day_of_notice_counts_it_is_a_day_less(country: Country) -> None:
    calendar = _calendar(country)
    for start, number in _moments(country):
        wanted = np.busday_offset(np.datetime64(start.date()), -number, roll="forward", busdaycal=calendar)
        promise = _promise(country, number + 1, counts=True)
        assert bank_time.bank_day(promise.last_moment(start)) == wanted.item(), (start, number)


def test_the_earliest_start_is_on_the_day_that_numpy_counts_on_to(country: Country) -> None:
    calendar = _calendar(country)
    for now, number in _moments(country):
        first = now.date() + timedelta(days=now.hour >= 10)  # announced at ten, today or tomorrow
        wanted = np.busday_offset(np.datetime64(first), number - 1, roll="forward", busdaycal=calendar)
        start = _promise(country, number).earliest_start(now)
        assert bank_time.bank_day(start) == (wanted + 1).item(), (now, number)
