"""Freezes from calendar files, as Google, Outlook and Apple write them, and as nobody should."""

from __future__ import annotations

import itertools
import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import hypothesis
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from ical.calendar_stream import IcsCalendarStream

from maintenance import bank_time, recurrence
from maintenance.imports.ics import calendar_file, content_lines
from maintenance.imports.text_files import Unreadable
from tests.maintenance.imports.ics import calendars
from tests.maintenance.imports.ics.calendars import (
    APPLE,
    GOOGLE,
    LONDON_OF_OUTLOOK,
    NOW,
    OUTLOOK,
    block,
    calendar,
    entries,
    event,
    read,
    reasons,
    times,
    written,
)

HOUR = ("DTSTART:20260310T020000", "DTEND:20260310T030000")


def other_reader(content: bytes, last: datetime) -> list[tuple[datetime, datetime]]:
    """The times in which a library for calendars, which shares none of our code, sees events until then."""
    found = IcsCalendarStream.calendar_from_ics(content.decode())
    zone = bank_time.bank_zone()

    def instant(at: date) -> datetime:
        whole = at if isinstance(at, datetime) else datetime(at.year, at.month, at.day, tzinfo=zone)
        return (whole if whole.tzinfo else whole.replace(tzinfo=zone)).astimezone(UTC)

    seen = ((instant(each.start), instant(each.end)) for each in found.timeline_tz(zone))
    return sorted(pair for pair in itertools.takewhile(lambda pair: pair[0] < last, seen) if pair[1] > NOW)


def ours(content: bytes, last: datetime) -> list[tuple[datetime, datetime]]:
    """The same of our freezes."""
    return sorted(
        pair for entry in entries(content) for pair in recurrence.occurrences(entry.recurring, NOW, last)
    )


@pytest.mark.parametrize("text", [GOOGLE, OUTLOOK, APPLE], ids=["Google", "Outlook", "Apple"])
def test_calendars_are_read_as_another_reader_reads_them(text: str) -> None:
    # the other reader knows no date among times that are left out (Apple's)
    content = written(text.replace("EXDATE;VALUE=DATE:20260529", "EXDATE;TZID=Europe/London:20260529T180000"))
    last = NOW + timedelta(days=700)
    assert ours(content, last) == other_reader(content, last) != []


ZONES = (
    "Europe/London",
    "Europe/Paris",
    "Europe/Dublin",
    "America/New_York",
    "Asia/Riyadh",
    "Australia/Sydney",
)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@st.composite
def repeats(draw: st.DrawFn) -> bytes:
    """An event that repeats, on one of some clocks, its first time named by its rule."""
    start = datetime(2026, 3, 3) + timedelta(days=draw(st.integers(0, 400)))  # noqa: DTZ001  # on a drawn clock
    start = start.replace(hour=draw(st.sampled_from((0, 5, 13, 22, 23))))
    weekday = WEEKDAYS[start.weekday()]
    rule = draw(
        st.sampled_from(
            (
                "FREQ=WEEKLY",
                f"FREQ=WEEKLY;BYDAY={weekday},SA",
                f"FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY={weekday},SU",
                "FREQ=MONTHLY",
                f"FREQ=MONTHLY;BYDAY={(start.day + 6) // 7}{weekday}",
                f"FREQ=MONTHLY;BYMONTHDAY={start.day},-1",
                "FREQ=YEARLY",
                f"FREQ=YEARLY;BYMONTH={start.month};BYDAY={weekday};BYSETPOS={(start.day + 6) // 7}",
            )
        )
    )
    end = draw(st.sampled_from(("", ";COUNT=7", ";UNTIL=20270228T120000Z")))
    name = draw(st.sampled_from(ZONES))
    left_out = start + timedelta(weeks=draw(st.integers(1, 6)))
    hours, zone = draw(st.integers(1, 30)), ZoneInfo(name)
    ends = (start + timedelta(hours=hours)).replace(tzinfo=zone)
    assume(ends.astimezone(UTC).astimezone(zone) == ends)  # not in an hour that the clocks skip
    return event(
        f"DTSTART;TZID={name}:{start:%Y%m%dT%H%M%S}",
        f"DURATION:PT{hours}H",
        f"RRULE:{rule}{end}",
        f"EXDATE;TZID={name}:{left_out:%Y%m%dT%H%M%S}",
    )


