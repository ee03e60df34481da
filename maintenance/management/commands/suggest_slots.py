"""Services and a length in; a table of the quietest slots, with their reasons, out."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from maintenance import clock, policies, reasons, rules, slots
from maintenance.models import Service
from maintenance.slots import Slot

_NUMBERS: Final = (0, 3, 4, 5)
"""The columns of the table that stand to the right."""


class Command(BaseCommand):
    """Suggest the quietest slots."""

    help = "Suggest when maintenance of one or more services meets the fewest customers, and why then."

    def add_arguments(self, parser: CommandParser) -> None:
        """SERVICE..., the length, and where to look."""
        parser.add_argument("service", nargs="+", help="A service's key, for example online-banking.")
        parser.add_argument("--duration", required=True, type=duration, help="2h, 90m or 1h30m.")
        parser.add_argument("--now", type=moment, metavar="T", help="Suggest as if it were this time.")
        parser.add_argument("--from", type=moment, metavar="T", dest="start", help="Not before this time.")
        parser.add_argument("--to", type=moment, metavar="T", dest="end", help="Over by this time.")
        parser.add_argument("--count", type=number, default=5, metavar="N", help="How many slots.")
        parser.add_argument("--json", action="store_true", help="Print a list of objects instead of a table.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the slots. Raises CommandError with one clear sentence."""
        services = _services(options["service"])
        now: datetime = options["now"] or timezone.now()
        length, start, end = options["duration"], options["start"], options["end"]
        try:
            found = slots.suggest(services, length, now=now, start=start, end=end, count=options["count"])
        except ValueError as error:
            raise CommandError(str(error)) from None
        if not found:
            raise CommandError(_nothing(services, length, now, start, end))
        if options["json"]:
            self.stdout.write(json.dumps([_plain(slot) for slot in found], indent=2))
        else:
            self.stdout.write(_table(services, length, found))


def duration(text: str) -> timedelta:
    """`2h`, `90m`, `1h30m`."""
    match = re.fullmatch(r"(?:(\d+)h)?\s*(?:(\d+)m)?", text.strip().lower())
    length = timedelta(hours=int(match[1] or 0), minutes=int(match[2] or 0)) if match else timedelta(0)
    if not timedelta(0) < length <= timedelta(days=7):
        raise argparse.ArgumentTypeError(f"{text!r} is no duration up to a week: write 2h, 90m or 1h30m.")
    return length


def moment(text: str) -> datetime:
    """An ISO 8601 time; on the bank's clock where it has no offset, at midnight where it has no time."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time: write 2026-11-29T02:00 or 2026-11-29."
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=clock.bank_zone())


def number(text: str) -> int:
    """At least one."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of slots: write 1 or more.")
    return int(text)


def _services(keys: Sequence[str]) -> list[Service]:
    known = {service.key: service for service in Service.objects.order_by("key")}
    unknown = [key for key in dict.fromkeys(keys) if key not in known]
    if unknown:
        choice = (
            f"choose from {', '.join(known)}" if known else "there are none yet; import_traffic makes one"
        )
        raise CommandError(f"There is no service {' and no '.join(map(repr, unknown))}: {choice}.")
    return [known[key] for key in keys]


def _nothing(
    services: Sequence[Service],
    length: timedelta,
    now: datetime,
    start: datetime | None,
    end: datetime | None,
) -> str:
    """Why there is no slot: all that stands against the time that was asked for."""
    first = start or policies.earliest_start(now, policies.every())
    last = end or first + slots.AHEAD
    asked = f"from {clock.words(first)} to {clock.words(last)}"
    if last - first < length:
        return f"{clock.length_words(length)} do not fit in the time {asked}."
    against = [objection.words for objection in rules.objections(services, first, last, now=now)]
    against = against or ["No traffic of those hours is on record, and unknown is not quiet."]
    free = f"No {clock.length_words(length)} are free {asked}."
    return "\n".join([free, *(f"  - {line}" for line in against)])


def _plain(slot: Slot) -> dict[str, Any]:
    return {
        "services": list(slot.services),
        "starts_at": slot.starts_at.isoformat(),
        "ends_at": slot.ends_at.isoformat(),
        "expected": slot.load.expected,
        "low": slot.load.low,
        "high": slot.load.high,
        "share": slot.share,
        "customers": slot.customers,
        "last_moment_to_book": slot.last_moment_to_book.isoformat(),
        "reasons": list(slot.reasons),
    }


def _table(services: Sequence[Service], length: timedelta, found: Sequence[Slot]) -> str:
    """One row a slot with what is its own; what holds for all of them stands once, below."""
    names = ", ".join(service.name for service in services)
    said = 2 if len(services) == 1 else 0  # how quiet and when: a row of one service says it
    why = [slot.reasons[said:] for slot in found]
    shared = [line for line in why[0] if all(line in lines for lines in why)]
    unit = "expected" if len(found[0].services) == 1 else "ordinary hours"
    heads = ["", "starts", "ends", unit, "80 % range", "of ordinary", "book before"]
    rows = [heads, *([str(place), *_cells(slot)] for place, slot in enumerate(found, 1))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        f"The quietest {clock.length_words(length)} for {names}, on the clock of {clock.bank_zone()}",
        "",
    ]
    for row, because in zip(rows, [(), *why], strict=True):
        cells = [_aligned(cell, *place) for cell, place in zip(row, enumerate(widths), strict=True)]
        lines.append("  ".join(cells).rstrip())
        lines += [f"     {line}" for line in because if line not in shared]
    return "\n".join([*lines, "", _who(services, found[0].customers), *shared])


def _who(services: Sequence[Service], customers: int) -> str:
    if not customers:
        return "No customer is on record as a user: import_customers brings them in."
    return f"{customers:,} customers use {'it' if len(services) == 1 else 'at least one of them'}."


def _aligned(cell: str, column: int, width: int) -> str:
    return cell.rjust(width) if column in _NUMBERS else cell.ljust(width)


def _cells(slot: Slot) -> list[str]:
    zone = clock.bank_zone()
    starts, ends, book = (
        at.astimezone(zone) for at in (slot.starts_at, slot.ends_at, slot.last_moment_to_book)
    )
    digits = 0 if slot.load.expected >= 10 else 1
    return [
        f"{starts:%a} {starts.day:2} {starts:%b %Y %H:%M}",
        f"{ends:%H:%M}",
        f"{slot.load.expected:,.{digits}f}",
        f"{slot.load.low:,.{digits}f} to {slot.load.high:,.{digits}f}",
        reasons.percent(slot.share),
        f"{book:%a} {book.day:2} {book:%b %H:%M}",
    ]
