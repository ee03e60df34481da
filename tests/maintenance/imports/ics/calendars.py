"""Calendar files as Google, Outlook and Apple write them, and the times that a file stands for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from textwrap import dedent

from maintenance import bank_time, recurrence
from maintenance.imports.ics import calendar_file
from maintenance.imports.ics.calendar_file import CalendarFile
from maintenance.imports.ics.event import ImportedFreeze

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)

LONDON_OF_OUTLOOK = """
    BEGIN:VTIMEZONE
    TZID:{name}
    BEGIN:STANDARD
    DTSTART:16010101T020000
    TZOFFSETFROM:+0100
    TZOFFSETTO:+0000
    RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
    END:STANDARD
    BEGIN:DAYLIGHT
    DTSTART:16010101T010000
    TZOFFSETFROM:+0000
    TZOFFSETTO:+0100
    RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
    END:DAYLIGHT
    END:VTIMEZONE
"""

GOOGLE = """
    BEGIN:VCALENDAR
    PRODID:-//Google Inc//Google Calendar 70.9054//EN
    VERSION:2.0
    CALSCALE:GREGORIAN
    METHOD:PUBLISH
    X-WR-CALNAME:Change freezes
    X-WR-TIMEZONE:Europe/London
    BEGIN:VTIMEZONE
    TZID:Europe/London
    X-LIC-LOCATION:Europe/London
    BEGIN:DAYLIGHT
    TZOFFSETFROM:+0000
    TZOFFSETTO:+0100
    TZNAME:GMT+1
    DTSTART:19700329T010000
    RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
    END:DAYLIGHT
    BEGIN:STANDARD
    TZOFFSETFROM:+0100
    TZOFFSETTO:+0000
    TZNAME:GMT
    DTSTART:19701025T020000
    RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
    END:STANDARD
    END:VTIMEZONE
    BEGIN:VEVENT
    DTSTART;TZID=Europe/London:20260312T200000
    DTEND;TZID=Europe/London:20260313T060000
    RRULE:FREQ=WEEKLY;WKST=MO;UNTIL=20260430T225959Z;BYDAY=TH
    EXDATE;TZID=Europe/London:20260319T200000
    DTSTAMP:20260301T090000Z
    UID:6k1salary@google.com
    CREATED:20260201T090000Z
    DESCRIPTION:Salary files are taken in\\, nothing may be touched. A long line tha
     t is folded where the seventy-fifth octet ends.
    LAST-MODIFIED:20260201T090000Z
    SEQUENCE:1
    STATUS:CONFIRMED
    SUMMARY:Salary files
    TRANSP:OPAQUE
    BEGIN:VALARM
    ACTION:DISPLAY
    DESCRIPTION:This is an event reminder
    TRIGGER:-P0DT0H30M0S
    END:VALARM
    END:VEVENT
    BEGIN:VEVENT
    DTSTART;TZID=Europe/London:20260409T220000
    DTEND;TZID=Europe/London:20260410T080000
    DTSTAMP:20260301T090000Z
    UID:6k1salary@google.com
    RECURRENCE-ID;TZID=Europe/London:20260409T200000
    SUMMARY:Salary files\\, later
    STATUS:CONFIRMED
    SEQUENCE:2
    END:VEVENT
    BEGIN:VEVENT
    DTSTART;VALUE=DATE:20261215
    DTEND;VALUE=DATE:20270105
    RRULE:FREQ=YEARLY
    DTSTAMP:20260301T090000Z
    UID:yearend@google.com
    SUMMARY:Year end
    STATUS:CONFIRMED
    END:VEVENT
    END:VCALENDAR
"""

OUTLOOK = f"""
    BEGIN:VCALENDAR
    PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN
    VERSION:2.0
    METHOD:PUBLISH
    X-MS-OLK-FORCEINSPECTOROPEN:TRUE
    {LONDON_OF_OUTLOOK.format(name="GMT Standard Time").strip()}
    BEGIN:VEVENT
    CLASS:PUBLIC
    CREATED:20260101T120000Z
    DESCRIPTION: \\n
    DTEND;TZID="GMT Standard Time":20260308T060000
    DTSTAMP:20260101T120000Z
    DTSTART;TZID="GMT Standard Time":20260308T020000
    EXDATE;TZID="GMT Standard Time":20260412T020000,20260510T020000
    LAST-MODIFIED:20260101T120000Z
    PRIORITY:5
    RRULE:FREQ=MONTHLY;BYDAY=2SU
    SEQUENCE:0
    SUMMARY;LANGUAGE=en-gb:Clearing test
    TRANSP:OPAQUE
    UID:040000008200E00074C5B7101A82E008000000004A1F7C4B2A3DDB01000000000000000
    \t010000000F2C1
    X-MICROSOFT-CDO-BUSYSTATUS:BUSY
    X-MICROSOFT-CDO-IMPORTANCE:1
    END:VEVENT
    END:VCALENDAR
