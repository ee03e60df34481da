"""What every run took in; the figures beside what they must be, and all that ran, as printed, out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from tests.benchmarks.delivery.measured import Measured

Taken = Mapping[str, Sequence[Measured]]
"""Each runner's runs, in the order of the rounds."""


@dataclass(frozen=True)
class Row:
    """A figure, what it must be and what is reached for, and how each round's runs tell it."""

    figure: str
    must: float
    reach: float
    of: Callable[[Taken], list[float]]
    unit: str = ""
    less: bool = False
    """Whether less is better."""


def _against(ours: str, *theirs: str) -> Callable[[Taken], list[float]]:
    """Our rate over theirs, round by round; of several of theirs, over the fastest."""

    def ratios(taken: Taken) -> list[float]:
        others = [[run.rate for run in taken[name]] for name in theirs if taken.get(name)]
        if not others:
            return []
        best = map(max, zip(*others, strict=False))
        return [run.rate / other for run, other in zip(taken.get(ours, ()), best, strict=False)]

    return ratios


def _each(name: str, of: Callable[[Measured], float]) -> Callable[[Taken], list[float]]:
    return lambda taken: [of(run) for run in taken.get(name, ())]


def _overtaken(taken: Taken) -> list[float]:
    runs = taken.get("Lull, a million", ())
    return [value for run in runs for name, value in run.notes.items() if name.startswith("cancelled")]


def rows(wire: float) -> Sequence[Row]:
    """The table; `wire` is what 100 ms allow one process in a second."""
    sms, million = "Lull, SMS", "Lull, a million"
    one, two = "Lull, 100 ms, one worker", "Lull, 100 ms, two workers"
    return (
        Row("SMS/s, answered at once, against bare aiohttp", 0.3, 0.6, _against(sms, "bare aiohttp")),
        Row(
            *("the same against (b), the faster of its two", 15, 30),
            _against(sms, "(b) tuned, prefork", "(b) tuned, gevent"),
        ),
        Row("the same against (e)", 4, 9, _against(sms, "(e) chunks")),
        Row(
            *("SMS/s, answered after 100 ms, against in flight / 100 ms, one process", 0.85, 0.95),
            _each(one, lambda run: run.rate / wire),
        ),
        Row("the same, two processes", 0.85, 0.95, _each(two, lambda run: run.rate / wire / 2)),
        Row("mails/s over SMTP against (c)", 8, 20, _against("Lull, SMTP", "(c) post_office")),
        Row("the same against (d)", 3, 8, _against("Lull, SMTP", "(d) send_mail in chunks")),
        Row(
            *("mails/s through a mail service against anymail with one call each", 8, 15),
            _against("Lull, mail service", "anymail, one call each"),
        ),
        Row(
            *("worker CPU seconds per 1,000 SMS", 0.4, 0.2),
            _each(sms, lambda run: run.per_thousand(run.cpu)),
            unit=" s",
            less=True,
        ),
        Row(
            *("a million deliveries prepared", 20, 8),
            _each("Lull, prepared", lambda run: 1_000_000 / run.rate),
            unit=" s",
            less=True,
        ),
        Row(
            *("memory of a worker process during a million", 250, 150),
            _each(million, lambda run: run.memory),
            unit=" MB",
            less=True,
        ),
        Row(
            *("rate over its last tenth against its second", 0.9, 1.0),
            _each(million, lambda run: run.notes["late to early"]),
        ),
        Row(
            *("a cancellation's first SMS meanwhile, from its commit", 5, 2),
            _overtaken,
            unit=" s",
            less=True,
        ),
        Row("two workers against one, 100 ms", 1.8, 1.95, _against(two, one)),
    )


def figures(taken: Taken, wire: float) -> Iterator[str]:
    """The table as Markdown; figures of parts that did not run are left out."""
    yield "| figure | must | reach for | median | worst to best | |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for row in rows(wire):
        if values := row.of(taken):
            middle, far, near = median(values), *sorted((min(values), max(values)), reverse=row.less)
            must, reach, found = (f"{_short(value)}{row.unit}" for value in (row.must, row.reach, middle))
            span, verdict = f"{_short(far)} to {_short(near)}", _verdict(row, middle)
            yield f"| {row.figure} | {must} | {reach} | **{found}** | {span} | {verdict} |"


def _verdict(row: Row, value: float) -> str:
    def holds(bar: float) -> bool:
        return value <= bar if row.less else value >= bar

    return "reached" if holds(row.reach) else "holds" if holds(row.must) else "MISSED"


def everything(taken: Taken) -> Iterator[str]:
    """What each runner did, as medians: a table to look things up in."""
    yield (
        "| what | messages | per second | least to most | CPU s per 1,000: sender | server | PostgreSQL"
        " | MB | doubled | runs |"
    )
    yield "| --- " * 10 + "|"
    for name, runs in taken.items():
        rates = [run.rate for run in runs]
        cpu = [
            _short(median([run.per_thousand(getattr(run, whose)) for run in runs]))
            for whose in ("cpu", "server", "postgresql")
        ]
        yield (
            f"| {name} | {runs[0].messages:,} | {median(rates):,.0f} | {min(rates):,.0f} to {max(rates):,.0f}"
            f" | {' | '.join(cpu)} | {max(run.memory for run in runs):.0f}"
            f" | {sum(run.doubled for run in runs)} | {len(runs)} |"
        )
    for name, runs in taken.items():
        if names := list(dict.fromkeys(note for run in runs for note in run.notes)):
            said = (f"{note} {_short(median([run.notes[note] for run in runs]))}" for note in names)
            yield f"\n{name}: {', '.join(said)}."


_DIGITS: Final = 3


def _short(value: float) -> str:
    """Three digits that count, and no more behind the point than they need."""
    if not value or math.isinf(value):
        return f"{value:g}"
    behind = max(_DIGITS - 1 - math.floor(math.log10(abs(value))), 0)
    return f"{value:,.{behind}f}"
