"""The clocks that an iCalendar file names in; time zones, and the times on them, out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from icalendar import Timezone, vDuration
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from maintenance import bank_time
from maintenance.bank_time import YEARS
from maintenance.imports.csv_rows import Reject
from maintenance.imports.ics.content_lines import Component, Property

_LONGEST: Final = timedelta(days=3_660)
_TIME: Final = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?")
_RULE: Final = re.compile(r"RRULE:(?!.*FREQ=YEARLY)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FileTime:
    """A time as the file has it: what a clock shows, whose clock, and whether the whole day is meant."""

    local: datetime
    zone: tzinfo
    whole_day: bool = False

    @property
    def at(self) -> datetime:
        """The instant."""
        return self.local.replace(tzinfo=self.zone).astimezone(UTC)

    def shown_on(self, zone: tzinfo) -> datetime:
        """What another clock shows at that moment; itself where the clocks are the same."""
        return self.local if zone == self.zone else self.at.astimezone(zone).replace(tzinfo=None)


class FileZones:
    """Whose clock a time is on: a zone known by its name, as calendars write it, or described in the file.

    A time without a zone floats in RFC 5545; here it is the bank's, and so is a whole day.
    """

    def __init__(self, described: Iterable[Component]) -> None:
        self._described = {component.value("TZID"): component for component in described}
        self._made: dict[str, tzinfo] = {}

    def times(self, line: Property) -> list[FileTime]:
        """The times of a property, which may have several; raises Reject."""
        return [self._time(text.strip(), line) for text in line.value.split(",")]

    def _time(self, text: str, line: Property) -> FileTime:
        found = _TIME.fullmatch(text)
        try:
            if not found:
                raise ValueError
            local = datetime.strptime(f"{found[1]}{found[2] or '000000'}", "%Y%m%d%H%M%S")  # noqa: DTZ007
        except ValueError:
            raise Reject(f"{line.name} is “{text[:30]}”, which is no time") from None
        if local.year not in YEARS:
            raise Reject(f"{line.name} is not between {YEARS.start} and {YEARS.stop}")
        if found[2] is None:
            return FileTime(local, bank_time.bank_zone(), whole_day=True)
        return FileTime(local, UTC if found[3] else self.zone(line.parameters.get("TZID", "")))

    def zone(self, name: str) -> tzinfo:
        """The zone of that name, the bank's where there is none; raises Reject."""
        if not name:
            return bank_time.bank_zone()
        if name not in self._made:
            self._made[name] = self._known(name)
        return self._made[name]

    def _known(self, name: str) -> tzinfo:
        described = self._described.get(name)
        names = [name, described.value("X-LIC-LOCATION") if described else ""]
        for candidate in names:
            if key := _key(candidate):
                return ZoneInfo(key)  # the same object each time, so that a clock is seen to be the same
        if described is None:
            raise Reject(f"the time zone “{name[:60]}” is not known, and the file does not describe it")
        return _made(described, name)


def ics_duration(text: str) -> timedelta:
    """A duration like PT2H; raises Reject."""
    try:
        value = vDuration.from_ical(text)  # type: ignore[no-untyped-call]
    except ValueError:
        raise Reject(f"DURATION is “{text[:30]}”, which is no length") from None
    assert isinstance(value, timedelta)
    if abs(value) > _LONGEST:
        raise Reject(f"DURATION is “{text[:30]}”, which is longer than ten years")
    return value


@cache
def _key(name: str) -> str:
    """The IANA name, perhaps after a maker's prefix (/citadel.org/Europe/London), or for that of Windows.

    Empty where none is known.
    """
    parts = name.strip("/").split("/")
    tails = ["/".join(parts[start:]) for start in range(len(parts))]
    return next((tail for tail in tails if tail in bank_time.zone_names()), WINDOWS_TO_OLSON.get(name, ""))


def _made(described: Component, name: str) -> tzinfo:
    """A zone from its description in the file."""
    fault = Reject(f"the time zone “{name[:60]}” is not known, and its description cannot be read")
    if described.fault or any(_RULE.match(line) for line in described.text):
        raise fault
    try:
        component = Timezone.from_ical("\r\n".join(described.text))
        assert isinstance(component, Timezone)
        zone = component.to_tz(lookup_tzid=False)
        zone.utcoffset(datetime(2026, 1, 1))  # noqa: DTZ001  # whether it can be counted with at all
    except (ValueError, KeyError, IndexError, TypeError, AssertionError):
        raise fault from None
    assert isinstance(zone, tzinfo)
    return zone