"""

APPLE = """
    BEGIN:VCALENDAR
    VERSION:2.0
    PRODID:-//Apple Inc.//macOS 15.1//EN
    CALSCALE:GREGORIAN
    BEGIN:VTIMEZONE
    TZID:Europe/London
    BEGIN:DAYLIGHT
    TZOFFSETFROM:+0000
    RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
    DTSTART:19810329T010000
    TZNAME:BST
    TZOFFSETTO:+0100
    END:DAYLIGHT
    BEGIN:STANDARD
    TZOFFSETFROM:+0100
    RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
    DTSTART:19961027T020000
    TZNAME:GMT
    TZOFFSETTO:+0000
    END:STANDARD
    END:VTIMEZONE
    BEGIN:VEVENT
    CREATED:20260110T101112Z
    UID:8A1D0C6B-7D9C-4F6B-B7B6-0E4B8E4A9E11
    DTEND;TZID=Europe/London:20260327T230000
    TRANSP:OPAQUE
    X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC
    SUMMARY:Month end close
    DTSTART;TZID=Europe/London:20260327T180000
    DTSTAMP:20260110T101112Z
    RRULE:FREQ=MONTHLY;BYDAY=FR;BYSETPOS=-1;COUNT=6
    SEQUENCE:0
    EXDATE;VALUE=DATE:20260529
    END:VEVENT
    BEGIN:VEVENT
    UID:8A1D0C6B-7D9C-4F6B-B7B6-0E4B8E4A9E12
    SUMMARY:Election
    DTSTART;VALUE=DATE:20260507
    DTSTAMP:20260110T101112Z
    END:VEVENT
    END:VCALENDAR
"""


def written(text: str) -> bytes:
    """A calendar as its maker sends it: without the indent of a test, with the line ends of RFC 5545."""
    lines = [line.removeprefix("    ") for line in text.strip("\n").splitlines()]
    return "".join(f"{line}\r\n" for line in lines).encode()


def event(*lines: str, uid: str = "one@bank", around: str = "") -> bytes:
    """A calendar with one event of these lines."""
    return calendar(block(*lines, uid=uid), around=around)


def block(*lines: str, uid: str = "one@bank") -> str:
    """The text of one event."""
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", "SUMMARY:Sale", *lines, "END:VEVENT"])


def calendar(*blocks: str, around: str = "") -> bytes:
    """A calendar of these components."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN"]
    extra = [dedent(around).strip("\n").replace("\n", "\r\n")] if around else []
    return "\r\n".join([*head, *extra, *blocks, "END:VCALENDAR", ""]).encode()


def read(content: bytes) -> CalendarFile:
    """The file, as of Monday 2 March 2026."""
    return calendar_file.parsed_calendar(content, "freezes.ics", now=NOW)


def entries(content: bytes) -> list[ImportedFreeze]:
    """The freezes of a file, all of which must be taken."""
    found = read(content)
    assert [each.reason for each in found.rejected] == []
    return [entry for taken in found.events for entry in taken.entries]


def reasons(content: bytes) -> list[str]:
    """Why events were not taken; none of them was."""
    found = read(content)
    assert found.events == []
    return [each.reason for each in found.rejected]


def times(content: bytes, days: int = 365) -> list[str]:
    """Every time in the coming days, by the bank's clock."""
    last = NOW + timedelta(days=days)
    found = sorted(
        at for entry in entries(content) for at in recurrence.occurrences(entry.recurring, NOW, last)
    )
    return [
        " to ".join(f"{at.astimezone(bank_time.bank_zone()):%m-%d %H:%M}" for at in pair) for pair in found
    ]
