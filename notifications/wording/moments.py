"""Instants, a language and a zone in; the words in which a person reads them out.

Dates and times follow the reader's locale (Babel, Unicode CLDR); how they are put together is
said by the language's phrases. Digits are Latin in every language, which is also what Babel
gives: they are read wherever Arabic is (the Maghreb uses no others), they stand on the cards,
statements and phones the reader compares them with, and they keep their order inside a link.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, get_timezone_gmt, get_timezone_location, get_timezone_name
from django.conf import settings

from maintenance import bank_time, languages
from notifications.wording import hours, segments
from notifications.wording.phrases import shared_phrase


class NoMoment(ValueError):
    """This is not a style with its instants."""


class Day(enum.Enum):
    """How much of a day is said."""

    FULL = "Sunday 29 November 2026"
    LONG = "Sunday 29 November"
    SHORT = "Sun 29 Nov"
    DATE = "29 Nov"


@dataclass(frozen=True, slots=True)
class Style:
    """A way to say so many moments: with which day, in which phrase, and whether it may name the zone."""

    moments: int
    day: Day
    phrase: str = ""
    zone: bool = True

    @property
    def is_short(self) -> bool:
        """For an SMS, where every character may cost."""
        return self.day in (Day.SHORT, Day.DATE)


STYLES: Final = {
    "day": Style(1, Day.LONG, zone=False),
    "moment": Style(1, Day.LONG, "moment"),
    "shortmoment": Style(1, Day.SHORT, "short moment"),
    # these stand beside a `zone`, or beside a time that has named it
    "from": Style(1, Day.FULL, "moment", zone=False),
    "until": Style(1, Day.FULL, "moment", zone=False),
    "barespan": Style(2, Day.LONG, "span", zone=False),
    "barewhen": Style(2, Day.LONG, "when", zone=False),
    "date": Style(1, Day.DATE, zone=False),
    "baremoment": Style(1, Day.DATE, "short moment", zone=False),
    "span": Style(2, Day.LONG, "span"),
    "when": Style(2, Day.LONG, "when"),
    "short": Style(2, Day.SHORT, "short"),
    "zone": Style(1, Day.LONG, zone=False),
}


@dataclass(frozen=True, slots=True)
class Bank:
    """Where the bank is: its zone, against which a reader's is compared, and its country's habits."""

    time_zone: str
    country: str


def bank_settings() -> Bank:
    """The bank of the settings."""
    return Bank(settings.TIME_ZONE, settings.COUNTRY)


def moment_words(style: str, instants: str, language: str, zone: str, *, name_zone: bool = False) -> str:
    """The words of one of STYLES for one or two ISO instants, joined by a slash.

    The zone is named where `name_zone` asks for it, and wherever the reader could be wrong about
    it: another offset than the bank's, or a zone nobody knows. An unknown zone is the bank's.
    Raises NoMoment where the style is unknown or the instants do not fit it.
    """
    return _say(style, instants, language, zone, name_zone, bank_settings())


def parsed_instant(words: str) -> datetime:
    """An ISO 8601 moment. Raises ValueError where it is none or names no zone."""
    at = datetime.fromisoformat(words)
    if at.tzinfo is None:
        raise ValueError(f"{words} has no zone")
    return at


@lru_cache(maxsize=65536)
def _say(style: str, instants: str, language: str, zone: str, name_zone: bool, bank: Bank) -> str:
    try:
        wanted, moments = STYLES[style], [parsed_instant(part) for part in instants.split("/")]
    except (KeyError, ValueError) as error:
        raise NoMoment(f"{style}:{instants}") from error
    if len(moments) != wanted.moments:
        raise NoMoment(f"{style}:{instants}")
    known, home = bank_time.zone(zone), ZoneInfo(bank.time_zone)
    local = [moment.astimezone(known or home) for moment in moments]
    speaker = _Speaker(language, languages.locale(language), known or home, local)
    words = speaker.place() if style == "zone" else speaker.words(wanted)
    elsewhere = any(at.utcoffset() != at.astimezone(home).utcoffset() for at in local)
    if wanted.zone and (name_zone or known is None or elsewhere):
        words = shared_phrase(language, "in zone", words=words, zone=speaker.place())
    # one kind of space everywhere: the rarer ones would double the price of an SMS
    return segments.simplify(words)


@dataclass(frozen=True, slots=True)
class _Speaker:
    """One reader's calendar and clock, for the moments of one sentence."""

    language: str
    locale: Locale
    zone: ZoneInfo
    local: list[datetime]

    def words(self, style: Style) -> str:
        """The moments in the style's phrase; a span within one day says the day once."""
        days = [self.day(at, style.day) for at in self.local]
        if not style.phrase:
            return days[0]
        times = hours.hours_words(self.local, self.language, self.locale, is_short=style.is_short)
        if hours.is_confusing(self.local):
            times = [f"{time} {self.offset(at)}" for time, at in zip(times, self.local, strict=True)]
        if style.moments == 1:
            return shared_phrase(self.language, style.phrase, day=days[0], time=times[0])
        start, end = self.local
        name = style.phrase if start.date() == end.date() else f"{style.phrase} over midnight"
        values = {"day": days[0], "start": times[0], "last_day": days[1], "end": times[1]}
        return shared_phrase(self.language, name, **values)

    def day(self, at: date, day: Day) -> str:
        """The day as the locale orders and parts it; without commas where every character may cost."""
        if day is Day.FULL:
            return format_date(at, "full", locale=self.locale)
        pattern = self.locale.datetime_skeletons["MMMd" if day is Day.DATE else "MMMEd"].pattern
        if day is Day.LONG:
            # as CLDR asks for where a locale lists no longer pattern of its own (UTS 35, 2.6.2)
            pattern = pattern.replace("E", "EEEE").replace("MMM", "MMMM")
        else:
            pattern = pattern.replace(",", "").replace("،", "")
        return format_date(at, pattern, locale=self.locale)

    def offset(self, at: datetime) -> str:
        """BST where the locale has a name for the offset, else GMT+01:00."""
        name = get_timezone_name(at, "short", locale=self.locale)
        return name if name.isalpha() else get_timezone_gmt(at, "long", locale=self.locale)

    def place(self) -> str:
        """London time."""
        key = str(self.zone)
        if "/" not in key or key.startswith("Etc/"):
            # no city; and the signs of the Etc names are the wrong way round for people
            city = self.offset(self.local[0]) if self.local[0].utcoffset() else "UTC"
        else:
            try:
                city = get_timezone_location(self.zone, locale=self.locale, return_city=True)
            except KeyError:  # a language of which CLDR knows almost nothing
                city = key.replace("_", " ")
        return shared_phrase(self.language, "zone", city=city.rpartition("/")[2])
