"""Instants in; the bank's own clock and its words for them out."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from django.utils import timezone

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


def bank_zone() -> tzinfo:
    """The zone of the bank's day (setting TIME_ZONE)."""
    return timezone.get_default_timezone()


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


def words(at: datetime) -> str:
    """`Sunday 29 November 2026, 02:00`, on the bank's clock."""
    local = at.astimezone(bank_zone())
    return f"{day_words(local.date())}, {local:%H:%M}"


def span_words(starts_at: datetime, ends_at: datetime) -> str:
    """`Sunday 29 November 2026, 02:00 to 04:00`, on the bank's clock."""
    ends = ends_at.astimezone(bank_zone())
    same_day = bank_day(starts_at) == ends.date()
    return f"{words(starts_at)} to {f'{ends:%H:%M}' if same_day else words(ends_at)}"


def length_words(length: timedelta) -> str:
    """`2 h`, `1 h 30 min`, `45 min`."""
    hours, minutes = divmod(round(length.total_seconds() / 60), 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes or not hours)
    return " ".join(parts)
