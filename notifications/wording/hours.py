"""Local times and a locale in; what its clock reads out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from babel import Locale
from babel.dates import format_time

from notifications.wording.phrases import shared_phrase

_HALF: Final = re.compile(r"(?<!')\ba+\b|a+(?=h)")
"""Where a time pattern has its AM or PM; some hold quoted words as well: a 'ga' h:mm."""


def hours_words(times: Sequence[datetime], language: str, locale: Locale, *, is_short: bool) -> list[str]:
    """The times of one sentence: 02:00 and 04:00, or 2:00 and 4:00 AM, or in short 2 and 4 AM."""
    pattern = str(locale.time_formats["short"].pattern)
    half = _HALF.search(pattern)
    if half is None:
        return [format_time(at, pattern, tzinfo=at.tzinfo, locale=locale) for at in times]
    names = [_half(at, language, locale, is_short=is_short) for at in times]
    if half.end() == len(pattern) and times[0].date() == times[-1].date() and len(set(names)) == 1:
        names[:-1] = [""] * (len(times) - 1)  # as people say it: from 2 to 4 AM
    read = []
    for at, name in zip(times, names, strict=True):
        brief = pattern.replace(":mm", "") if is_short and not at.minute else pattern
        quoted = "'" + name.replace("'", "''") + "'" if name else ""
        read.append(format_time(at, _HALF.sub(quoted, brief).strip(), tzinfo=at.tzinfo, locale=locale))
    return read


def is_confusing(times: Sequence[datetime]) -> bool:
    """Whether a clock that is changed meanwhile shows a time twice, or too much or too little between two."""
    return len({at.utcoffset() for at in times}) > 1 or any(map(_is_twice, times))


def _half(at: datetime, language: str, locale: Locale, *, is_short: bool) -> str:
    """AM or PM in the locale's words; midnight and noon by name, since 12:00 could be either."""
    if (at.hour % 12, at.minute) == (0, 0):
        return shared_phrase(language, "noon" if at.hour else "midnight")
    key = "am" if at.hour < 12 else "pm"
    written_out = None if is_short else locale.day_periods["stand-alone"]["wide"].get(key)
    return str(written_out or locale.day_periods["format"]["abbreviated"][key])


def _is_twice(at: datetime) -> bool:
    first, second = at.replace(fold=0).utcoffset(), at.replace(fold=1).utcoffset()
    return (first or timedelta()) > (second or timedelta())