@given(repeats())
@hypothesis.settings(max_examples=60, deadline=None)
def test_whatever_repeats_is_read_as_another_reader_reads_it(content: bytes) -> None:
    last = NOW + timedelta(days=700)
    found = read(content)
    reasons = ("UNTIL", "never names", "it would overlap itself")
    if found.rejected and all(any(why in each.reason for why in reasons) for each in found.rejected):
        return  # it had ended before it began, or its next time begins before the last one ends
    assert ours(content, last) == other_reader(content, last)


def test_google_s_week_keeps_its_exceptions_and_the_time_that_was_moved() -> None:
    assert times(written(GOOGLE), days=60) == [
        "03-12 20:00 to 03-13 06:00",
        "03-26 20:00 to 03-27 06:00",
        "04-02 20:00 to 04-03 06:00",
        "04-09 22:00 to 04-10 08:00",
        "04-16 20:00 to 04-17 06:00",
        "04-23 20:00 to 04-24 06:00",
        "04-30 20:00 to 05-01 06:00",
    ]


def test_outlook_s_names_of_zones_and_folded_lines_are_read() -> None:
    [entry] = entries(written(OUTLOOK))
    assert (entry.name, entry.line, len(entry.uid)) == ("Clearing test", 21, 84)
    assert times(written(OUTLOOK), days=120) == ["03-08 02:00 to 03-08 06:00", "06-14 02:00 to 06-14 06:00"]


def test_apple_s_date_leaves_out_the_time_on_that_day() -> None:
    assert "05-29 18:00 to 05-29 23:00" not in times(written(APPLE))
    assert "05-07 00:00 to 05-08 00:00" in times(written(APPLE))  # a day without an end


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (HOUR, "03-10 02:00 to 03-10 03:00"),
        (("DTSTART:20260710T020000Z", "DTEND:20260710T030000Z"), "07-10 03:00 to 07-10 04:00"),
        (("DTSTART;TZID=America/New_York:20260310T220000", "DURATION:PT90M"), "03-11 02:00 to 03-11 03:30"),
        (
            ("DTSTART;TZID=/citadel.org/Asia/Riyadh:20260310T050000", "DURATION:P1D"),
            "03-10 02:00 to 03-11 02:00",
        ),
        (
            ("DTSTART;TZID=Arabic Standard Time:20260310T050000", "DURATION:PT1H"),
            "03-10 02:00 to 03-10 03:00",
        ),
        (("DTSTART;VALUE=DATE:20260310",), "03-10 00:00 to 03-11 00:00"),
        (("DTSTART;VALUE=DATE:20260328", "DTEND;VALUE=DATE:20260331"), "03-28 00:00 to 03-31 00:00"),
        (("DTSTART;VALUE=DATE:20260310", "DURATION:P2D"), "03-10 00:00 to 03-12 00:00"),
    ],
    ids=["floating", "UTC", "zone", "maker's prefix", "Windows", "a day", "days", "a length of days"],
)
def test_a_time_is_read_on_its_own_clock(lines: tuple[str, ...], shown: str) -> None:
    assert times(event(*lines)) == [shown]


@pytest.mark.parametrize("name", ["Customized Time Zone", "(UTC+00:00) Dublin, Edinburgh, Lisbon, London"])
def test_a_zone_that_only_the_file_describes_is_used(name: str) -> None:
    quoted = f'DTSTART;TZID="{name}":20260710T020000'
    content = event(quoted, "DURATION:PT1H", around=LONDON_OF_OUTLOOK.format(name=name))
    assert times(content) == ["07-10 02:00 to 07-10 03:00"]


