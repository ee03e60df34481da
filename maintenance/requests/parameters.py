"""The text of one parameter in; its value, or BadRequest with a sentence that says what to write, out.

A parameter that is absent or empty is None. Every time is within clock.YEARS.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from django.core.exceptions import BadRequest
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from maintenance import bank_time
from maintenance.requests.lookups import LARGEST

_NUMBER: Final = re.compile("[0-9]{1,19}", re.ASCII)  # not isdigit(): it takes ², at which int() stumbles
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_MONTH: Final = re.compile("[0-9]{4}-[0-9]{2}", re.ASCII)


def storable(text: str) -> bool:
    """Whether a database can hold it: PostgreSQL takes no NUL, and neither takes half of a UTF-16 pair."""
    return _UNSTORABLE.search(text) is None


def is_number(text: str) -> bool:
    """Whether it is a whole number from 0 to LARGEST, in plain digits."""
    return _NUMBER.fullmatch(text) is not None and int(text) <= LARGEST


def number_parameter(query: Mapping[str, str], name: str) -> int | None:
    """A whole number from 0 to LARGEST: an id, a page."""
    text = query.get(name, "")
    if not text:
        return None
    if not is_number(text):
        raise BadRequest(f"{name} must be a whole number, like 12.")
    return int(text)


def day_parameter(query: Mapping[str, str], name: str) -> date | None:
    """A day like 2026-11-29."""
    text = query.get(name, "")
    return _day(text, name, "2026-11-29") if text else None


def month_parameter(query: Mapping[str, str], name: str) -> date | None:
    """The first day of a month like 2026-11."""
    text = query.get(name, "")
    if not text:
        return None
    return _day(f"{text}-01" if _MONTH.fullmatch(text) else "", name, "2026-11")


def instant_parameter(query: Mapping[str, str], name: str) -> datetime | None:
    """An instant (UTC), from one that names its zone, like 2026-11-29T02:00Z."""
    text = query.get(name, "")
    if not text:
        return None
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or not timezone.is_aware(found):
        raise BadRequest(f"{name} must be a time with its zone, like 2026-11-29T02:00Z.")
    try:
        return bank_time.within_years(found)
    except ValueError as problem:
        raise BadRequest(f"{name}: {problem}") from None


def _day(text: str, name: str, like: str) -> date:
    try:
        found = parse_date(text)
    except ValueError:
        found = None
    if found is None:
        raise BadRequest(f"{name} must be written like {like}.")
    if found.year not in bank_time.YEARS:
        raise BadRequest(f"{name}: {bank_time.WITHIN_YEARS}")
    return found
