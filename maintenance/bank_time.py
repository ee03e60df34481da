"""Instants and names of zones in; clocks, the bank's own above all, and its words for instants out."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.conf import settings

YEARS: Final = range(1970, 2200)
"""Of every time that is taken in: no zone and no length carries one over either end of the calendar."""
WITHIN_YEARS: Final = f"Choose a year from {YEARS.start} to {YEARS.stop - 1}."


def within_years(at: datetime) -> datetime:
    """A time from outside, in UTC: PostgreSQL takes no offset of 16 hours and more.

    Raises ValueError, with a sentence, where its year is not one of YEARS.
    """
    if at.year not in YEARS:
        raise ValueError(WITHIN_YEARS)
    return at.astimezone(UTC)


def bank_zone() -> ZoneInfo:
    """The zone of the bank's day (setting TIME_ZONE)."""
    return ZoneInfo(settings.TIME_ZONE)


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo | None:
    """The zone of an IANA name that was taken in before; None where nobody knows it, or no more."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def zone_of(owner: object, name: str) -> ZoneInfo:
    """The same, where there must be one. Raises ValueError, with a sentence that names the owner."""
    found = zone(name)
    if found is None:
        raise ValueError(
            f"{owner} has the time zone {name!r}, which does not exist: "
            "correct it in the admin to a name like Europe/London."
        )
    return found


@cache
def zone_names() -> frozenset[str]:
    """The IANA names that may be taken in."""
    return frozenset(available_timezones())


def bank_day(at: datetime) -> date:
    """The date at the bank at an instant."""
    return at.astimezone(bank_zone()).date()


def at_bank(day: date, clock: time) -> datetime:
    """The instant (UTC) at which the bank's clock shows this time on this day.

    A time that the spring change skips is taken as if the clock had not changed; of one that the
    autumn change repeats, the first is meant (PEP 495).
    """
    return datetime.combine(day, clock, bank_zone()).astimezone(UTC)


def new_year(year: int) -> datetime:
    """The instant (UTC) at which a year begins at the bank."""
    return at_bank(date(year, 1, 1), time.min)


def day_words(day: date) -> str:
    """`Sunday 29 November 2026`."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def moment_words(at: datetime) -> str:
    """`Sunday 29 November 2026, 02:00`, on the bank's clock."""
    local = at.astimezone(bank_zone())
    return f"{day_words(local.date())}, {local:%H:%M}"


def span_words(starts_at: datetime, ends_at: datetime) -> str:
    """`Sunday 29 November 2026, 02:00 to 04:00`, on the bank's clock."""
    ends = ends_at.astimezone(bank_zone())
    same_day = bank_day(starts_at) == ends.date()
    return f"{moment_words(starts_at)} to {f'{ends:%H:%M}' if same_day else moment_words(ends_at)}"


def length_words(length: timedelta) -> str:
    """`2 h`, `1 h 30 min`, `45 min`."""
    hours, minutes = divmod(round(length.total_seconds() / 60), 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes or not hours)
    return " ".join(parts)
