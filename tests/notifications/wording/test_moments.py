"""Instants in; what Cleo reads, wherever she is and whatever her clock does."""

from __future__ import annotations

import pytest
from babel.localedata import locale_identifiers
from pytest_django import Settings

from notifications.wording.moments import NoMoment, moment_words

NIGHT = "2026-11-29T02:00:00Z/2026-11-29T04:00:00Z"
LATE = "2026-11-28T23:00:00Z/2026-11-29T01:00:00Z"


@pytest.mark.parametrize(
    ("style", "instants", "words"),
    [
        ("day", "2026-11-29T02:00:00Z", "Sunday 29 November"),
        ("from", "2026-11-29T02:00:00Z", "Sunday, 29 November 2026, 02:00"),
        ("moment", "2026-11-29T02:00:00Z", "Sunday 29 November, 02:00"),
        ("zone", "2026-11-29T02:00:00Z", "London time"),
        ("span", NIGHT, "Sunday 29 November, 02:00 to 04:00"),
        ("when", NIGHT, "on Sunday 29 November from 02:00 to 04:00"),
        ("short", NIGHT, "Sun 29 Nov, 02:00-04:00"),
        ("span", LATE, "Saturday 28 November, 23:00 to Sunday 29 November, 01:00"),
        ("when", LATE, "from Saturday 28 November, 23:00 to Sunday 29 November, 01:00"),
        ("short", LATE, "Sat 28 Nov, 23:00 to Sun 29 Nov, 01:00"),
    ],
)
def test_a_day_is_said_once_unless_there_are_two(style: str, instants: str, words: str) -> None:
    """In London, where the bank is, no zone needs naming."""
    assert moment_words(style, instants, "en", "Europe/London") == words


@pytest.mark.parametrize(
    ("style", "words"),
    [
        ("span", "الأحد، 29 نوفمبر، من 2:00 إلى 4:00 صباحًا"),
        ("when", "يوم الأحد، 29 نوفمبر، من الساعة 2:00 إلى الساعة 4:00 صباحًا"),
        ("short", "الأحد 29 نوفمبر من 2 إلى 4 ص"),
    ],
)
def test_arabic_has_its_own_order_and_latin_digits(style: str, words: str) -> None:
    """Twelve hours, and the half of the day once for both times."""
    assert moment_words(style, NIGHT, "ar", "Europe/London") == words


def test_another_zone_than_the_banks_is_named() -> None:
    """Cleo lives in Dubai: her own time, and whose time it is."""
    assert (
        moment_words("span", NIGHT, "en", "Asia/Dubai") == "Sunday 29 November, 06:00 to 08:00 (Dubai time)"
    )


def test_another_zone_with_the_banks_clock_is_not_named() -> None:
    """Lisbon reads the same clock as London."""
    assert moment_words("short", NIGHT, "en", "Europe/Lisbon") == "Sun 29 Nov, 02:00-04:00"


def test_a_zone_nobody_knows_is_the_banks_and_named() -> None:
    """The reader may be anywhere."""
    assert moment_words("short", NIGHT, "en", "Middle/Earth") == "Sun 29 Nov, 02:00-04:00 (London time)"


@pytest.mark.parametrize(
    ("zone", "place"),
    [
        ("UTC", "UTC time"),
        ("Etc/GMT+5", "GMT-05:00 time"),
        ("America/Argentina/Buenos_Aires", "Buenos Aires time"),
    ],
)
def test_a_zone_is_named_as_people_do(zone: str, place: str) -> None:
    """The Etc zones count the wrong way round."""
    assert moment_words("zone", "2026-11-29T02:00:00Z", "en", zone) == place


def test_a_clock_put_back_meanwhile_says_which_hour_is_meant() -> None:
    """Half an hour long: without the names it would seem to end before it begins."""
    span = "2026-10-25T00:45:00Z/2026-10-25T01:15:00Z"
    assert moment_words("span", span, "en", "Europe/London") == "Sunday 25 October, 01:45 BST to 01:15 GMT"


def test_a_clock_put_forward_meanwhile_says_so() -> None:
    """An hour long, though the clock shows two."""
    span = "2026-03-29T00:30:00Z/2026-03-29T01:30:00Z"
    assert moment_words("short", span, "en", "Europe/London") == "Sun 29 Mar, 00:30 GMT-02:30 BST"


def test_an_hour_that_comes_twice_is_told_from_the_other() -> None:
    """Both times lie in the second hour."""
    span = "2026-10-25T01:15:00Z/2026-10-25T01:45:00Z"
    assert moment_words("short", span, "en", "Europe/London") == "Sun 25 Oct, 01:15 GMT-01:45 GMT"


@pytest.mark.parametrize(
    ("style", "instants", "words"),
    [
        ("span", "2026-11-29T07:00:00Z/2026-11-29T09:30:00Z", "Sunday, November 29, 2:00 to 4:30 AM"),
        ("short", "2026-11-29T07:00:00Z/2026-11-29T09:30:00Z", "Sun Nov 29, 2-4:30 AM"),
        ("short", "2026-11-29T15:00:00Z/2026-11-29T18:00:00Z", "Sun Nov 29, 10 AM-1 PM"),
        ("short", "2026-11-29T05:00:00Z/2026-11-29T07:00:00Z", "Sun Nov 29, 12 midnight-2 AM"),
        ("moment", "2026-11-29T17:00:00Z", "Sunday, November 29, 12:00 noon"),
    ],
)
def test_twelve_hours_where_the_country_reads_them(
    settings: Settings, style: str, instants: str, words: str
) -> None:
    """12:00 AM is midnight to some and noon to others, so it is never written."""
    settings.COUNTRY, settings.TIME_ZONE = "US-NY", "America/New_York"
    assert moment_words(style, instants, "en", "America/New_York") == words


def test_a_language_nobody_knows_is_written_as_the_banks() -> None:
    """An import may have let a strange code through."""
    assert moment_words("day", "2026-11-29T02:00:00Z", "tlh", "Europe/London") == "Sunday 29 November"


@pytest.mark.parametrize(
    ("style", "instants"),
    [
        ("nonsense", NIGHT),
        ("span", "2026-11-29T02:00:00Z"),
        ("day", NIGHT),
        ("day", "tomorrow"),
        ("day", "2026-11-29T02:00:00"),
    ],
)
def test_what_cannot_be_said_is_refused(style: str, instants: str) -> None:
    """A time without a zone least of all."""
    with pytest.raises(NoMoment):
        moment_words(style, instants, "en", "Europe/London")


def test_every_language_of_babel_can_be_said() -> None:
    """Only the phrases would have to be written for a further language."""
    languages = {name.partition("_")[0] for name in locale_identifiers()}
    empty = [language for language in languages if not moment_words("span", NIGHT, language, "Europe/London")]
    assert empty == []
