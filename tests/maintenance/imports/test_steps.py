"""Which steps of samples are taken, and what is said of those that are not."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest

from maintenance.imports import steps
from tests.maintenance.usage import LONDON

FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def every(step: timedelta, number: int, first: datetime = FIRST) -> list[datetime]:
    """So many moments, one step apart."""
    return [first + index * step for index in range(number)]


@pytest.mark.parametrize("minutes", [1, 5, 10, 15, 30, 60])
def test_a_minute_to_an_hour_is_taken(minutes: int) -> None:
    """That is what the expected week can be learnt from."""
    assert steps.step_fault(every(timedelta(minutes=minutes), 500)) == ""


def test_counting_need_not_be_on_the_dot() -> None:
    """A minute is sometimes two seconds shorter."""
    chance = random.Random(1)
    late = [at + timedelta(seconds=chance.uniform(0, 4)) for at in every(timedelta(minutes=1), 500)]
    assert steps.step_fault(late) == ""


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "second"), (0.5, "0.5 seconds"), (10, "10 seconds"), (30, "30 seconds")]
)
def test_less_than_a_minute_is_refused(seconds: float, words: str) -> None:
    """Adding up is the bank's to do: of a minute cut in two by a chunk, one half would be lost."""
    assert steps.step_fault(every(timedelta(seconds=seconds), 500)) == (
        f"has a count every {words}. Samples must be from a minute to an hour apart: "
        "add them up to minutes first."
    )


@pytest.mark.parametrize(
    ("hours", "words"), [(1.5, "1 h 30 min"), (6, "6 h"), (24, "day"), (7 * 24, "7 days")]
)
def test_more_than_an_hour_is_refused(hours: float, words: str) -> None:
    """A day's count is not that of its first hour."""
    assert steps.step_fault(every(timedelta(hours=hours), 40)) == (
        f"has one count every {words} from 2026-01-01T00:00Z on, which says nothing about the hours between. "
        "Samples must be from a minute to an hour apart: export the counts of each hour or finer."
    )


def midnights(days: Iterable[date]) -> list[datetime]:
    """When these days begin in London."""
    return [datetime(day.year, day.month, day.day, tzinfo=LONDON).astimezone(UTC) for day in days]


@pytest.mark.parametrize(
    "days",
    [
        [date(2026, 3, 1) + timedelta(days=index) for index in range(60)],  # the clocks change
        [day for index in range(90) if (day := date(2026, 3, 1) + timedelta(days=index)).weekday() < 5],
        [date(2024 + index // 12, index % 12 + 1, 1) for index in range(24)],
    ],
    ids=["days", "working days", "months"],
)
def test_steps_of_the_calendar_are_refused(days: list[date]) -> None:
    """They are not all as long as each other."""
    assert "says nothing about the hours between" in steps.step_fault(midnights(days))


def test_days_that_go_over_into_hours_are_refused() -> None:
    """Old counts are often kept by the day; the sentence says from when."""
    hours = every(timedelta(hours=1), 2_000)
    days = every(timedelta(days=1), 200, hours[-1] + timedelta(hours=1))
    assert steps.step_fault(hours + days).startswith("has one count every day from 2026-03-25T08:00Z on")


@pytest.mark.parametrize("number", [0, 1, 2, 6])
def test_single_samples_have_no_step(number: int) -> None:
    """Rows that were mended are few and far apart."""
    assert steps.step_fault(every(timedelta(days=1), number)) == ""


def test_hours_without_a_sample_are_no_step() -> None:
    """Of many exports the hours without traffic are missing."""
    chance = random.Random(2)
    sparse = [at for at in every(timedelta(hours=1), 5_000) if chance.random() < 0.2]
    assert steps.step_fault(sparse) == ""


def test_a_part_of_an_unordered_file_has_no_step() -> None:
    """Its neighbours are in other parts."""
    chance = random.Random(3)
    assert steps.step_fault(sorted(chance.sample(every(timedelta(minutes=1), 2_000_000), 20_000))) == ""
