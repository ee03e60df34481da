"""A CSV file of the bank's customers in; the register made to say the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandParser

from maintenance.management import imports
from maintenance.models import Customer
from notifications.customers import parse, store
from notifications.customers.store import CustomerRow, Stored

CHUNK_ROWS: Final = 5_000


class Command(BaseCommand):
    """Import the bank's customers."""

    help = (
        "Import customers from a CSV file with the columns external_id,name,email,phone,language,"
        "time_zone,services,vulnerable: services are keys separated by ; and vulnerable is yes or no. "
        "A customer that is known already is updated; one that is not in the file is left alone. An "
        "empty language or time zone is the bank's own."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """FILE, --check, --rejected."""
        imports.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Import, and say what came of it. Raises CommandError with one clear sentence."""
        path, check, rejected_to = options["file"], options["check"], options["rejected"]
        stored = Stored()

        def store_(rows: Sequence[CustomerRow]) -> None:
            nonlocal stored
            if not check:
                stored += store.store_customers(rows)

        logged_as = None if check else Customer
        source = imports.ImportSource(
            path, parse.COLUMNS, parse.CustomerReader(), CHUNK_ROWS, rejected_to, logged_as
        )
        tally = imports.import_file(source, store_, out=self.stderr)
        self.stdout.write(_summary(path, tally, stored, check=check))
        self.stdout.write(imports.rejections(tally, rejected_to))


def _summary(path: Path, tally: imports.ImportTally, stored: Stored, *, check: bool) -> str:
    lines = [f"{path.name}: {imports.rows_words(tally.read)} read."]
    if check:
        good = tally.read - tally.rejected
        return "\n".join((*lines, f"{imports.rows_words(good)} good; nothing was written."))
    lines.append(
        f"Customers: {stored.new:,} new, {stored.updated:,} updated, {stored.unchanged:,} as they were;"
        f" {stored.without_address:,} with neither phone nor email."
    )
    if stored.repeated:
        repeat = "repeats" if stored.repeated == 1 else "repeat"
        lines.append(f"{imports.rows_words(stored.repeated)} {repeat} an external_id; the last holds.")
    return "\n".join(lines)
