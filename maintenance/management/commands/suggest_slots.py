"""Services and a length in; a table of the quietest slots, with their reasons, out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from maintenance import bank_time, slots
from maintenance.management.arguments import parsed_duration, parsed_moment, parsed_number
from maintenance.models import Service
from maintenance.slots import Slot, Suggestions
from maintenance.slots.reasons import SEVERAL, percent

_NUMBERS: Final = {"", "expected", "ordinary hours", "80 % range", "of ordinary", "of Sun 02:00"}
"""The columns of the table that stand to the right."""


class Command(BaseCommand):
    """Suggest the quietest slots."""

    help = "Suggest when maintenance of one or more services meets the fewest customers, and why then."

    def add_arguments(self, parser: CommandParser) -> None:
        """SERVICE..., the length, and where to look."""
        parser.add_argument("service", nargs="+", help="A service's key, for example online-banking.")
        parser.add_argument("--duration", required=True, type=parsed_duration, help="2h, 90m or 1h30m.")
        parser.add_argument("--now", type=parsed_moment, metavar="T", help="Suggest as if it were this time.")
        parser.add_argument(
            "--from", type=parsed_moment, metavar="T", dest="start", help="Not before this time."
        )
        parser.add_argument("--to", type=parsed_moment, metavar="T", dest="end", help="Over by this time.")
        parser.add_argument("--count", type=parsed_number, default=5, metavar="N", help="How many slots.")
        parser.add_argument(
            "--staffed",
            action="store_true",
            help="Only 08:00 to 20:00 on working days, for work that needs people.",
        )
        parser.add_argument("--json", action="store_true", help="Print a list of objects instead of a table.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the slots. Raises CommandError with one clear sentence."""
        services = _services(options["service"])
        now: datetime = options["now"] or timezone.now()
        try:
            found = slots.suggest(
                slots.Search(services, options["start"], options["end"]),
                options["duration"],
                now=now,
                count=options["count"],
                staffed=options["staffed"],
            )
        except ValueError as error:
            raise CommandError(str(error)) from None
        if not found.slots:
            raise CommandError(_nothing(found, options["duration"]))
        if options["json"]:
            self.stdout.write(json.dumps([_plain(slot, found) for slot in found.slots], indent=2))
        else:
            self.stdout.write(_printed(services, options["duration"], found, staffed=options["staffed"]))


def _services(keys: Sequence[str]) -> list[Service]:
    known = {service.key: service for service in Service.objects.order_by("key")}
    unknown = [key for key in dict.fromkeys(keys) if key not in known]
    if unknown:
        choice = (
            f"choose from {', '.join(known)}" if known else "there are none yet; import_traffic makes one"
        )
        raise CommandError(f"There is no service {' and no '.join(map(repr, unknown))}: {choice}.")
    return [known[key] for key in keys]


def _nothing(found: Suggestions, length: timedelta) -> str:
    between = f"from {bank_time.moment_words(found.first)} to {bank_time.moment_words(found.last)}"
    free = f"No {bank_time.length_words(length)} are free {between}."
    return "\n".join([free, *(f"  - {line}" for line in found.nothing), *filter(None, [found.problem])])


def _plain(slot: Slot, found: Suggestions) -> dict[str, Any]:
    load = slot.load
    return {
        "services": list(slot.services),
        "starts_at": slot.starts_at.isoformat(),
        "ends_at": slot.ends_at.isoformat(),
        "based_on_traffic": found.based_on_traffic,
        "unit": "uses" if len(slot.services) == 1 else "ordinary hours",
        "expected": load.expected if load else None,
        "low": load.low if load else None,
        "high": load.high if load else None,
        "share": slot.share,
        "of_sunday_0200": slot.habit,
        "customers": slot.customers,
        "vulnerable": slot.vulnerable,
        "last_moment_to_book": slot.last_moment_to_book.isoformat(),
        "reasons": list(slot.reasons),
        "against": list(slot.against),
        "doubts": [*filter(None, [found.problem]), *found.doubts],
    }


def _printed(services: Sequence[Service], length: timedelta, found: Suggestions, *, staffed: bool) -> str:
    """A table with a row for each slot and what is its own; what holds for all stands once, below."""
    why = [_why(slot) for slot in found.slots]
    shared = [line for line in why[0] if all(line in lines for lines in why)]
    heads = ["", "starts", "ends"]
    if found.based_on_traffic:
        unit = "expected" if len(services) == 1 else "ordinary hours"
        heads += [unit, "80 % range", "of ordinary", "of Sun 02:00"]
    heads.append("book before")
    rows = [heads, *([str(place), *_cells(slot)] for place, slot in enumerate(found.slots, 1))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [_title(services, length, found, staffed=staffed), *filter(None, [found.problem]), ""]
    for row, because in zip(rows, [(), *why], strict=True):
        cells = [
            cell.rjust(width) if head in _NUMBERS else cell.ljust(width)
            for cell, head, width in zip(row, heads, widths, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
        lines += [f"     {line}" for line in because if line not in shared]
    several = [SEVERAL] if len(services) > 1 and found.based_on_traffic else []
    return "\n".join([*lines, "", _who(services, found.slots[0]), *several, *shared, *found.doubts])


def _title(services: Sequence[Service], length: timedelta, found: Suggestions, *, staffed: bool) -> str:
    names = ", ".join(service.name for service in services)
    at = "in staffed hours" if staffed else "at night"
    if found.based_on_traffic:
        where = f" {at}" if staffed else ""
        what = f"The quietest {bank_time.length_words(length)}{where} for {names}"
    else:
        first = f"the first {bank_time.length_words(length)} {at}"
        what = f"Not based on traffic: {first} that the rules leave {names}"
    return f"{what}, on the clock of {bank_time.bank_zone()}"


def _why(slot: Slot) -> list[str]:
    """What the row of one service does not say already; of several it does not say how quiet each is."""
    said = slot.in_words[:1] if len(slot.services) > 1 and slot.load else ()
    return [*(f"+ {line}" for line in (*said, *slot.favours)), *(f"- {line}" for line in slot.against)]


def _who(services: Sequence[Service], slot: Slot) -> str:
    if not slot.customers:
        return "No customer is on record as a user: import_customers brings them in."
    users = f"{slot.customers:,} customer{'s use' if slot.customers > 1 else ' uses'}"
    which = "it" if len(services) == 1 else "at least one of them"
    return f"{users} {which}, at whatever time; {slot.vulnerable:,} of them vulnerable."


def _cells(slot: Slot) -> list[str]:
    zone = bank_time.bank_zone()
    starts, ends, book = (
        at.astimezone(zone) for at in (slot.starts_at, slot.ends_at, slot.last_moment_to_book)
    )
    return [
        f"{starts:%a} {starts.day:2} {starts:%b %Y %H:%M}",
        f"{ends:%H:%M}",
        *_figures(slot),
        f"{book:%a} {book.day:2} {book:%b %H:%M}",
    ]


def _figures(slot: Slot) -> list[str]:
    if slot.load is None or slot.share is None:
        return []
    digits = 0 if slot.load.expected >= 10 else 1
    return [
        f"{slot.load.expected:,.{digits}f}",
        f"{slot.load.low:,.{digits}f} to {slot.load.high:,.{digits}f}",
        percent(slot.share),
        "unknown" if slot.habit is None else percent(slot.habit),
    ]