def test_a_repeat_keeps_its_hour_when_the_clocks_change() -> None:
    content = event(*HOUR, "RRULE:FREQ=WEEKLY")
    assert [shown[6:11] for shown in times(content, days=60)] == ["02:00"] * 8


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        (("DTSTART;TZID=Europe/Paris:20260310T030000", "RRULE:FREQ=WEEKLY;BYDAY=TU"), "FREQ=WEEKLY;BYDAY=TU"),
        (
            ("DTSTART;TZID=Europe/Paris:20260310T030000", "RRULE:FREQ=WEEKLY;UNTIL=20260331T030000"),
            "FREQ=WEEKLY;UNTIL=20260331T010000Z",
        ),
        (
            ("DTSTART;TZID=Europe/Paris:20260310T030000", "RRULE:FREQ=DAILY;UNTIL=20260331"),
            "FREQ=DAILY;UNTIL=20260331T215959Z",
        ),
        (("DTSTART;TZID=Europe/Dublin:20260310T020000", "RRULE:FREQ=DAILY"), "FREQ=DAILY"),
        (("DTSTART:20260110T020000Z", "RRULE:FREQ=YEARLY"), "FREQ=YEARLY"),
    ],
    ids=["Paris", "Paris until", "Paris until a day", "Dublin", "a day in winter"],
)
def test_a_rule_on_a_clock_that_shows_the_same_is_kept(lines: tuple[str, ...], rule: str) -> None:
    [entry] = entries(event(*lines, "DURATION:PT1H"))
    assert entry.recurrence == rule


@pytest.mark.parametrize(
    "lines",
    [
        ("DTSTART;TZID=America/New_York:20260310T220000", "RRULE:FREQ=WEEKLY;BYDAY=TU"),
        ("DTSTART:20260310T020000Z", "RRULE:FREQ=WEEKLY;COUNT=40"),
        ("DTSTART;TZID=Asia/Riyadh:20260310T010000", "RRULE:FREQ=MONTHLY;BYMONTHDAY=10,-1"),
        (
            "DTSTART;TZID=Europe/Paris:20260310T003000",
            "RRULE:FREQ=WEEKLY;BYDAY=TU",
            "EXDATE:20260316T233000Z",
        ),
    ],
    ids=["New York", "UTC", "Riyadh", "Paris after midnight"],
)
def test_a_rule_on_another_clock_is_taken_as_single_times(lines: tuple[str, ...]) -> None:
    content = event(*lines, "DURATION:PT1H")
    found = entries(content)
    assert {entry.recurrence for entry in found} == {""}
    assert all("on the clock of" in entry.remark for entry in found)
    last = NOW + timedelta(days=730)
    assert ours(content, last) == other_reader(content, last) != []


def test_a_daily_rule_on_another_clock_is_too_much() -> None:
    content = event("DTSTART;TZID=Asia/Riyadh:20260310T010000", "DURATION:PT1H", "RRULE:FREQ=DAILY")
    [reason] = reasons(content)
    assert "on the clock of Asia/Riyadh, not of the bank" in reason


def test_further_dates_stand_beside_the_event() -> None:
    further = (
        "RDATE:20260312T050000",
        "RDATE;VALUE=PERIOD:20260314T010000/PT30M,20260315T010000/20260315T020000",
    )
    content = event(*HOUR, *further)
    assert times(content) == [
        "03-10 02:00 to 03-10 03:00",
        "03-12 05:00 to 03-12 06:00",
        "03-14 01:00 to 03-14 01:30",
        "03-15 01:00 to 03-15 02:00",
    ]
    assert len({entry.uid for entry in entries(content)}) == 4


def test_a_first_time_that_its_rule_does_not_name_counts() -> None:
    """RFC 5545: DTSTART is the first instance."""
    content = event(*HOUR, "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=FR")
    assert times(content, days=28) == [
        "03-10 02:00 to 03-10 03:00",
        "03-13 02:00 to 03-13 03:00",
        "03-27 02:00 to 03-27 03:00",
    ]


def test_a_first_time_that_is_left_out_is_left_out() -> None:
    assert times(event(*HOUR, "RRULE:FREQ=WEEKLY;COUNT=2", "EXDATE:20260310T020000")) == [
        "03-17 02:00 to 03-17 03:00"
    ]
    assert times(event(*HOUR, "RDATE:20260311T020000", "EXDATE:20260310T020000")) == [
        "03-11 02:00 to 03-11 03:00"
    ]


def test_a_single_time_that_is_called_off_is_left_out() -> None:
    week = block(*HOUR, "RRULE:FREQ=WEEKLY;COUNT=3")
    off = block(
        "RECURRENCE-ID:20260317T020000", "DTSTART:20260317T020000", "DURATION:PT1H", "STATUS:CANCELLED"
    )
    assert times(calendar(week, off)) == ["03-10 02:00 to 03-10 03:00", "03-24 02:00 to 03-24 03:00"]


