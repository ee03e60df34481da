"""Rows of a traffic file: which moment and count each means, and which mean none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maintenance.imports.csv_rows import Reject
from maintenance.imports.samples import Reader

LONDON = ZoneInfo("Europe/London")


def moments(timestamps: Sequence[str], zone: ZoneInfo = LONDON) -> list[str]:
    """When the rows of one file were, in UTC."""
    read = Reader(zone)
    return [f"{read((timestamp, '1'))[0]:%dT%H:%M}" for timestamp in timestamps]


def reason(timestamp: str, count: str = "1", *, now: datetime | None = None) -> str:
    """Why the row is rejected."""
    with pytest.raises(Reject) as rejected:
        Reader(LONDON, now=now)((timestamp, count))
    return str(rejected.value)


@pytest.mark.parametrize(
    "timestamp",
    ["2026-07-01T09:30", "2026-07-01 09:30:00", "20260701T0930", "2026-W27-3T09:30"],
)
def test_a_time_without_an_offset_is_the_services_own(timestamp: str) -> None:
    """In any way that ISO 8601 writes it."""
    assert Reader(LONDON)((timestamp, "7")) == (datetime(2026, 7, 1, 8, 30, tzinfo=UTC), 7.0)


@pytest.mark.parametrize("timestamp", ["2026-07-01T09:30+11:00", "2026-06-30T22:30Z"])
def test_an_offset_decides(timestamp: str) -> None:
    """Whatever the service's zone."""
    assert moments([timestamp]) == ["30T22:30"]


def test_offsets_may_differ_from_row_to_row() -> None:
    """Each says for itself which moment it means; one without any is the service's own time."""
    mixed = ["2026-07-01T12:00Z", "2026-07-01T12:30+02:00", "2026-07-01T12:00", "2026-06-30T23:15-11:00"]
    assert moments(mixed) == ["01T12:00", "01T10:30", "01T11:00", "01T10:15"]


def test_times_with_and_without_an_offset_are_counted() -> None:
    """So that a mixed file can be spoken of; rejected rows are not among them."""
    read = Reader(LONDON)
    for timestamp in ("2026-07-01T12:00Z", "2026-07-01T13:00", "2026-07-01T14:00"):
        read((timestamp, "1"))
    with pytest.raises(Reject):
        read(("2026-03-29T01:30", "1"))
    assert (read.with_offset, read.without_offset) == (1, 2)


@pytest.mark.parametrize(
    "timestamp", ["2026-03-02T10:01", "2026-03-02T10:00:00.1Z", "2026-03-02T09:00-02:00", "2027-03-02T09:00"]
)
def test_what_begins_more_than_an_hour_ahead_is_rejected(timestamp: str, now: datetime) -> None:
    """It cannot have been counted."""
    sentence = f"the timestamp {timestamp!r} is in the future: check its year and its time zone"
    assert reason(timestamp, now=now) == sentence


@pytest.mark.parametrize("timestamp", ["2026-03-02T09:00", "2026-03-02T10:00", "2026-03-02T12:00+02:00"])
def test_an_hour_ahead_is_taken(timestamp: str, now: datetime) -> None:
    """Clocks differ, and some name an hour by its end."""
    assert Reader(LONDON, now=now)((timestamp, "1"))[1] == 1.0


def test_without_a_now_the_future_is_taken() -> None:
    """A recorded file may be replayed at any time."""
    assert moments(["2199-01-01T09:00Z"]) == ["01T09:00"]


def test_the_hour_that_spring_leaves_out_is_rejected() -> None:
    """No clock showed it."""
    sentence = "2026-03-29T01:30:00 does not exist in Europe/London: the clocks went forward"
    assert reason("2026-03-29T01:30") == sentence


def test_the_hour_that_autumn_repeats_is_first_the_first_pass() -> None:
    """A file that counts it once means summer time."""
    assert moments(["2025-10-26T00:30", "2025-10-26T01:00", "2025-10-26T02:00"]) == [
        "25T23:30",
        "26T00:00",
        "26T02:00",
    ]


