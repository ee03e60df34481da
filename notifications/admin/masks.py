"""An address in; enough of it to recognise it, and not enough to use it, out."""

from __future__ import annotations

from typing import Final

from notifications.customers import addresses
from notifications.models import Contact

_HIDDEN: Final = "•••••"


def masked_address(contact: Contact) -> str:
    """ "+44 ••••• 12" or "c•••••@bank.example"; a plain word where the key does not fit."""
    try:
        return mask(addresses.unseal(contact.address))
    except addresses.WrongKey:
        return "sealed with another ADDRESS_KEY"


def mask(address: str) -> str:
    """Hide the middle of a number, or all but the first letter before the @."""
    name, at, host = address.partition("@")
    if at:
        return f"{name[:1]}{_HIDDEN}@{host}"
    return f"{address[:3]} {_HIDDEN} {address[-2:]}"
