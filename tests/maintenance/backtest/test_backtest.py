"""What a replay reads, when it chooses, and which slots it judges."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from maintenance import backtest
from maintenance.backtest import BacktestRow, History, grid
from maintenance.bank_days import Country, country_days
from maintenance.imports import samples
from maintenance.traffic import TooLittle
from tests.maintenance.backtest.past import (
    FOUR,
    GB,
    LENGTHS,
    MODES,
    ONE,
    TWO,
    changed,
    counts,
    history,
    local,
    times,
)
from tests.maintenance.usage import LONDON

UTC = ZoneInfo("UTC")
MELBOURNE = ZoneInfo("Australia/Melbourne")
SUMMER = datetime(2025, 8, 4, tzinfo=LONDON)


@pytest.fixture(scope="module")
def series() -> History:
    """January to May 2026, by the hour."""
    return history(20)


def _run(series: History, *, most: int = 10, weeks: int | None = None) -> list[BacktestRow]:
    return list(backtest.backtest_rows(series, LENGTHS, MODES, most=most, weeks=weeks))


@pytest.mark.parametrize("minutes", [60, 30])
@pytest.mark.parametrize("zone", [LONDON, MELBOURNE, ZoneInfo("Asia/Kathmandu")])
def test_a_slot_starts_5_to_12_local_days_after_its_midnight_on_the_grid(
    zone: ZoneInfo, minutes: int
) -> None:
    begins = datetime(2026, 1, 5, tzinfo=zone)
    series = history(20, minutes=minutes, begins=begins, zone=zone)
    rows = _run(series)
    assert {local(row.origin, zone).strftime("%H:%M:%S") for row in rows} == {"00:00:00"}
    ahead = {(local(row.chosen.start, zone).date() - local(row.origin, zone).date()).days for row in rows}
    assert ahead <= set(range(5, 12))
    assert {(row.chosen.start - series.begins) % (60 * minutes) for row in rows} == {0.0}


def test_every_origin_length_and_mode_gives_a_row_once(series: History) -> None:
    rows = _run(series)
    assert len({(row.origin, row.hours, row.mode) for row in rows}) == len(rows)
    assert len(rows) == 10 * len(LENGTHS) * len(MODES)


def test_origins_are_spread_from_8_weeks_of_history_to_where_the_last_slot_is_still_seen() -> None:
    """20 weeks end with 24 May; a slot of 4 hours may begin late on the 11th day and end on the 12th."""
    found = backtest.origins(history(20, zone=UTC), 5, FOUR)
    assert country_days.numbered(found[0]) == date(2026, 1, 5) + timedelta(weeks=8)
    assert country_days.numbered(found[-1]) == date(2026, 5, 24) - timedelta(days=12)
    assert len(found) == 5
    assert max(np.diff(found)) - min(np.diff(found)) <= 1


def test_there_are_no_more_origins_than_days(series: History) -> None:
    found = backtest.origins(series, 10_000, ONE)
    assert found == list(range(found[0], found[-1] + 1))


def test_five_weeks_are_judged_from_three_weeks_of_history_on() -> None:
    short = history(5)
    first = country_days.day_number(date(2026, 1, 5))
    assert backtest.origins(short, 200, FOUR) == [first + 21, first + 22]
    assert {row.origin for row in _run(short)} == {
        grid.local_midnight(first + day, LONDON) for day in (21, 22)
    }


@pytest.mark.parametrize("weeks", [2, 4.6])
def test_less_has_no_origin(weeks: float) -> None:
    assert backtest.origins(history(weeks), 200, FOUR) == []
    assert _run(history(weeks)) == []


def test_samples_without_a_step_are_refused_in_words() -> None:
    with pytest.raises(TooLittle, match="The file has no two samples of traffic within an hour"):
        grid.history(np.array([0.0, 86400.0]), np.array([1.0, 2.0]), zone=LONDON, country=GB)


def test_so_many_weeks_and_no_more_are_read(series: History) -> None:
    day = backtest.origins(series, 3, FOUR)[1]
    read_from = series.place(grid.local_midnight(day, LONDON)) - 3 * 168
    older = series.counts.copy()
    older[:read_from] = 5000 - older[:read_from]
    one, other = series, changed(series, older)
    assert _said(one, day, weeks=3) == _said(other, day, weeks=3)
    assert _said(one, day, weeks=None) != _said(other, day, weeks=None)


def _said(series: History, day: int, *, weeks: int | None) -> list[tuple[float, ...]]:
    rows = backtest.at_origin(series, day, LENGTHS, MODES, weeks=weeks)
    return [(row.chosen.start, row.chosen.promised, row.low, row.high) for row in rows]


def test_a_slot_of_which_a_part_was_not_observed_gives_no_row(series: History) -> None:
    rows = _run(series, most=4)
    lost = next(row for row in rows if (row.hours, row.mode) == (2, "any"))
    with_a_gap = series.counts.copy()
    with_a_gap[series.place(lost.chosen.start) + 1] = np.nan
    kept = {(row.origin, row.hours, row.mode) for row in _run(changed(series, with_a_gap), most=4)}
    assert (lost.origin, 2, "any") not in kept
    assert len(kept) > len(rows) / 2


def test_what_came_is_the_sum_of_the_counts_in_the_slot(series: History) -> None:
    for row in _run(series, most=3):
        first = series.place(row.chosen.start)
        assert row.chosen.actual == pytest.approx(series.counts[first : first + round(row.hours)].sum())


def test_the_baseline_is_the_least_mean_of_an_hour_of_the_week_over_eight_weeks() -> None:
    series = history(20, zone=UTC)
    day = backtest.origins(series, 3, FOUR)[2]
    row = next(backtest.at_origin(series, day, [ONE], ["any"]))
    now = series.place(grid.local_midnight(day, UTC))
    means = series.counts[now - 8 * 168 : now].reshape(8, 168).mean(axis=0)  # hours from the origin's own on
    ahead = 5 * 24 + np.arange(168)
    best = int(ahead[means[ahead % 168].argmin()])
    assert row.baseline
    assert row.baseline.start == row.origin + 3600 * best
    assert row.baseline.promised == pytest.approx(means.min())
    assert row.baseline.actual == pytest.approx(series.counts[now + best])


def test_of_equals_the_baseline_is_the_first() -> None:
    at, _ = times(12)
    flat = grid.history(at, np.full(at.size, 50.0), zone=LONDON, country=Country("XX"))
    for row in backtest.backtest_rows(flat, LENGTHS, ["any"], most=5):
        assert row.baseline
        assert local(row.baseline.start) == local(row.origin) + timedelta(days=5)


def test_the_habit_of_sunday_is_at_two_on_the_series_own_clock(series: History) -> None:
    found = [row.habits["sunday"] for row in _run(series) if row.mode == "any"]
    assert {local(choice.start).strftime("%a %H:%M") for choice in found if choice} == {"Sun 02:00"}
    assert all(row.habits["sunday"] is None for row in _run(series) if row.mode.startswith("staffed"))


def test_the_habit_of_last_week_promises_what_came_in_the_week_before_the_origin(series: History) -> None:
    for row in _run(series):
        choice = row.habits["last_week"]
        if choice and row.mode == "any":
            first = series.place(choice.start)
            back = first - 168 * (1 + (choice.start + row.hours * 3600 > row.origin + 7 * 86400))
            assert choice.promised == pytest.approx(series.counts[back : back + round(row.hours)].sum())


@pytest.mark.parametrize("minutes", [1, 5, 15, 30, 60])
def test_the_quiet_hour_is_found_at_any_step(minutes: int) -> None:
    rows = list(backtest.backtest_rows(history(6, minutes=minutes), [TWO], ["any"], most=3))
    assert len(rows) == 3
    for row in rows:
        start = local(row.chosen.start)
        assert abs(start.hour * 60 + start.minute - 150) <= 60
        assert row.chosen.actual < 2 * row.mean_rate / 4


def test_a_length_between_two_steps_is_judged_as_the_nearer_one(series: History) -> None:
    rows = list(backtest.backtest_rows(series, [timedelta(minutes=100)], ["any"], most=2))
    assert {row.hours for row in rows} == {2}


@pytest.mark.parametrize("begins", [datetime(2026, 1, 5, tzinfo=LONDON), SUMMER], ids=["spring", "autumn"])
def test_naive_times_keep_their_hours_over_a_clock_change(begins: datetime) -> None:
    """A file with the service's clock alone: spring leaves an hour out, autumn repeats one."""
    at, shown = times(18, begins=begins)
    written = io.StringIO()
    csv.writer(written).writerows(
        (datetime.fromtimestamp(one, LONDON).replace(tzinfo=None).isoformat(), count)
        for one, count in zip(at, counts(shown), strict=True)
    )
    reader = samples.Reader(LONDON)
    rows = [reader(row) for row in csv.reader(io.StringIO(written.getvalue()))]
    series = grid.history(
        np.array([moment.timestamp() for moment, _ in rows]),
        np.array([count for _, count in rows]),
        zone=LONDON,
        country=GB,
    )
    assert not np.isnan(series.counts).any()
    chosen = list(backtest.backtest_rows(series, [TWO], ["any"], most=30))
    assert len({local(row.chosen.start).utcoffset() for row in chosen}) == 2
    assert {local(row.chosen.start).hour for row in chosen} <= {2, 3}
