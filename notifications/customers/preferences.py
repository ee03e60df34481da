"""A customer and a channel in; whether they may hear by it, changed at their word, out.

Only an opt-out is theirs to take back: an address that bounced or that complained at its provider
stays shut until the bank has another one. What stands against an address stands against everybody
who shares it, because it is kept by the address's HMAC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction

from maintenance.models import Customer
from notifications.customers import addresses
from notifications.delivery import channels, transitions
from notifications.delivery.transitions import Act
from notifications.models import Contact, Delivery, Notice, State, Suppression

_HIDDEN: Final = "•••"


@dataclass(frozen=True, slots=True)
class Preference:
    """One road to a customer. `masked` shows which address is meant and never the whole of it."""

    channel: str
    masked: str
    stopped: Suppression.Reason | None

    @property
    def on(self) -> bool:
        """Whether the customer hears by it."""
        return self.stopped is None

    @property
    def theirs(self) -> bool:
        """Whether the customer can change it."""
        return self.stopped in (None, Suppression.Reason.OPT_OUT)


def preferences_of(customer: Customer) -> list[Preference]:
    """Each road on which the bank would write to this customer, in the order of the channels."""
    contacts = {contact.channel: contact for contact in customer.contacts.all()}
    hmacs = [contact.address_hmac for contact in contacts.values()]
    stopped = {
        (found.channel, bytes(found.address_hmac)): Suppression.Reason(found.reason)
        for found in Suppression.objects.filter(address_hmac__in=hmacs)
    }
    return [
        Preference(channel, _masked(contact), stopped.get((channel, bytes(contact.address_hmac))))
        for channel in channels.direct()
        if channel in settings.CHANNELS and (contact := contacts.get(channel)) is not None
    ]


def refuse(customer: Customer, channel: str, *, now: datetime) -> None:
    """Never write to this customer by this channel again, messages that wait in the queue included.

    A sender that holds some of them at this moment is waited for: what it has intended goes out, the
    others do not. Without an address there is nothing to refuse.
    """
    with transaction.atomic():
        contact = customer.contacts.filter(channel=channel).first()
        if contact is None:
            return
        Suppression.objects.get_or_create(
            channel=channel,
            address_hmac=contact.address_hmac,
            defaults={"reason": Suppression.Reason.OPT_OUT, "since": now},
        )
        # by notice first: the key of deliveries begins with it, so this reads as few rows as it changes
        alive = Notice.objects.filter(
            status__in=(Notice.Status.PREPARING, Notice.Status.PREPARED), true_until__gt=now
        )
        sharing = Contact.objects.filter(channel=channel, address_hmac=contact.address_hmac)
        waiting = Delivery.objects.filter(
            notice_id__in=list(alive.values_list("pk", flat=True)),
            channel=channel,
            customer_id__in=list(sharing.values_list("customer_id", flat=True)),
            state=State.QUEUED,
        )
        end = {"reason": Suppression.Reason.OPT_OUT, "settled_at": now}
        transitions.move(waiting, Act.REFUSE, State.QUEUED, State.SUPPRESSED, **end)


def allow(customer: Customer, channel: str, *, now: datetime) -> None:
    """Take this customer's own opt-out back; from `now` on they are told again.

    What was suppressed meanwhile stays so: a notice that was missed is on the page and in the app.
    """
    contact = customer.contacts.filter(channel=channel).first()
    if contact is not None:
        Suppression.objects.filter(
            channel=channel,
            address_hmac=contact.address_hmac,
            reason=Suppression.Reason.OPT_OUT,
            since__lte=now,
        ).delete()


def headers(preferences_url: str) -> dict[str, str]:
    """What an email carries so that a mail program can offer to unsubscribe in one click (RFC 8058)."""
    return {
        "List-Unsubscribe": f"<{preferences_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _masked(contact: Contact) -> str:
    try:
        address = addresses.unseal(bytes(contact.address))
    except addresses.WrongKey:  # the switch works without it
        return _HIDDEN
    name, at, domain = address.rpartition("@")
    if at:
        return f"{name[0] if len(name) > 2 else ''}{_HIDDEN}@{domain}"
    return f"{_HIDDEN} {address[-3:]}" if len(address) > 6 else _HIDDEN
