"""Numbers in; customers, and a notice that is due to them now, out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from maintenance.models import Customer, Use, Window
from notifications.customers import addresses
from notifications.delivery import reconciliation
from notifications.models import Contact, Delivery, Notice, PlannedChange, State
from notifications.planning import preparation
from tests import people
from tests.faults import harness


def window(*, planned: bool = True, booked_at: datetime | None = None) -> Window:
    """Booked for a week later, of a service that everybody uses; `planned`: nothing is left for the clock."""
    moment = booked_at or datetime.now(UTC)
    made = people.window(people.service(), starts_at=moment + timedelta(days=7), booked_at=moment)
    if planned:
        PlannedChange.objects.create(change=made.changes.get(), at=moment)
    return made


def customers(
    number: int, *, phones: bool = True, mails: bool = False, time_zone: str = "", first: int = 0
) -> list[Customer]:
    """So many customers of that service with phones, and mailboxes where they are asked for."""
    bank, zone = people.service(), time_zone or harness.awake()
    names = [f"c{count}" for count in range(first, first + number)]
    made = Customer.objects.bulk_create(
        [Customer(external_id=name, name=name.title(), language="en", time_zone=zone) for name in names],
        batch_size=5_000,
    )
    Use.objects.bulk_create([Use(customer=one, service=bank) for one in made], batch_size=5_000)
    roads = [(one, "sms", phone(count)) for count, one in enumerate(made, first) if phones]
    roads += [(one, "email", f"{one.external_id}@example.com") for one in made if mails]
    Contact.objects.bulk_create(
        [
            Contact(
                customer=one,
                channel=channel,
                address=addresses.seal(address),
                address_hmac=addresses.fingerprint(address),
            )
            for one, channel, address in roads
        ],
        batch_size=5_000,
    )
    return made


def phone(number: int) -> str:
    """The number of the customer of this number."""
    return f"+447{number:09d}"


def notice(number: int, *channels: str, prepared: bool = False, mails: bool = False) -> Notice:
    """A notice that is due now, by SMS unless told otherwise, to so many customers who are awake."""
    made = people.notice(window(), channels=list(channels or ("sms",)), due_at=datetime.now(UTC))
    customers(number, mails=mails or "email" in channels)
    if prepared:
        prepare(made)
    return made


def release() -> int:
    """Olga sends again what waits for a person; how many those were."""
    return sum(
        reconciliation.release(row, sent=False, by="olga", now=datetime.now(UTC))
        for row in Delivery.objects.filter(state=State.HELD)
    )


def prepare(made: Notice) -> None:
    """Make its deliveries, here and now."""
    while not preparation.prepare(made.pk, now=datetime.now(UTC)):
        pass
