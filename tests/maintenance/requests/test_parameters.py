"""What an address may say of a number or a time, and the sentence for what it may not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import BadRequest

from maintenance.requests import parameters

READERS = (
    parameters.number_parameter,
    parameters.day_parameter,
    parameters.month_parameter,
    parameters.instant_parameter,
)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("query", [{}, {"asked": ""}])
def test_what_is_not_asked_is_none(read: object, query: dict[str, str]) -> None:
    assert read(query, "asked") is None  # type: ignore[operator]


@pytest.mark.parametrize(("text", "found"), [("0", 0), ("007", 7), (str(2**63 - 1), 2**63 - 1)])
def test_a_number_is_read(text: str, found: int) -> None:
    assert parameters.number_parameter({"before": text}, "before") == found


@pytest.mark.parametrize("text", ["²", "٣", "-1", "1.5", "1e3", " 1", "1_0", str(2**63), "9" * 5_000, "on"])
def test_what_is_no_number_is_asked_for_anew(text: str) -> None:
    with pytest.raises(BadRequest, match="before must be a whole number, like 12"):
        parameters.number_parameter({"before": text}, "before")


def test_days_and_months_are_read() -> None:
    assert parameters.day_parameter({"week": "2026-11-29"}, "week") == date(2026, 11, 29)
    assert parameters.month_parameter({"month": "2026-11"}, "month") == date(2026, 11, 1)


@pytest.mark.parametrize("text", ["soon", "2026-02-31", "²026-11-29", "2026-11-29T00:00"])
def test_what_is_no_day_is_asked_for_anew(text: str) -> None:
    with pytest.raises(BadRequest, match="week must be written like 2026-11-29"):
        parameters.day_parameter({"week": text}, "week")


@pytest.mark.parametrize("text", ["soon", "2026-13", "2026-1", "2026-11-29"])
def test_what_is_no_month_is_asked_for_anew(text: str) -> None:
    with pytest.raises(BadRequest, match="month must be written like 2026-11"):
        parameters.month_parameter({"month": text}, "month")


def test_an_instant_is_read_with_its_zone() -> None:
    at = parameters.instant_parameter({"at": "2026-11-29T02:00+03:00"}, "at")
    assert at is not None
    assert at.astimezone(UTC) == datetime(2026, 11, 28, 23, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-11-29T02:00", "2026-02-31T02:00Z", "2026-11-29", "now"])
def test_what_is_no_instant_is_asked_for_anew(text: str) -> None:
    with pytest.raises(BadRequest, match="at must be a time with its zone, like 2026-11-29T02:00Z"):
        parameters.instant_parameter({"at": text}, "at")


@pytest.mark.parametrize("text", ["0001-01-01T00:00+14:00", "9999-12-31T23:59-12:00", "1969-12-31T00:00Z"])
def test_a_year_at_either_end_of_the_calendar_is_asked_for_anew(text: str) -> None:
    with pytest.raises(BadRequest, match="at: Choose a year from 1970 to 2199"):
        parameters.instant_parameter({"at": text}, "at")


@pytest.mark.parametrize("text", ["1970-01-01T00:00+23:59", "2199-12-31T23:59-23:59"])
def test_within_the_years_no_zone_and_no_length_overflows(text: str) -> None:
    at = parameters.instant_parameter({"at": text}, "at")
    assert at is not None
    for shift in (timedelta(days=-730), timedelta(days=730)):
        assert (at + shift).astimezone(UTC)
