"""Local times and a locale in; what its clock reads out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from babel import Locale
from babel.dates import format_time

from notifications.phrases import phrase


def read(times: Sequence[datetime], language: str, locale: Locale, *, is_short: bool) -> list[str]:
    """The times of one sentence: 02:00 and 04:00, or 2:00 and 4:00 AM, or in short 2 and 4 AM."""
    pattern = str(locale.time_formats["short"].pattern)
    if "a" not in pattern:
        return [format_time(at, pattern, tzinfo=at.tzinfo, locale=locale) for at in times]
    periods = [_period(at, language, locale, is_short=is_short) for at in times]
    if pattern.endswith("a") and times[0].date() == times[-1].date() and len(set(periods)) == 1:
        periods[:-1] = [""] * (len(times) - 1)  # as people say it: from 2 to 4 AM
    return [
        _time(at, pattern, period, locale, is_short=is_short)
        for at, period in zip(times, periods, strict=True)
    ]


def is_confusing(times: Sequence[datetime]) -> bool:
    """Whether a clock that is changed meanwhile shows a time twice, or too much or too little between two."""
    return len({at.utcoffset() for at in times}) > 1 or any(map(_is_twice, times))


def _period(at: datetime, language: str, locale: Locale, *, is_short: bool) -> str:
    """AM or PM in the locale's words; midnight and noon by name, since 12:00 could be either."""
    if (at.hour % 12, at.minute) == (0, 0):
        return phrase(language, "noon" if at.hour else "midnight")
    periods = (
        locale.day_periods["format"]["abbreviated"] if is_short else locale.day_periods["stand-alone"]["wide"]
    )
    return str(periods["am" if at.hour < 12 else "pm"])


def _time(at: datetime, pattern: str, period: str, locale: Locale, *, is_short: bool) -> str:
    if is_short and not at.minute:
        pattern = pattern.replace(":mm", "")
    quoted = period.replace("'", "''")
    pattern = pattern.replace("a", f"'{quoted}'" if period else "").strip()
    return format_time(at, pattern, tzinfo=at.tzinfo, locale=locale)


def _is_twice(at: datetime) -> bool:
    first, second = at.replace(fold=0).utcoffset(), at.replace(fold=1).utcoffset()
    return (first or timedelta()) > (second or timedelta())