def test_a_single_time_without_its_repeat_is_a_freeze_of_its_own() -> None:
    alone = event("RECURRENCE-ID:20260310T020000", "DTSTART:20260310T040000", "DURATION:PT1H")
    [taken] = read(alone).events
    assert taken.uids == ("one@bank#20260310T020000Z",) == (taken.entries[0].uid,)


def test_a_cancelled_event_has_no_entries() -> None:
    [taken] = read(event(*HOUR, "STATUS:CANCELLED")).events
    assert (taken.uids, taken.entries) == (("one@bank",), ())
    [taken] = read(event(*HOUR, around="METHOD:CANCEL")).events
    assert taken.entries == ()


def test_the_later_version_of_an_event_counts() -> None:
    later = block("DTSTART:20260311T020000", "DURATION:PT1H", "SEQUENCE:2")
    found = read(calendar(later, block(*HOUR, "SEQUENCE:1")))
    assert [entry.line for taken in found.events for entry in taken.entries] == [4]
    assert [each.reason for each in found.rejected] == [
        "line 4 has a later version of it, under the same UID"
    ]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("DTEND:20260310T030000",), "no start"),
        (("DTSTART:20260310T020000",), "no length"),
        (("DTSTART:20260310T020000", "DTEND:20260310T020000"), "does not end after it starts"),
        (("DTSTART:20260310T020000", "DURATION:-PT1H"), "does not end after it starts"),
        (("DTSTART:20260310T020000", "DURATION:soon"), "no length"),
        (("DTSTART:20261310T020000", "DURATION:PT1H"), "“20261310T020000”, which is no time"),
        (("DTSTART:16010101T000000", "DURATION:PT1H"), "between 1970 and 2200"),
        (("DTSTART;TZID=Mars/Olympus:20260310T020000", "DURATION:PT1H"), "“Mars/Olympus” is not known"),
        ((*HOUR, "DTSTART:20260311T020000"), "more than one DTSTART"),
        ((*HOUR, "RRULE:FREQ=HOURLY"), "not more often than that"),
        ((*HOUR, "RRULE:FREQ=DAILY;BYHOUR=1,2,3"), "no recurrence rule"),
        ((*HOUR, "RRULE:FREQ=DAILY;INTERVAL=0"), "no recurrence rule"),
        ((*HOUR, "RRULE:FREQ=SOMETIMES"), "no recurrence rule"),
        ((*HOUR, "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"), "never names a time"),
        ((*HOUR, "RRULE:FREQ=DAILY;UNTIL=20250101T000000Z"), "never names a time"),
        ((*HOUR, "RRULE:FREQ=DAILY", "EXRULE:FREQ=WEEKLY"), "EXRULE"),
        ((*HOUR, "RRULE:FREQ=DAILY", "EXDATE:tomorrow"), "EXDATE is “tomorrow”"),
        ((*HOUR, "RECURRENCE-ID;RANGE=THISANDFUTURE:20260310T020000"), "RANGE"),
        ((*HOUR, "RECURRENCE-ID:20260310T020000", "STATUS:CANCELLED"), "does not hold"),
        (("DTSTART TZID=Europe/London 20260310T020000", "DURATION:PT1H"), "cannot be read"),
        ((*HOUR, "BEGIN:VALARM"), "BEGIN:VALARM is ended by END:VEVENT"),
    ],
)
def test_what_cannot_be_taken_is_rejected_with_its_line_and_its_reason(
    lines: tuple[str, ...], reason: str
) -> None:
    found = read(event(*lines))
    assert found.events == []
    [rejected] = found.rejected
    assert reason in rejected.reason
    assert (rejected.line, rejected.uid, rejected.name) == (4, "one@bank", "Sale")


def test_one_broken_exception_costs_the_whole_event_and_no_other() -> None:
    broken = block("RECURRENCE-ID:20260317T020000", "DTSTART:20260317T020000", uid="two@bank")
    found = read(calendar(block(*HOUR), block(*HOUR, "RRULE:FREQ=WEEKLY", uid="two@bank"), broken))
    assert [taken.uids for taken in found.events] == [("one@bank",)]
    assert [(each.line, each.uid) for each in found.rejected] == [(10, "two@bank")]


def test_an_event_that_never_ends_costs_no_other() -> None:
    found = read(calendar(block(*HOUR), block(*HOUR, uid="two@bank").removesuffix("END:VEVENT")))
    assert [taken.uids for taken in found.events] == [("one@bank",)]
    assert [each.uid for each in found.rejected] == ["two@bank"]


