"""DEFAULT_FROM_EMAIL in; the address in it, or the sentence that says what is wrong with it, out."""

from __future__ import annotations

from email.headerregistry import Address, HeaderRegistry
from email.utils import getaddresses
from functools import lru_cache
from typing import Final

from anymail.utils import parse_single_address
from django.core.mail.message import sanitize_address

_FAULT: Final = (
    "DEFAULT_FROM_EMAIL must be one address, like notices@bank.example or "
    '"Example Bank, N.A." <notices@bank.example>, not {said!r}.'
)
_HEADERS: Final = HeaderRegistry()


def sender_address(said: str) -> str:
    """The address alone, as a sender is known by; where it cannot be read, what was said."""
    found = _read(said)
    return found or said.strip()


def sender_fault(said: str) -> str:
    """What is wrong with it, in a sentence; empty where nothing is, and each wire can write it."""
    return "" if _read(said) else _FAULT.format(said=said)


@lru_cache(maxsize=8)
def _read(said: str) -> str:
    """The one address in it; empty where there are more or none, or a part of the name would be lost."""
    if not (said.isprintable() and said.strip()):
        return ""
    pairs = getaddresses([said])
    if len(pairs) != 1 or not pairs[0][1]:
        return ""
    try:
        found = Address(addr_spec=pairs[0][1])
        sanitize_address(said, "utf-8")
        parse_single_address(said)
        groups = getattr(_HEADERS("From", said), "groups", ())
    except Exception:  # noqa: BLE001  # besides their own errors, some signs are more than parsers expect
        return ""
    # "Bank: Trust <a@b>" is a group of the name Bank
    if not (found.username and found.domain) or any(group.display_name for group in groups):
        return ""
    return pairs[0][1]
