"""Rules of every kind: what they come to is what dateutil alone would find, and it always ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import example, given, settings
from hypothesis import strategies as st

from maintenance import recurrence
from maintenance.recurrence import Budget, BudgetExceeded, Overlapping, RecurrenceError, Recurring
from maintenance.recurrence.budget import ROW_STEPS, ROW_TIMES

DAY = timedelta(days=1)
FROM_1970 = datetime(1970, 1, 1, tzinfo=UTC), datetime(2199, 12, 31, tzinfo=UTC)
"""A freeze in whose end a year was mistyped."""

days = st.sampled_from(("MO", "TU", "WE", "TH", "FR", "SA", "SU"))


def _joined(values: st.SearchStrategy[object], most: int = 3) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=most, unique=True).map(lambda some: ",".join(map(str, some)))


def _day_of_month() -> st.SearchStrategy[int]:
    return st.integers(1, 31) | st.integers(-31, -1)


@st.composite
def rules(draw: st.DrawFn) -> str:
    """What syntax allows, sensible or not: the 30th of February, the fifth Monday of a week."""
    frequency = draw(st.sampled_from(("DAILY", "WEEKLY", "MONTHLY", "YEARLY")))
    parts = {
        "INTERVAL": st.integers(1, 999).map(str),
        "COUNT": st.integers(1, 9_999).map(str),
        "WKST": days,
        "BYMONTH": _joined(st.integers(1, 12)),
        "BYDAY": _joined(days),
        "BYSETPOS": _joined(st.sampled_from((1, 2, 5, 9, -1, -2))),
        "BYMONTHDAY": _joined(_day_of_month()),
        "BYYEARDAY": _joined(st.integers(1, 366)),
        "BYWEEKNO": _joined(st.integers(1, 53)),
    }
    left_out = {"DAILY": 6, "WEEKLY": 6}.get(frequency, 9)
    names = draw(st.sets(st.sampled_from(list(parts)[:left_out]), max_size=3))
    if frequency == "DAILY":
        names.discard("BYSETPOS")
    if frequency == "MONTHLY":
        names -= {"BYYEARDAY", "BYWEEKNO"}
    return ";".join([f"FREQ={frequency}", *(f"{name}={draw(parts[name])}" for name in sorted(names))])


moments = st.datetimes(datetime(1950, 1, 1), datetime(2040, 1, 1)).map(  # noqa: DTZ001  # made aware below
    lambda at: at.replace(microsecond=0, second=0, tzinfo=UTC)
)


@settings(deadline=None, max_examples=150)
@given(rules(), moments, moments, st.integers(1, 3_000))
@example("FREQ=MONTHLY", datetime(2000, 1, 31, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), 400)
@example("FREQ=YEARLY", datetime(2000, 2, 29, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), 1_500)
@example("FREQ=YEARLY;BYMONTH=2", datetime(2000, 1, 31, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), 400)
@example(
    "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,MO",
    datetime(1990, 1, 3, tzinfo=UTC),
    datetime(2026, 1, 1, tzinfo=UTC),
    90,
)
def test_it_comes_to_what_dateutil_alone_finds(
    rule: str, begin: datetime, first: datetime, ahead: int
) -> None:
    last = first + ahead * DAY
    try:
        alone = takewhile(lambda at: at < last, rrulestr(rule, dtstart=begin))
        expected = [at for at in alone if at > first - DAY]
    except IndexError:  # its answer to the sixth Monday of a month
        return
    assert [
        at for at, _ in recurrence.occurrences(Recurring(begin, begin + DAY, rule, UTC), first, last)
    ] == expected


odd = st.sampled_from(
    (
        "FREQ=SECONDLY",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=9999",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=5",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY\nFREQ=DAILY\nFREQ=WEEKLY;COUNT=9999",
        "FREQ=DAILY;UNTIL=99991231T235959Z",
        "FREQ=DAILY\n" + "\n".join(["EXDATE:20260101T000000"] * 500),
        "EXDATE:20260101T000000",
        "\x00",
        "FREQ=DAILY;" * 9_000,
    )
)
any_moment = st.datetimes(timezones=st.just(UTC))


@settings(deadline=None, max_examples=150)
@given(rules() | odd, any_moment, any_moment, any_moment, any_moment)
@example("FREQ=DAILY", *FROM_1970, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))
@example("FREQ=DAILY", *FROM_1970, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
def test_it_always_ends_within_its_budget(
    rule: str, begin: datetime, end: datetime, first: datetime, last: datetime
) -> None:
    budget = Budget()
    with _all_steps() as taken, suppress(RecurrenceError):
        found = recurrence.occurrences(
            Recurring(begin, end, rule, ZoneInfo("Asia/Riyadh")), first, last, budget=budget
        )
        assert len(found) <= ROW_TIMES
    assert budget.times <= ROW_TIMES + 1
    assert budget.steps <= ROW_STEPS + 1
    assert len(taken) == budget.steps


@contextmanager
def _all_steps() -> Iterator[list[Budget]]:
    """Those of every budget there is, each once: a budget that nobody handed over shows as well."""
    taken: list[Budget] = []
    under_way = False
    step = Budget.step

    def told(budget: Budget) -> None:
        nonlocal under_way
        if under_way:  # the same step, of a larger budget
            return step(budget)
        taken.append(budget)
        under_way = True
        try:
            return step(budget)
        finally:
            under_way = False

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Budget, "step", told)
        yield taken


DEAR = {
    "each of many rules is dear": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO\n" * 900,
    "each of many rules ends after a number": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;COUNT=9999\n" * 900,
    "it never names a time": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "each of many rules never names a time": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30\n" * 900,
}


@pytest.mark.parametrize("rule", DEAR.values(), ids=DEAR.keys())
def test_all_that_is_asked_of_a_row_has_one_budget(rule: str) -> None:
    begin = datetime(2026, 1, 4, 2, tzinfo=UTC)
    with _all_steps() as taken, pytest.raises(RecurrenceError):
        recurrence.check_recurrence(rule, begin, begin + timedelta(hours=30))
    assert len(taken) <= ROW_STEPS + 1
    with _all_steps() as taken, suppress(RecurrenceError):
        recurrence.coming_times(Recurring(begin, begin + timedelta(hours=30), rule), begin + 999 * DAY, 5)
    assert len(taken) <= ROW_STEPS + 1


def test_a_mistyped_year_costs_little() -> None:
    budget = Budget()
    with pytest.raises(Overlapping, match="lasts 84,005 days, but the next one begins after 1 day"):
        recurrence.occurrences(Recurring(*FROM_1970, "FREQ=DAILY", UTC), *FROM_1970, budget=budget)
    assert max(budget.times, budget.steps) <= 500


def test_a_few_times_at_once_are_no_fault_of_a_row_that_is_there() -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    found = recurrence.occurrences(
        Recurring(begin, begin + 3 * DAY, "FREQ=DAILY"), begin + 9 * DAY, begin + 10 * DAY
    )
    assert len(found) == 3


def test_more_times_than_a_row_may_name_are_not_named() -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(BudgetExceeded, match="more than 5,000 times"):
        recurrence.occurrences(Recurring(begin, begin + DAY, "FREQ=DAILY"), begin, begin + 5_001 * DAY)


def test_all_rows_together_have_a_budget_as_well() -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    together = Budget(times=9)
    found = recurrence.occurrences(
        Recurring(begin, begin + DAY, "FREQ=DAILY"), begin, begin + 10 * DAY, budget=together.row()
    )
    assert len(found) == 10
    with pytest.raises(BudgetExceeded, match="too many rows"):
        recurrence.occurrences(
            Recurring(begin, begin + DAY, "FREQ=DAILY"), begin, begin + 10 * DAY, budget=together.row()
        )


def test_what_takes_too_long_ends_as_well() -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(BudgetExceeded, match="too long"):
        recurrence.occurrences(
            Recurring(begin, begin + DAY, "FREQ=DAILY"),
            begin,
            begin + 90 * DAY,
            budget=Budget(cpu=timedelta(0)),
        )


@pytest.mark.parametrize(
    ("rule", "hours"),
    [
        ("FREQ=DAILY", 25),
        ("FREQ=WEEKLY;BYDAY=MO,TU", 36),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", 24 * 15),
        ("FREQ=YEARLY", 24 * 366),
        ("FREQ=WEEKLY;BYDAY=SU\nFREQ=MONTHLY;BYMONTHDAY=5;BYHOUR=1", 24),
    ],
)
def test_what_would_overlap_itself_is_refused(rule: str, hours: int) -> None:
    begin = datetime(2026, 1, 4, 2, tzinfo=UTC)
    with pytest.raises(Overlapping, match="it would overlap itself"):
        recurrence.check_recurrence(rule, begin, begin + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("rule", "hours"),
    [
        ("FREQ=DAILY", 24),
        ("FREQ=WEEKLY;BYDAY=MO,WE", 48),
        ("FREQ=YEARLY", 24 * 365),
        ("FREQ=DAILY;COUNT=1", 99),
    ],
)
def test_what_ends_as_the_next_begins_is_taken(rule: str, hours: int) -> None:
    begin = datetime(2026, 1, 5, 2, tzinfo=UTC)
    recurrence.check_recurrence(rule, begin, begin + timedelta(hours=hours))
