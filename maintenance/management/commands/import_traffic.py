"""A service and a CSV file of its traffic in; its samples, one per moment, kept."""

from __future__ import annotations

import zoneinfo
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import holidays
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from maintenance import traffic
from maintenance.intake import samples
from maintenance.management import imports
from maintenance.models import Service

CHUNK_ROWS: Final = 20_000


class Command(BaseCommand):
    """Import a service's traffic."""

    help = (
        "Import the traffic of SERVICE from a CSV file with the columns timestamp,count. Times are "
        "ISO 8601; without an offset they are the service's own. A moment that is known already gets "
        "the new count, so importing a file again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """SERVICE FILE, and how to make a service that is not there yet."""
        parser.add_argument("service", help="The service's key, for example online-banking.")
        imports.add_arguments(parser)
        parser.add_argument("--create", metavar="NAME", help="Make the service first, with this name.")
        parser.add_argument("--zone", help="With --create: its time zone, for example Europe/London.")
        parser.add_argument("--country", help="With --create: whose holidays it keeps, GB or US-MN.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import, and say what came of it. Raises CommandError with one clear sentence."""
        path, check, rejected_to = options["file"], options["check"], options["rejected"]
        service = _service(options)
        stored = 0

        def store(rows: Sequence[tuple[datetime, float]]) -> None:
            nonlocal stored
            latest = dict(rows)  # a moment that comes twice keeps the later count
            if not check:
                if not service.pk:
                    service.save()
                traffic.record(service, list(latest.items()))
            stored += len(latest)

        tally = imports.run(
            path,
            samples.COLUMNS,
            samples.Reader(zoneinfo.ZoneInfo(service.time_zone)),
            store,
            size=CHUNK_ROWS,
            rejected_to=rejected_to,
            out=self.stderr,
        )
        self.stdout.write(_summary(service, path, tally, stored, check=check))
        self.stdout.write(imports.rejections(tally, rejected_to))


def _summary(service: Service, path: Path, tally: imports.Tally, stored: int, *, check: bool) -> str:
    repeated = tally.read - tally.rejected - stored
    lines = [f"{path.name}: {imports.rows(tally.read)} read for {service.key}."]
    lines.append(f"{stored:,} samples {'would be stored; nothing was written' if check else 'stored'}.")
    if repeated:
        repeat = "repeats" if repeated == 1 else "repeat"
        lines.append(f"{imports.rows(repeated)} {repeat} a moment; the last count holds.")
    return "\n".join(lines)


def _service(options: dict[str, Any]) -> Service:
    """The service asked for; not saved yet where --create is to make it."""
    key, name = options["service"], options["create"]
    known = Service.objects.filter(key=key).first()
    if name is None:
        if known is None:
            raise CommandError(_unknown(key))
        return known
    service = _new(key, name, options["zone"], options["country"])
    if known is None:
        return service
    if (known.time_zone, known.country) != (service.time_zone, service.country):
        raise CommandError(
            f"There is a service {key} already, in {known.time_zone} and {known.country}: "
            "leave out --create, --zone and --country."
        )
    return known


def _unknown(key: str) -> str:
    keys = ", ".join(Service.objects.order_by("key").values_list("key", flat=True))
    return (
        f"There is no service {key!r}: {f'choose one of {keys}' if keys else 'there are none yet'}, "
        f"or make it with --create NAME --zone Europe/London --country GB."
    )


def _new(key: str, name: str, zone: str | None, country: str | None) -> Service:
    if not zone or not country:
        raise CommandError("--create needs --zone (for example Europe/London) and --country (GB or US-MN).")
    if zone not in zoneinfo.available_timezones():
        raise CommandError(f"There is no time zone {zone!r}: name one like Europe/London.")
    land, _, part = country.upper().partition("-")
    calendars = holidays.list_supported_countries()
    if land not in calendars or (part and part not in calendars[land]):
        raise CommandError(f"There is no holiday calendar for {country!r}: name a country like GB or US-MN.")
    service = Service(key=key, name=name, time_zone=zone, country=country.upper())
    try:
        service.clean_fields()
    except ValidationError as error:
        raise CommandError(f"No service can be made like that: {' '.join(error.messages)}") from None
    return service
