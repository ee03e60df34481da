"""A word of a command line in; the length, moment, zone or number it means out, or what is wrong with it."""

from __future__ import annotations

import argparse
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from maintenance import bank_time


def parsed_duration(text: str) -> timedelta:
    """`2h`, `90m`, `1h30m`."""
    match = re.fullmatch(r"(?:(\d+)h)?\s*(?:(\d+)m)?", text.strip().lower())
    length = timedelta(hours=int(match[1] or 0), minutes=int(match[2] or 0)) if match else timedelta(0)
    if not timedelta(0) < length <= timedelta(days=7):
        raise argparse.ArgumentTypeError(f"{text!r} is no duration up to a week: write 2h, 90m or 1h30m.")
    return length


def parsed_moment(text: str) -> datetime:
    """An ISO 8601 time; on the bank's clock where it has no offset, at midnight where it has no time."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time: write 2026-11-29T02:00 or 2026-11-29."
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=bank_time.bank_zone())


def parsed_zone(text: str) -> ZoneInfo:
    """A time zone by its IANA name."""
    if text not in bank_time.zone_names():
        raise argparse.ArgumentTypeError(f"there is no time zone {text!r}: name one like Europe/London.")
    return ZoneInfo(text)


def parsed_number(text: str) -> int:
    """At least one."""
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 1 or more.")
    return int(text)
