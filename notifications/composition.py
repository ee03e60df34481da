"""Claimed deliveries in; the messages they put on the wire, filled for each person, out.

A delivery that cannot be composed ends or waits by itself, with its reason; the others go on.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from maintenance.faces import ical
from maintenance.models import Customer
from notifications import addresses, audience, deliveries, links, preferences, progress, wording
from notifications.contract import Message
from notifications.deliveries import Claimed
from notifications.models import DIRECT, ChannelName, Contact, Delivery, Notice, State, Text
from notifications.wording import segments

_WRONG_KEY_WAIT: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Composed:
    """A message with the lease under which it may be sent."""

    held: Claimed
    message: Message
    text_hash: bytes
    segments: int


@dataclass(frozen=True, slots=True)
class _Material:
    """What a batch needs from the database, read once."""

    texts: dict[int, Text]
    customers: dict[int, Customer]
    contacts: dict[int, Contact]
    calendars: dict[tuple[int, str], str]


def compose(held: Sequence[Claimed], *, now: datetime) -> list[Composed]:
    """Fill each delivery's text for its person; those that cannot be sent now are given back or ended.

    Where not one address can be read the key is wrong, which is nobody's fault but ours: all wait.
    """
    material = _gather(held)
    composed: list[Composed] = []
    sealed: list[Claimed] = []
    for row in held:
        try:
            one = _compose(row, material, now=now)
        except addresses.WrongKey:
            sealed.append(row)
        except (KeyError, ValueError) as error:
            deliveries.give_up(row, State.FAILED, f"cannot be composed: {error}", now=now)
        else:
            if one is not None:
                composed.append(one)
    words = "the address cannot be read: ADDRESS_KEY is not the key it was stored with"
    if composed:
        for row in sealed:
            deliveries.give_up(row, State.FAILED, words, now=now)
    else:
        deliveries.release(sealed, not_before=now + _WRONG_KEY_WAIT, reason=words)
    return composed


def again(row: Delivery, *, now: datetime) -> Message | None:
    """The message of an attempt made before, to ask the provider about; None if it cannot be made."""
    # there is no lease to hold: nothing is written under this token
    held = deliveries.as_held(row, attempt=row.attempt, token=row.public_id)
    try:
        return _fill(held, _gather([held]), now=now).message
    except (addresses.WrongKey, KeyError, ValueError):
        return None


def _gather(held: Sequence[Claimed]) -> _Material:
    people = [row.customer_id for row in held if row.customer_id is not None]
    channel = held[0].channel
    texts = Text.objects.in_bulk({row.text_id for row in held})
    calendars: dict[tuple[int, str], str] = {}
    if channel == ChannelName.EMAIL and settings.EMAIL_ATTACH_CALENDAR:
        notices = Notice.objects.select_related("window").in_bulk({row.notice_id for row in held})
        for row in held:
            key = (row.notice_id, row.language)
            if key not in calendars:
                calendars[key] = ical.of(notices[row.notice_id].window, row.language)
    return _Material(
        texts=texts,
        customers=Customer.objects.in_bulk(people),
        contacts={
            contact.customer_id: contact
            for contact in Contact.objects.filter(customer_id__in=people, channel=channel)
        },
        calendars=calendars,
    )


def _compose(row: Claimed, material: _Material, *, now: datetime) -> Composed | None:
    if row.channel in DIRECT:
        opening = audience.earliest(now, material.customers[row.customer_id or 0].time_zone)
        if opening > now:
            deliveries.release([row], not_before=opening, reason=progress.QUIET_HOURS)
            return None
        contact = material.contacts.get(row.customer_id or 0)
        if contact is None:
            deliveries.give_up(row, State.NO_ADDRESS, "the address was removed meanwhile", now=now)
            return None
        if bytes(contact.address_hmac) != row.address_hmac:
            # the intent is checked against opt-outs by this column, so it must be the address in use
            row = dataclasses.replace(row, address_hmac=bytes(contact.address_hmac))
            Delivery.objects.filter(pk=row.id, lease_token=row.token).update(address_hmac=row.address_hmac)
    return _fill(row, material, now=now)


def _fill(row: Claimed, material: _Material, *, now: datetime) -> Composed:
    text = material.texts[row.text_id]
    if row.channel not in DIRECT:
        return _broadcast(row, text)
    customer = material.customers[row.customer_id or 0]
    filled = wording.fill(text, reader(customer, row.language))
    is_sms = row.channel == ChannelName.SMS
    message = Message(
        delivery=row.public_id,
        attempt=row.attempt,
        address=addresses.unseal(material.contacts[customer.pk].address),
        language=row.language,
        subject=filled.subject,
        body=filled.body,
        html=filled.html,
        expires_at=min(row.expires_at, audience.latest(now, customer.time_zone)),
        headers={} if is_sms else preferences.headers(customer.pk),
        calendar=material.calendars.get((row.notice_id, row.language), ""),
    )
    return Composed(row, message, _hash(message), segments.count(filled.body).segments if is_sms else 0)


def _broadcast(row: Claimed, text: Text) -> Composed:
    message = Message(
        delivery=row.public_id,
        attempt=row.attempt,
        address="",
        target=row.target,
        language=row.language,
        subject=text.subject,
        body=text.body,
        expires_at=row.expires_at,
    )
    return Composed(row, message, _hash(message), 0)


def reader(customer: Customer, language: str) -> wording.Reader:
    """The person as the words address them."""
    return wording.Reader(
        name=customer.name,
        language=language,
        time_zone=customer.time_zone,
        preferences_url=links.preferences_url(customer.pk),
    )


def _hash(message: Message) -> bytes:
    """SHA-256 of what was said, so that a complaint can be checked against the text."""
    return hashlib.sha256(f"{message.subject}\x1f{message.body}\x1f{message.html}".encode()).digest()