def test_an_event_without_a_uid_would_be_doubled() -> None:
    content = event(*HOUR).replace(b"UID:one@bank\r\n", b"")
    assert "a second import would double it" in reasons(content)[0]


def test_tasks_are_not_events() -> None:
    task = "BEGIN:VTODO\r\nUID:task\r\nSUMMARY:Write\r\nEND:VTODO"
    assert reasons(calendar(task)) == ["only events are read"]


def test_a_description_that_repeats_by_the_second_is_not_counted_with() -> None:
    around = LONDON_OF_OUTLOOK.format(name="Mine").replace("FREQ=YEARLY;", "FREQ=SECONDLY;")
    [reason] = reasons(event("DTSTART;TZID=Mine:20260310T020000", "DURATION:PT1H", around=around))
    assert "its description cannot be read" in reason


def test_a_long_uid_is_kept_as_its_hash() -> None:
    [entry] = entries(calendar(block(*HOUR, uid="x" * 300)))
    assert entry.uid.startswith("sha256:")
    assert entries(calendar(block(*HOUR, uid="x" * 300))) == [entry]


def test_a_name_is_one_short_line() -> None:
    content = event(*HOUR).replace(b"SUMMARY:Sale", b"SUMMARY:Year\\n end\\, and\x07 " + b"x" * 200)
    [entry] = entries(content)
    assert entry.name.startswith("Year end, and xx")
    assert len(entry.name) == 120
    [entry] = entries(event(*HOUR).replace(b"SUMMARY:Sale\r\n", b""))
    assert entry.name == "Without a name"


@pytest.mark.parametrize("ending", [b"\n", b"\r"])
def test_any_ending_of_lines_is_read(ending: bytes) -> None:
    assert times(event(*HOUR).replace(b"\r\n", ending)) == ["03-10 02:00 to 03-10 03:00"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not a calendar"),
        (b"name,starts_at\nYear end,2026-12-15", "is not a calendar"),
        (b"PK\x03\x04" + bytes(range(256)), "is not UTF-8"),
        (event(*HOUR).decode().encode("utf-16"), "is not UTF-8"),
        (event(*HOUR).replace(b"Sale", b"Ann\xe9e"), "is not UTF-8 (line 6)"),
        (event(*HOUR)[:-20], "is cut off"),
        (calendar(), "without an event"),
        (b"x" * (content_lines.MOST_BYTES + 1), "larger than 5 MB"),
    ],
    ids=["empty", "CSV", "binary", "UTF-16", "Latin-1", "cut off", "no event", "large"],
)
def test_a_file_that_is_no_calendar_says_so(content: bytes, words: str) -> None:
    with pytest.raises(Unreadable) as refused:
        calendars.read(content)
    assert str(refused.value).startswith("freezes.ics")
    assert words in str(refused.value)


def test_a_calendar_of_too_many_events_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_lines, "MOST_EVENTS", 1)
    with pytest.raises(Unreadable, match="more than 1 entries"):
        read(calendar(block(*HOUR), block(*HOUR, uid="two")))


def test_a_calendar_of_too_many_freezes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_file, "MOST_FREEZES", 100)
    with pytest.raises(Unreadable, match="comes to more than 100 freezes"):
        read(event("DTSTART:20260310T020000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY"))


@pytest.mark.process
def test_the_largest_file_is_read_within_seconds() -> None:
    blocks = [
        block(*HOUR, "RRULE:FREQ=WEEKLY", "DESCRIPTION:" + "x" * 2_200, uid=f"{n}") for n in range(2_000)
    ]
    content = calendar(*blocks)
    began = time.process_time()
    assert len(calendar_file.parsed_calendar(content, "large.ics", now=NOW).events) == 2_000
    assert len(content) > 0.85 * content_lines.MOST_BYTES
    assert time.process_time() - began < 20


def test_an_event_in_whose_end_a_year_was_mistyped_is_rejected() -> None:
    found = read(event("DTSTART:19700101T000000Z", "DTEND:21991231T000000Z", "RRULE:FREQ=DAILY"))
    [rejected] = found.rejected
    assert rejected.reason.startswith("Each time lasts 84,005 days, but the next one begins after 1 day")
    assert rejected.reason.endswith("Did you mistype a year?")
