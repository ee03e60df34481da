"""A customer in; by which channels they may hear, and which of these they can change, out.

Only an opt-out is theirs to take back: an address that bounced or that complained at its provider
stays shut until the bank has another one. What stands against an address stands against everybody
who shares it, because it is kept by the address's HMAC.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.conf import settings

from maintenance.models import Customer
from notifications import channels
from notifications.customers import addresses
from notifications.models import Contact, Suppression

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
        for channel in channels.direct_names()
        if channel in settings.CHANNELS and (contact := contacts.get(channel)) is not None
    ]


def unsubscribe_headers(preferences_url: str) -> dict[str, str]:
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