def test_the_same_time_again_right_after_is_the_second_pass() -> None:
    """Both hours of the night are kept."""
    night = ["01:00", "01:30", "01:00", "01:30", "02:00"]
    assert moments([f"2025-10-26T{time}" for time in night]) == [
        "26T00:00",
        "26T00:30",
        "26T01:00",
        "26T01:30",
        "26T02:00",
    ]


def test_a_file_with_the_newest_row_first_has_the_second_pass_first() -> None:
    """Many exports are in that order."""
    night = ["02:00", "01:30", "01:00", "01:30", "01:00", "00:30"]
    assert moments([f"2025-10-26T{time}" for time in night]) == [
        "26T02:00",
        "26T01:30",
        "26T01:00",
        "26T00:30",
        "26T00:00",
        "25T23:30",
    ]


def test_the_same_time_in_another_part_of_the_file_is_the_first_pass_again() -> None:
    """It repeats a row; the clocks do not."""
    assert moments(["2025-10-26T01:00", "2026-01-05T09:00", "2025-10-26T01:00"]) == [
        "26T00:00",
        "05T09:00",
        "26T00:00",
    ]


def test_a_third_pass_is_rejected() -> None:
    """There are two."""
    read = Reader(LONDON)
    for _ in range(2):
        read(("2025-10-26T01:00", "1"))
    with pytest.raises(Reject, match="comes a third time"):
        read(("2025-10-26T01:00", "1"))


@pytest.mark.parametrize(
    ("timestamp", "sentence"),
    [
        ("", "the timestamp '' is not ISO 8601 like 2026-03-02T09:30"),
        ("02/03/2026 09:30", "the timestamp '02/03/2026 09:30' is not ISO 8601 like 2026-03-02T09:30"),
        ("1772443800", "the timestamp '1772443800' is not ISO 8601 like 2026-03-02T09:30"),
        ("2026-03-02", "the timestamp '2026-03-02' has no time of day"),
        ("20260302", "the timestamp '20260302' has no time of day"),
        ("0001-01-01T00:00", "the timestamp '0001-01-01T00:00' is not between 1970 and 2200"),
    ],
)
def test_what_is_no_moment_is_rejected(timestamp: str, sentence: str) -> None:
    """With what it should look like."""
    assert reason(timestamp) == sentence


@pytest.mark.parametrize(("text", "count"), [("0", 0.0), ("-0", 0.0), ("12.5", 12.5), ("1e3", 1000.0)])
def test_a_count_may_be_fractional(text: str, count: float) -> None:
    """An average is one."""
    assert str(Reader(LONDON)(("2026-03-02T09:30", text))[1]) == str(count)


@pytest.mark.parametrize(
    ("count", "sentence"),
    [
        ("-1", "the count '-1' is negative"),
        ("-0.001", "the count '-0.001' is negative"),
        ("1e13", "the count '1e13' is more than any service has"),
        *((text, f"the count {text!r} is not a number like 1250 or 12.5") for text in ("", "many", "1,250")),
        *(
            (text, f"the count {text!r} is not a number like 1250 or 12.5")
            for text in ("nan", "NaN", "inf", "-Infinity", "1e999", "1_250", "12,5")
        ),
    ],
)
def test_what_is_no_count_is_rejected(count: str, sentence: str) -> None:
    """Python takes more for numbers than a bank does."""
    assert reason("2026-03-02T09:30", count) == sentence


@given(
    at=st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1)),  # noqa: DTZ001  # a file's are naive
    zone=st.sampled_from(["Europe/London", "Asia/Riyadh", "America/New_York", "Australia/Lord_Howe"]),
)
def test_every_time_that_a_clock_showed_is_the_moment_at_which_it_did(at: datetime, zone: str) -> None:
    """Read back in the zone it is the same time; every other one is rejected."""
    clock = ZoneInfo(zone)
    try:
        read, _ = Reader(clock)((at.isoformat(), "1"))
    except Reject:
        gap = at.replace(tzinfo=clock)
        assert gap.astimezone(UTC).astimezone(clock).replace(tzinfo=None) != at
    else:
        assert read.astimezone(clock).replace(tzinfo=None) == at
