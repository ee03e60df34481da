"""A number of customers in; a bank with them, and notices to the first so many of them, out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import connection, transaction

from maintenance.models import Customer, Service, Use
from notifications.customers import addresses
from notifications.models import Attempt, Contact, Delivery, Notice, PlannedChange, Suppression, Tally, Text
from notifications.planning import preparation
from tests import people
from tests.benchmarks.delivery import wording

SILENT: Final = 50
"""One customer in so many has opted out, and one has no address: the joins have something to find."""

_PERSON: Final = {"name": "[[name]]", "link": "[[preferences]]"}
_LONG: Final = timedelta(days=7)


def open_bank(customers: int) -> None:
    """Customers with phone and mailbox, some silent; noon for all of them, whatever the hour."""
    noon = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Customer._meta.db_table} (id, external_id, kind, name, language, time_zone,"
            " vulnerable, demonstration) SELECT n, 'c' || n, 'customer', 'Cleo ' || n,"
            " CASE WHEN n %% 10 = 0 THEN 'ar' ELSE 'en' END, %s, n %% 100 = 0, false"
            " FROM generate_series(1, %s) AS n",
            [noon, customers],
        )
        with cursor.copy(
            f"COPY {Contact._meta.db_table} (customer_id, channel, address, address_hmac)"
            " FROM STDIN (FORMAT BINARY)"
        ) as copy:
            copy.set_types(["int8", "varchar", "bytea", "bytea"])
            for row in _contacts(customers):
                copy.write_row(row)
        cursor.execute(
            f"INSERT INTO {Suppression._meta.db_table} (channel, address_hmac, reason, since)"
            f" SELECT channel, address_hmac, 'opt_out', now() FROM {Contact._meta.db_table}"
            " WHERE customer_id %% %s = 1",
            [SILENT],
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _contacts(customers: int) -> Iterator[tuple[int, str, bytes, bytes]]:
    for number in range(1, customers + 1):
        if number % SILENT != 2:
            for channel, address in (("sms", phone(number)), ("email", f"c{number}@example.com")):
                yield number, channel, addresses.seal(address), addresses.fingerprint(address)


def phone(number: int) -> str:
    """The number of one customer; all are of one length."""
    return f"+447{number:09d}"


def reached(customers: int) -> int:
    """How many of the first so many customers a message goes to."""
    return sum(1 for number in range(1, customers + 1) if number % SILENT not in (1, 2))


def service(customers: int, *, after: int = 0) -> Service:
    """The service that exactly so many customers use, those behind `after`."""
    made = people.service(f"of-{customers}-after-{after}")
    if not made.customers.exists():
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {Use._meta.db_table} (service_id, customer_id)"
                " SELECT %s, n FROM generate_series(%s, %s) AS n",
                [made.pk, after + 1, after + customers],
            )
            cursor.execute(f"ANALYZE {Use._meta.db_table}")
    return made


def notice(to: Service, channel: str, *, due_in: float, texts: tuple[str, str] | None = None) -> Notice:
    """A planned notice by one channel, due in so many seconds, in the words of this benchmark."""
    now = datetime.now(UTC)
    window = people.window(to, starts_at=now + _LONG, booked_at=now)
    change = window.changes.latest("id")
    PlannedChange.objects.create(change=change, at=now)  # so that it calls for no other notice
    due = now + timedelta(seconds=due_in)
    made = Notice.objects.create(
        window=window,
        change=change,
        revision=window.revision,
        kind="announced",
        channels=[channel],
        due_at=due,
        true_until=window.starts_at,
        status=Notice.Status.PLANNED,
    )
    plain, html = texts or (wording.SMS, "")
    for language in ("en", "ar"):
        Text.objects.create(
            notice=made,
            channel=channel,
            language=language,
            subject=wording.SUBJECT if texts else "",
            body=plain.format(**_PERSON),
            html=html.format(**_PERSON),
        )
    return made


def prepare(made: Notice) -> float:
    """Make all of its deliveries; the seconds that took."""
    begun = time.monotonic()
    while not preparation.prepare(made.pk, now=datetime.now(UTC)):
        pass
    return time.monotonic() - begun


def forget() -> None:
    """Drop what earlier runs left: every run begins on the same empty tables."""
    with connection.cursor() as cursor:
        for model in (Delivery, Attempt, Tally):
            cursor.execute(f"TRUNCATE {model._meta.db_table}")
    Notice.objects.update(status=Notice.Status.WITHDRAWN, withdrawn=True)
