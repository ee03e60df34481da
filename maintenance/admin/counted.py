"""How many customers use some services in; the same as signed words that a page can hand back, and back, out.

Counting a million customers takes longer than all the rest of a page that is ranked anew with every move of
a slider. So a page hands its figures back for a while; only this server can write them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.core import signing

from maintenance.slots import Users

_FOR: Final = 600
"""Seconds."""
_SALT: Final = "maintenance.admin.counted"


def signed(services: Sequence[str], users: Users) -> str:
    """The figures of these services, by key."""
    return signing.dumps([*services, users.customers, users.vulnerable], salt=_SALT)


def handed_back(services: Sequence[str], words: str) -> Users | None:
    """The figures; None where the words are of other services, too old, or not ours."""
    try:
        *keys, customers, vulnerable = signing.loads(words, salt=_SALT, max_age=_FOR)
    except signing.BadSignature:
        return None
    return Users(customers, vulnerable) if keys == list(services) else None
