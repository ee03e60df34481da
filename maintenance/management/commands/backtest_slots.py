"""A traffic file in; what suggested slots would have carried at many past moments, beside old habits, out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from maintenance import backtest, bank_days, bank_time
from maintenance.backtest import BacktestRow, Choice, History
from maintenance.imports import samples
from maintenance.management import imports
from maintenance.management.arguments import parsed_duration, parsed_number, parsed_zone
from maintenance.traffic import TooLittle
from maintenance.traffic.weeks import Floats

_CHUNK_ROWS: Final = 50_000
_NAMES: Final = {"sunday": "Sunday 02:00", "last_week": "same hours last week", "mean": "8-week mean"}

_TITLE: Final = (
    "Suggested at {number} {midnights} from {first} to {last}, each time from what lay before it alone:\n"
    "slots that begin 5 to 12 days later, {hours}{clear}."
)
_LEGEND: Final = (
    "Of an ordinary hour: traffic in the chosen slots over the mean of all hours.\n"
    "Suggested : it: traffic in the suggested slots over that in the slots of this habit, same midnights."
)
_DIFFERENCE: Final = "With a sign: nothing came in the latter, and this many counts in the former."
_NO_SLOT: Final = "none to judge"


class Command(BaseCommand):
    """Prove suggestions on a history."""

    help = (
        "Suggest slots at many past midnights of a traffic file, each from what lay before it alone, and "
        "show what came in them, beside Sunday 02:00, the same hours of last week and the mean of each hour "
        "of the week over eight weeks. Nothing is stored."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """FILE, where it was counted, and what is to be suggested."""
        imports.add_file(parser)
        parser.add_argument(
            "--zone", required=True, type=parsed_zone, help="Its time zone, like Europe/London."
        )
        parser.add_argument("--country", required=True, help="Whose holidays it keeps: GB, US-MN.")
        parser.add_argument("--durations", type=durations, default="1h,2h,4h", help="Lengths, like 1h,2h,4h.")
        parser.add_argument("--staffed", action="store_true", help="Only 08:00 to 20:00 on working days.")
        parser.add_argument(
            "--blackouts",
            action="store_true",
            help="Not on holidays, the 1st, 15th and 25th and the last two days of a month.",
        )
        parser.add_argument(
            "--origins", type=parsed_number, default=200, metavar="N", help="At most so many."
        )
        parser.add_argument(
            "--history",
            type=parsed_number,
            metavar="WEEKS",
            help="Read only so many weeks before each origin.",
        )
        parser.add_argument(
            "--json", action="store_true", help="Print one object for each origin and length."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Replay and print. Raises CommandError with one clear sentence."""
        series = self._history(options)
        if doubt := series.country.doubt(_local(series.begins, options["zone"]).year):
            self.stderr.write(doubt)
        mode = ("staffed" if options["staffed"] else "any") + ("+blackouts" if options["blackouts"] else "")
        found = backtest.backtest_rows(
            series, options["durations"], [mode], most=options["origins"], weeks=options["history"]
        )
        rows = [row for row in found if row.baseline]
        if not rows:
            raise CommandError(
                "There is no moment at which a slot could be suggested and then judged: the file needs at "
                "least 3 weeks of traffic, and 2 more to judge by."
            )
        if options["json"]:
            lines = (json.dumps(_plain(row, options["zone"])) for row in rows)
            self.stdout.write("[\n" + ",\n".join(lines) + "\n]")
        else:
            self.stdout.write(_report(rows, options["zone"], mode))

    def _history(self, options: dict[str, Any]) -> History:
        times: list[Floats] = []
        counts: list[Floats] = []

        def store(rows: Sequence[tuple[datetime, float]]) -> None:
            times.append(np.array([at.timestamp() for at, _ in rows]))
            counts.append(np.array([count for _, count in rows]))

        reader = samples.Reader(options["zone"])
        source = imports.ImportSource(options["file"], samples.COLUMNS, reader, _CHUNK_ROWS)
        tally = imports.import_file(source, store, out=self.stderr)
        if tally.rejected:
            self.stderr.write(imports.rejections(tally, None))
        at, count = np.concatenate(times), np.concatenate(counts)
        latest = at.size - 1 - np.unique(at[::-1], return_index=True)[1]  # of one moment the last row counts
        try:
            return backtest.history(
                at[latest], count[latest], zone=options["zone"], country=_country(options["country"])
            )
        except TooLittle as error:
            raise CommandError(str(error)) from None


