"""Who a link is for in; a signed address out, and back.

A link names its purpose in its salt, so that none opens another's door. Links in texts are the
same whenever they are made within a year: a text that is composed again to be looked for at its
provider must be the text that was sent.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.utils.http import base36_to_int, int_to_base36

_RECEIPT: Final = re.compile(r"([0-9a-f]{32})-([0-9]{1,5})")
_PREFERENCES: Final = re.compile(r"([0-9a-z]{1,13})-([0-9]{4})")
_CALENDAR: Final = re.compile(r"[0-9a-z]{1,13}")


class _Short(Signer):
    """HMAC-SHA256 cut to 132 bits: more than can be guessed, and it fits into an SMS."""

    def signature(self, value: str | bytes, key: str | bytes | None = None) -> str:
        return super().signature(value, key)[:22]


def _signer(purpose: str) -> Signer:
    return _made(purpose, settings.SECRET_KEY, tuple(settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=16)
def _made(purpose: str, key: str, fallbacks: tuple[str | bytes, ...]) -> Signer:
    """Making one takes longer than signing with it, and every message has two links."""
    return _Short(key=key, sep=".", salt=f"lull.{purpose}", fallback_keys=list(fallbacks))


def _read(purpose: str, shape: re.Pattern[str], token: str) -> re.Match[str] | None:
    try:
        return shape.fullmatch(_signer(purpose).unsign(token))
    except BadSignature:
        return None


def receipt_token(delivery: UUID, attempt: int) -> str:
    """What travels with a message to its provider and comes back with its receipts."""
    return _signer("receipt").sign(f"{delivery.hex}-{attempt}")


def read_receipt(token: str) -> tuple[UUID, int] | None:
    """The delivery and attempt of a receipt; None where we did not sign it. It never ends."""
    found = _read("receipt", _RECEIPT, token)
    return (UUID(found[1]), int(found[2])) if found else None


def receipt_url(delivery: UUID, attempt: int) -> str:
    """Where Twilio reports what became of a message."""
    return receipt_url_of(receipt_token(delivery, attempt))


def receipt_url_of(token: str) -> str:
    """The address as we gave it to Twilio, which is what Twilio signs."""
    return f"{settings.BASE_URL}/receipts/sms/{token}/"


def preferences_url(customer_id: int, *, now: datetime | None = None) -> str:
    """A customer's page of preferences; good until the end of the next year (UTC), so at least one year."""
    year = (now or datetime.now(UTC)).astimezone(UTC).year
    token = _signer("preferences").sign(f"{int_to_base36(customer_id)}-{year}")
    return f"{settings.BASE_URL}/preferences/{token}/"


def read_preferences(token: str, *, now: datetime | None = None) -> int | None:
    """The customer of a preferences link; None where it is not ours or too old."""
    found = _read("preferences", _PREFERENCES, token)
    if not found:
        return None
    year = (now or datetime.now(UTC)).astimezone(UTC).year
    return base36_to_int(found[1]) if int(found[2]) >= year - 1 else None


def my_calendar_url(customer_id: int) -> str:
    """A customer's own calendar. It never ends: a subscription is kept for years."""
    token = _signer("calendar").sign(int_to_base36(customer_id))
    return f"{settings.BASE_URL}/calendar/my/{token}.ics"


def read_my_calendar(token: str) -> int | None:
    """The customer of a calendar link; None where it is not ours."""
    found = _read("calendar", _CALENDAR, token)
    return base36_to_int(found[0]) if found else None
