"""A service and a CSV file of its traffic in; its samples, one per moment, kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import holidays
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from maintenance import audit, bank_time, traffic
from maintenance.imports import samples, steps
from maintenance.imports.text_files import Unreadable
from maintenance.management import imports
from maintenance.models import AuditEntry, Service, TrafficSample

CHUNK_ROWS: Final = 20_000


@dataclass
class _Taken:
    """What became of the good rows so far."""

    moments: int = 0
    written: int = 0
    """Of the moments, those that were new or got another count."""


class Command(BaseCommand):
    """Import a service's traffic."""

    help = (
        "Import the traffic of SERVICE from a CSV file with the columns timestamp,count. Times are "
        "ISO 8601; without an offset they are the service's own. Samples are from a minute to an hour apart, "
        "in any order. A moment that is known already gets the new count, so importing a file again "
        "changes nothing."
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
        now = timezone.now()
        service = _service(options)
        reader = samples.Reader(_zone_of(service), now=now)
        taken = _Taken()

        def store(rows: Sequence[tuple[datetime, float]]) -> None:
            latest = sorted(dict(rows).items())  # a moment that comes twice keeps the later count
            if fault := steps.step_fault([at for at, _ in latest]):
                before = f" {taken.moments:,} samples before were stored." if taken.written else ""
                raise Unreadable(f"{path.name} {fault}{before}")
            if not check:
                if not service.pk:
                    _make(service, now)
                taken.written += traffic.keep_samples(service, latest)
            taken.moments += len(latest)

        logged_as = None if check else TrafficSample
        source = imports.ImportSource(
            path, samples.COLUMNS, reader, CHUNK_ROWS, rejected_to, logged_as, service.key
        )
        tally = imports.import_file(source, store, out=self.stderr)
        lines = [f"{path.name}: {imports.rows_words(tally.read)} read for {service.key}."]
        lines.append(_stored(taken, check=check))
        lines += _repairs(tally, taken, reader, service)
        if not check:
            lines += _learnt(service, now)
        self.stdout.write("\n".join([*lines, imports.rejections(tally, rejected_to)]))


@transaction.atomic
def _make(service: Service, now: datetime) -> None:
    service.save()
    states = audit.States(after=audit.row_facts(service))
    audit.append_entry(AuditEntry.Action.ADDED, service, audit.Stamp(None, now), states=states)


def _stored(taken: _Taken, *, check: bool) -> str:
    if check:
        return f"{_samples(taken.moments)} would be stored; nothing was written."
    known = taken.moments - taken.written
    if not taken.written:
        return f"Nothing is new: {_samples(known)} known already."
    return f"{_samples(taken.written)} stored, new or changed; {known:,} known already."


def _samples(count: int) -> str:
    return f"{count:,} sample{'' if count == 1 else 's'}"


def _repairs(
    tally: imports.ImportTally, taken: _Taken, reader: samples.Reader, service: Service
) -> list[str]:
    """What was made of rows that could be meant otherwise."""
    lines = []
    if repeated := tally.read - tally.rejected - taken.moments:
        repeat = "repeats" if repeated == 1 else "repeat"
        lines.append(f"{imports.rows_words(repeated)} {repeat} a moment; the last count holds.")
    if reader.with_offset and reader.without_offset:
        lines.append(
            f"{imports.rows_words(reader.without_offset)} without an offset, beside {reader.with_offset:,} "
            f"with one: taken as the time in {service.time_zone}."
        )
    return lines


def _learnt(service: Service, now: datetime) -> list[str]:
    """Learn the expected week now, so that the first page need not; what is to be known of it, in words."""
    try:
        profile = traffic.profile(service, now=now)
    except traffic.TooLittle as hint:
        return [f"No slots can be suggested by its traffic yet. {hint}"]
    return ["Its expected week is learnt: slots can be suggested.", *profile.doubts]


def _zone_of(service: Service) -> ZoneInfo:
    try:
        return bank_time.zone_of(service, service.time_zone)
    except ValueError as fault:
        raise CommandError(str(fault)) from None


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
    if zone not in bank_time.zone_names():
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
