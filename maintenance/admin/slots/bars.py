"""An expected load in; where the parts of its bar lie, and its shares of an ordinary hour, out."""

from __future__ import annotations

from dataclasses import dataclass

from maintenance.traffic import Load


@dataclass(frozen=True)
class LoadBar:
    """Places in percent of the bar's width, and shares in percent of an ordinary hour."""

    expected: float
    low: float
    high: float
    ordinary: float
    percent: float
    percent_low: float
    percent_high: float

    @property
    def busy(self) -> bool:
        """Whether this is no quiet time at all."""
        return self.percent > 50


def load_bar(load: Load, share: float) -> LoadBar:
    """The load beside an ordinary hour (share 1), both inside the bar whichever is larger."""
    one = load.expected / share if share else max(load.high, 1.0)
    width = max(one, load.high) * 1.04 or 1.0
    places = (round(100 * value / width, 2) for value in (load.expected, load.low, load.high, one))
    shares = (100 * value / one for value in (load.expected, load.low, load.high))
    return LoadBar(*places, *shares)
