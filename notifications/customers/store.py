"""Rows of the bank's register in; customers, what they use and where they are reached, stored.

A chunk is stored whole or not at all, and only what differs is written: the register can be
imported every night. The statements are the same on PostgreSQL and SQLite.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection, transaction

from maintenance import upserts
from maintenance.models import Customer, Service, Use
from notifications import channels
from notifications.channels.types import Address
from notifications.customers import addresses
from notifications.models import Contact

_Own = tuple[str, str, str, bool]

_USE: Final = Use._meta.db_table
_CONTACT: Final = Contact._meta.db_table


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """One customer of the register, checked. `phone` is E.164; `services` are keys; "" is no address."""

    external_id: str
    name: str
    email: str
    phone: str
    language: str
    time_zone: str
    services: tuple[str, ...]
    vulnerable: bool

    @property
    def address_by_channel(self) -> Mapping[str, str]:
        """Where the customer is reached directly; empty where not."""
        of = {Address.PHONE: self.phone, Address.MAILBOX: self.email}
        kinds = {name: channels.class_of(name).address for name in channels.direct_names()}
        return {name: of[address] for name, address in kinds.items() if address}


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of the customers of some rows; `without_address` of all of them have none."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    repeated: int = 0
    without_address: int = 0

    def __add__(self, other: Stored) -> Stored:
        return Stored(
            self.new + other.new,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.repeated + other.repeated,
            self.without_address + other.without_address,
        )


def store_customers(rows: Sequence[CustomerRow], *, demonstration: bool = False) -> Stored:
    """Make each row's customer be as the row says, all of them or none.

    Of rows with the same external_id the last holds. A customer that is there already stays what
    it is: neither its kind nor whether it is invented (`demonstration`) is changed. Services must
    exist (KeyError).
    """
    by_id = {row.external_id: row for row in rows}
    with transaction.atomic():
        known = _known(by_id)
        other = {key for key, row in by_id.items() if key not in known or known[key][1] != _own(row)}
        _write_customers([by_id[key] for key in other], demonstration)
        made = known | _known(by_id.keys() - known.keys())
        by_key = {made[row.external_id][0]: row for row in by_id.values()}
        touched = _write_uses(by_key) | _write_contacts(by_key)
    changed = other | {by_key[key].external_id for key in touched}
    new = len(made) - len(known)
    return Stored(
        new=new,
        updated=len(changed) - new,
        unchanged=len(by_id) - len(changed),
        repeated=len(rows) - len(by_id),
        without_address=sum(not (row.phone or row.email) for row in by_id.values()),
    )


def _own(row: CustomerRow) -> _Own:
    return row.name, row.language, row.time_zone, row.vulnerable


def _known(external_ids: Iterable[str]) -> dict[str, tuple[int, _Own]]:
    """The primary key of each that is there, and what the table itself says of them."""
    rows = Customer.objects.filter(external_id__in=external_ids).values_list(
        "external_id", "pk", "name", "language", "time_zone", "vulnerable"
    )
    return {row[0]: (row[1], row[2:]) for row in rows}


def _write_customers(rows: Sequence[CustomerRow], demonstration: bool) -> None:
    upserts.upsert(
        Customer,
        ("external_id", "kind", "demonstration", "name", "language", "time_zone", "vulnerable"),
        [(row.external_id, Customer.Kind.CUSTOMER.value, demonstration, *_own(row)) for row in rows],
        "(external_id) DO UPDATE SET name = excluded.name, language = excluded.language,"
        " time_zone = excluded.time_zone, vulnerable = excluded.vulnerable",
    )


def _write_uses(rows: Mapping[int, CustomerRow]) -> set[int]:
    """Make the register of uses say the same; the customers for whom that changed something."""
    services = dict(Service.objects.values_list("key", "pk"))
    wanted = {(key, services[service]) for key, row in rows.items() for service in row.services}
    there = set(Use.objects.filter(customer__in=rows).values_list("customer_id", "service_id"))
    upserts.upsert(Use, ("customer_id", "service_id"), sorted(wanted - there), "DO NOTHING")
    _delete(f"DELETE FROM {_USE} WHERE customer_id = %s AND service_id = %s", sorted(there - wanted))
    return {key for key, _ in wanted ^ there}


def _write_contacts(rows: Mapping[int, CustomerRow]) -> set[int]:
    """Make the addresses the same; the customers for whom that changed something."""
    there: dict[int, dict[str, bytes]] = defaultdict(dict)
    contacts = Contact.objects.filter(customer__in=rows, channel__in=channels.direct_names())
    for key, channel, fingerprint in contacts.values_list("customer_id", "channel", "address_hmac"):
        there[key][channel] = bytes(fingerprint)
    write: list[tuple[int, str, bytes, bytes]] = []
    remove: list[tuple[int, str]] = []
    for key, row in rows.items():
        for channel, address in row.address_by_channel.items():
            known = there[key].get(channel)
            if not address:
                if known:
                    remove.append((key, channel))
            # sealing gives other bytes each time, so only the fingerprint tells whether it is the same
            elif (fingerprint := addresses.fingerprint(address)) != known:
                write.append((key, channel, addresses.seal(address), fingerprint))
    upserts.upsert(
        Contact,
        ("customer_id", "channel", "address", "address_hmac"),
        write,
        "(customer_id, channel)"
        " DO UPDATE SET address = excluded.address, address_hmac = excluded.address_hmac",
    )
    _delete(f"DELETE FROM {_CONTACT} WHERE customer_id = %s AND channel = %s", remove)
    return {key for key, *_ in write} | {key for key, *_ in remove}


def _delete(statement: str, parameters: Sequence[tuple[str | int, ...]]) -> None:
    if parameters:
        with connection.cursor() as cursor:
            cursor.executemany(statement, parameters)