def durations(text: str) -> list[timedelta]:
    """`1h,2h,4h`."""
    return [parsed_duration(part) for part in text.split(",")]


def _country(code: str) -> bank_days.Country:
    """With the bank's own holidays, where there is a database that has them."""
    try:
        return bank_days.days_of_country(code)
    except DatabaseError:
        return bank_days.Country(code.upper())


def _plain(row: BacktestRow, zone: ZoneInfo) -> dict[str, Any]:
    baseline = row.baseline
    assert baseline is not None  # rows without one are left out
    return {
        "origin": _local(row.origin, zone).isoformat(),
        "duration": row.hours,
        "mode": row.mode,
        "start": _local(row.chosen.start, zone).isoformat(),
        "promised": row.chosen.promised,
        "low": row.low,
        "high": row.high,
        "actual": row.chosen.actual,
        "baseline_start": _local(baseline.start, zone).isoformat(),
        "baseline_actual": baseline.actual,
    }


def _report(rows: Sequence[BacktestRow], zone: ZoneInfo, mode: str) -> str:
    first, last = (bank_time.day_words(_local(at, zone).date()) for at in (rows[0].origin, rows[-1].origin))
    number = len({row.origin for row in rows})
    kind, _, limits = mode.partition("+")
    title = _TITLE.format(
        number=number,
        midnights="midnight" if number == 1 else "midnights",
        first=first,
        last=last,
        hours="from 08:00 to 20:00 on working days" if kind == "staffed" else "at any hour",
        clear=",\nclear of holidays, the 1st, 15th and 25th and the last two days of a month"
        if limits
        else "",
    )
    heads = ("", "slot", "of an ordinary hour", "suggested : it", "promised : came", "in the 80 % range")
    table: list[tuple[str, ...]] = [heads]
    for length in sorted({row.hours for row in rows}):
        table += _lines([row for row in rows if row.hours == length])
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    printed = [
        "  ".join(
            cell.ljust(width) if place < 2 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in table
    ]
    signed = any(cell.startswith(("+", "-")) for line in table for cell in line)
    return "\n".join([title, "", *printed, "", _LEGEND, *([_DIFFERENCE] if signed else [])])


def _lines(rows: Sequence[BacktestRow]) -> list[tuple[str, ...]]:
    """The table's lines for one length."""
    length = bank_time.length_words(timedelta(hours=rows[0].hours))
    inside = sum(row.low <= row.chosen.actual <= row.high for row in rows) / len(rows)
    lines: list[tuple[str, ...]] = [
        (
            length,
            "suggested",
            _share([row.chosen for row in rows], rows),
            "",
            _ratio([row.chosen.promised for row in rows], [row.chosen.actual for row in rows]),
            f"{100 * inside:.0f} %",
        )
    ]
    for name, words in _NAMES.items():
        pairs = [(row, choice) for row in rows if (choice := row.habits[name])]
        theirs = [choice for _, choice in pairs]
        if not pairs:
            lines.append(("", words, _NO_SLOT, "", "", ""))
        else:
            ours = [row.chosen.actual for row, _ in pairs]
            came = [choice.actual for choice in theirs]
            promise = "" if name == "sunday" else _ratio([choice.promised for choice in theirs], came)
            lines.append(
                ("", words, _share(theirs, [row for row, _ in pairs]), _ratio(ours, came), promise, "")
            )
    return lines


def _share(choices: Sequence[Choice], rows: Sequence[BacktestRow]) -> str:
    came = sum(choice.actual for choice in choices)
    ordinary = sum(row.mean_rate * row.hours for row in rows)
    return f"{100 * came / ordinary:.1f} %" if ordinary else "–"


def _ratio(one: Sequence[float], other: Sequence[float]) -> str:
    return f"{sum(one) / sum(other):.2f}" if sum(other) else f"{sum(one):+.1f}"


def _local(at: float, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(at, zone)
