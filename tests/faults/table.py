"""The figures of faults in; the table that the end of a run shows, out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class Figures:
    """One line of the table.

    `doubled` came twice without leave; `twice` because a policy sends again what is in doubt, which it does
    with mails, under the same Message-ID. `unknown` were ever in doubt, `left` still are.
    """

    fault: str
    deliveries: int
    lost: int
    doubled: int
    twice: int
    unknown: int
    left: int
    seconds: float


PROPERTY: Final = "fault"
"""Under this name the figures travel with a test's report."""

_HEAD: Final = (
    "fault",
    "deliveries",
    "lost",
    "doubled",
    "twice by policy",
    "unknown",
    "left",
    "seconds until whole",
)


def packed(figures: Figures) -> dict[str, Any]:
    """As plain values, for a report that may come from another process."""
    return dataclasses.asdict(figures)


def lines(figures: Iterable[Figures]) -> list[str]:
    """The table, in the order of the faults' numbers."""
    rows = [
        (
            one.fault,
            f"{one.deliveries:,}",
            str(one.lost),
            str(one.doubled),
            str(one.twice),
            str(one.unknown),
            str(one.left),
            f"{one.seconds:.1f}",
        )
        for one in sorted(figures, key=_place)
    ]
    widths = [max(len(row[column]) for row in (_HEAD, *rows)) for column in range(len(_HEAD))]
    return [
        " | ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in (_HEAD, *rows)
    ]


def of_reports(reports: Iterable[Any]) -> list[Figures]:
    """The figures that tests have left in their reports."""
    return [
        Figures(**value)
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == PROPERTY and report.when == "call"
    ]


def _place(figures: Figures) -> tuple[int, str]:
    digits = "".join(letter for letter in figures.fault.split()[0] if letter.isdigit())
    return int(digits or 0), figures.fault
