"""How good the forecast is on recorded traffic, and how fast: printed.

    LULL_SHARED=folder DATABASE_URL=... python3 -m tests.benchmarks.forecast [--origins 60] [--only NAME,NAME]

Nothing is read from the database, or written to it. Every series is replayed in all modes for slots of 1, 2
and 4 hours; the columns are explained below the tables.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

import numpy as np  # after Django is set up, as the rest

from maintenance import backtest
from maintenance.backtest import BacktestRow, History, grid, limits
from maintenance.bank_days import Country
from maintenance.imports import csv_rows, samples
from maintenance.traffic import Profile, learning, storage
from maintenance.traffic.place import Place
from maintenance.traffic.weeks import DAY, HOUR, Floats

_SERIES = {
    "na_bank_calls_2003": ("America/New_York", "US"),
    "nl_bank_loan_events_2011": ("Europe/Amsterdam", "NL"),
    "nyc_taxi_2014": ("America/New_York", "US"),
    "i94_traffic_2012_2018": ("America/Chicago", "US-MN"),
    "dc_bikeshare_2010_2019": ("America/New_York", "US-DC"),
    "london_bikeshare_2015_2016": ("Europe/London", "GB-ENG"),
    "seattle_bridge_2012_2018": ("America/Los_Angeles", "US-WA"),
    "vic_electricity_2012_2014": ("Australia/Melbourne", "AU-VIC"),
    "btc_exchange_trades_2020": ("UTC", "XX"),
    "nasa_web_1995": ("America/New_York", "US"),
    "twitter_mentions_2015": ("UTC", "XX"),
}
_COLD = ("nasa_web_1995", "twitter_mentions_2015")
"""Under 8 weeks of history: judged on three weeks alone."""
_MODES = ("any", "any+blackouts", "staffed", "staffed+blackouts")
_LENGTHS = [timedelta(hours=hours) for hours in (1, 2, 4)]
_OUTAGE = timedelta(hours=4)
_FORTNIGHT = 14 * DAY
_EARLIER = 200
"""Origins from whose choices outages are taken."""
_THREE_WEEKS = 3
_RUNS = 20
_EXPLAINED = """
ratio    traffic in the chosen slots over that in those of the 8-week mean; d: their difference
p95      the same of the 95th percentiles, any+blackouts
prom     promised over actual
cov      how often what came lay within the 80 % range
outage   lost when 4-hour outages, one a fortnight, in the method's own choices are written as zeros; any
3 weeks  from 3 weeks of history, over the choice by the 90th percentile of each hour of day of the same weeks
all      geometric means, and pooled cov"""


@dataclass
class Figures:
    """What one series came to; None where it cannot be told."""

    ratios: dict[str, float | None]
    differences: dict[str, float]
    p95: float | None
    promised: float | None
    inside: list[bool]
    outage: float | None
    cold: list[float]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--origins", type=int, default=60)
    parser.add_argument("--only", default=",".join(_SERIES))
    given = parser.parse_args()
    names = given.only.split(",")
    _print_speed()
    print(f"\n{'series':28}" + "".join(f"{mode:>19}" for mode in _MODES)
        + f"{'p95':>8}{'prom':>8}{'cov':>8}{'outage':>9}{'3 weeks':>9}")  # fmt: skip
    found = {}
    for name in names:
        found[name] = _figures(_read(name), given.origins, cold=name in _COLD)
        print(_line(name, found[name]), flush=True)
    print(_total(list(found.values())))
    print(_EXPLAINED)


def _read(name: str) -> History:
    """A recorded series on its grid."""
    zone, country = _SERIES[name]
    path = Path(os.environ["LULL_SHARED"]) / "data" / f"{name}.csv"
    reader = samples.Reader(ZoneInfo(zone))
    rows = [row for chunk in csv_rows.chunks(path, samples.COLUMNS, reader, 50_000) for row in chunk.rows]
    known = sorted(dict(rows).items())
    return grid.history(
        np.array([at.timestamp() for at, _ in known]),
        np.array([count for _, count in known]),
        zone=ZoneInfo(zone),
        country=Country(country),
    )


def _figures(series: History, most: int, *, cold: bool) -> Figures:
    rows: list[BacktestRow] = []
    if not cold:
        rows = [row for row in backtest.backtest_rows(series, _LENGTHS, _MODES, most=most) if row.baseline]
    by_mode = {mode: [row for row in rows if row.mode == mode] for mode in _MODES}
    return Figures(
        ratios={mode: _over(_chosen(some), _baseline(some)) for mode, some in by_mode.items()},
        differences={mode: sum(_chosen(some)) - sum(_baseline(some)) for mode, some in by_mode.items()},
        p95=_p95(by_mode["any+blackouts"]),
        promised=_over([row.chosen.promised for row in rows], _chosen(rows)),
        inside=[row.low <= row.chosen.actual <= row.high for row in rows],
        outage=None if cold else _loss(series, by_mode["any"], most),
        cold=_cold(series, most),
    )


def _chosen(rows: Sequence[BacktestRow]) -> list[float]:
    return [row.chosen.actual for row in rows]


def _baseline(rows: Sequence[BacktestRow]) -> list[float]:
    return [row.baseline.actual for row in rows if row.baseline]


def _over(one: Sequence[float], other: Sequence[float]) -> float | None:
    return sum(one) / sum(other) if sum(other) else None


def _p95(rows: Sequence[BacktestRow]) -> float | None:
    if not rows:
        return None
    theirs = float(np.percentile(_baseline(rows), 95))
    return float(np.percentile(_chosen(rows), 95)) / theirs if theirs else None


def _loss(series: History, rows: Sequence[BacktestRow], most: int) -> float | None:
    """What more comes in the slots chosen from a history with outages, over those from one without."""
    counts, last = series.counts.copy(), float("-inf")
    for row in backtest.backtest_rows(series, [_OUTAGE], ["any"], most=_EARLIER):
        if row.chosen.start - last >= _FORTNIGHT:
            first, last = series.place(row.chosen.start), row.chosen.start
            counts[first : first + series.steps(_OUTAGE)] *= 0  # what was not observed stays so
    there = np.flatnonzero(~np.isnan(counts))
    spoilt = grid.history(series.seconds(there), counts[there], zone=series.zone, country=series.country)
    clean = {(row.origin, row.hours): row.chosen.actual for row in rows}
    pairs = []
    for row in backtest.backtest_rows(spoilt, _LENGTHS, ["any"], most=most):
        came = series.came(series.place(row.chosen.start), series.steps(timedelta(hours=row.hours)))
        if (row.origin, row.hours) in clean and not np.isnan(came):
            pairs.append((came, clean[row.origin, row.hours]))
    over = _over([came for came, _ in pairs], [truth for _, truth in pairs])
    return None if over is None else over - 1


def _cold(series: History, most: int) -> list[float]:
    """For each length, any hours and staffed ones: three weeks of history against a cautious habit."""
    sums: dict[tuple[float, str], list[tuple[float, float]]] = {}
    for row in backtest.backtest_rows(series, _LENGTHS, ["any", "staffed"], most=most, weeks=_THREE_WEEKS):
        theirs = _by_hour_of_day(series, row)
        if not np.isnan(theirs):
            sums.setdefault((row.hours, row.mode), []).append((row.chosen.actual, theirs))
    found = [_over([ours for ours, _ in pairs], [theirs for _, theirs in pairs]) for pairs in sums.values()]
    return [ratio for ratio in found if ratio]


def _by_hour_of_day(series: History, row: BacktestRow) -> float:
    """What came in the slot that the 90th percentile of each hour of day would have chosen; NaN: unknown."""
    now, steps = series.place(row.origin), series.steps(timedelta(hours=row.hours))
    begin = max(0, now - round(_THREE_WEEKS * 7 * DAY / series.step))
    hour = (series.local % DAY // HOUR).astype(np.int64)
    known = begin + np.flatnonzero(~np.isnan(series.counts[begin:now]))
    by_hour: Floats = np.array(
        [
            np.percentile(some, 90) if (some := series.counts[known[hour[known] == each]]).size else np.nan
            for each in range(24)
        ]
    )
    day = int(series.local[min(now, series.local.size - 1)] // DAY)
    starts = limits.allowed_starts(series, day, steps, row.mode)
    if not starts.size:
        return float("nan")
    sums = by_hour[hour[starts[:, None] + np.arange(steps)]].sum(axis=1)
    if np.isnan(sums).all():
        return float("nan")
    return series.came(int(starts[np.nanargmin(sums)]), steps)


def _line(name: str, found: Figures) -> str:
    modes = [
        _shown(found.ratios[mode], 19) if found.ratios[mode] else f"{f'd {found.differences[mode]:+.1f}':>19}"
        for mode in _MODES
    ]
    inside = statistics.fmean(found.inside) if found.inside else None
    cold = _geometric(found.cold)
    return (
        f"{name:28}"
        + "".join(modes)
        + _shown(found.p95, 8)
        + _shown(found.promised, 8)
        + _shown(inside, 8)
        + _shown(found.outage, 9)
        + _shown(cold, 9)
    )


def _total(found: Sequence[Figures]) -> str:
    modes = {mode: [ratio for one in found if (ratio := one.ratios[mode])] for mode in _MODES}
    p95 = [one.p95 for one in found if one.p95]
    promised = [one.promised for one in found if one.promised]
    covered = [statistics.fmean(one.inside) for one in found if one.inside]
    pooled = [inside for one in found for inside in one.inside]
    lost = [one.outage for one in found if one.outage is not None]
    ratios = [ratio for some in modes.values() for ratio in some]
    lines = [
        f"{'all':28}" + "".join(_shown(_geometric(some), 19) for some in modes.values())
        + _shown(_geometric(p95), 8) + f"{'':8}" + _shown(statistics.fmean(pooled) if pooled else None, 8)
        + f"{'':9}" + _shown(_geometric([ratio for one in found for ratio in one.cold]), 9)
    ]  # fmt: skip
    if ratios:
        lines.append(
            f"worst single series {max(ratios):.3f}; promised over actual {min(promised):.3f} to "
            f"{max(promised):.3f}; covered {min(covered):.1%} to {max(covered):.1%}; "
            f"lost to outages {statistics.fmean(lost):+.2%} on average, {max(lost):+.2%} at the most"
        )
    return "\n".join(lines)


def _geometric(values: Sequence[float]) -> float | None:
    return statistics.geometric_mean(values) if values else None


def _shown(value: float | None, width: int) -> str:
    return f"{'–':>{width}}" if value is None else f"{value:{width}.3f}"


def _print_speed() -> None:
    """Two years by the hour, made up with a fixed seed: what the figures are worth does not matter here."""
    now = datetime(2026, 3, 2, tzinfo=UTC)
    place = Place("Online banking", ZoneInfo("Europe/London"), Country("GB"))
    hours = np.arange(2 * 365 * 24)
    at: Floats = now.timestamp() - HOUR * (hours[::-1] + 1).astype(np.float64)
    dice = random.Random(5)  # nothing secret about it
    counts = np.array(
        [200 * (1.2 + np.sin(hour * np.pi / 12)) * dice.lognormvariate(0, 0.3) for hour in hours]
    )
    starts = now.timestamp() + HOUR / 2 * np.arange(60 * 48, dtype=np.float64)

    def fit() -> Profile:
        return learning.fit(at, counts, place, now=now)

    profile = fit()
    content = storage.packed(profile)

    def suggest() -> object:
        expected = profile.expected(starts, 2 * HOUR)
        best = datetime.fromtimestamp(starts[int(np.nanargmin(expected))], UTC)
        return profile.expect(best, best + timedelta(hours=2))

    def unpack() -> object:
        return storage.unpacked(content, place)

    print(f"fitting two years of hourly data        {_median(fit):7.1f} ms, median of {_RUNS}")
    print(f"one suggestion among 60 days, in memory {_median(suggest):7.1f} ms")
    print(f"unpacking a stored profile              {_median(unpack):7.1f} ms, {len(content):,} bytes")


def _median(question: Callable[[], object]) -> float:
    question()
    took = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        question()
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took)


if __name__ == "__main__":
    main()
