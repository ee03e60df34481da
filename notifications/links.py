"""Who a link is for in; a signed address out, and back.

Whoever holds a customer's link is taken for the customer. So it goes out in her messages and nowhere
else: what is shown to staff has `hidden_preferences_url` in its place, and what is kept or logged of
others' words passes `masked`.

A link names its purpose in its salt, so that none opens another's door. Links in texts are the
same whenever they are made within a year: a text that is composed again to be looked for at its
provider must be the text that was sent.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.utils.encoding import force_bytes
from django.utils.http import base36_to_int, int_to_base36

_RECEIPT: Final = re.compile(r"([0-9a-f]{32})-([0-9]{1,5})")
_PREFERENCES: Final = re.compile(r"([0-9a-z]{1,13})-([0-9]{4})")
_CALENDAR: Final = re.compile(r"[0-9a-z]{1,13}")
_SIGNED: Final = re.compile(r"(/[0-9a-z-]{1,60}\.)[\w-]{22}(?![\w-])", re.ASCII)
"""A token in an address, whatever its purpose: a value and 22 characters of signature."""
_HIDDEN: Final = "•••"


class _Short(Signer):
    """HMAC-SHA256 cut to 132 bits: more than can be guessed, and it fits into an SMS."""

    def signature(self, value: str | bytes, key: str | bytes | None = None) -> str:
        return _signature(self.salt, key or self.key, force_bytes(value))


def _signature(salt: str | bytes, key: str | bytes, value: bytes) -> str:
    """As Django signs, in less of its time: with its own a text message takes a fifth longer to compose."""
    digest = _keyed(salt, key).copy()
    digest.update(value)
    return urlsafe_b64encode(digest.digest())[:22].decode("ascii")


@lru_cache(maxsize=16)
def _keyed(salt: str | bytes, key: str | bytes) -> hmac.HMAC:
    """What takes longest to make, as django.utils.crypto.salted_hmac makes it; only ever copied."""
    return hmac.new(sha256(force_bytes(salt) + b"signer" + force_bytes(key)).digest(), digestmod=sha256)


def _signed(purpose: str, value: str) -> str:
    return f"{value}.{_signature(f'lull.{purpose}', settings.SECRET_KEY, value.encode())}"


def _signer(purpose: str) -> Signer:
    return _made(purpose, settings.SECRET_KEY, tuple(settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=16)
def _made(purpose: str, key: str, fallbacks: tuple[str | bytes, ...]) -> Signer:
    """Making one takes longer than to read with it."""
    return _Short(key=key, sep=".", salt=f"lull.{purpose}", fallback_keys=list(fallbacks))


def _read(purpose: str, shape: re.Pattern[str], token: str) -> re.Match[str] | None:
    try:
        return shape.fullmatch(_signer(purpose).unsign(token))
    except BadSignature:
        return None


def receipt_token(delivery: UUID, attempt: int) -> str:
    """What travels with a message to its provider and comes back with its receipts."""
    return _signed("receipt", f"{delivery.hex}-{attempt}")


def read_receipt(token: str) -> tuple[UUID, int] | None:
    """The delivery and attempt of a receipt; None where we did not sign it. It never ends."""
    found = _read("receipt", _RECEIPT, token)
    return (UUID(found[1]), int(found[2])) if found else None


def receipt_url_of(token: str) -> str:
    """Where Twilio reports what became of a message, as we gave it to Twilio, which signs it so."""
    return f"{settings.BASE_URL}/receipts/sms/{token}/"


def preferences_url(customer_id: int, *, now: datetime | None = None) -> str:
    """A customer's page of preferences; good until the end of the next year (UTC), so at least one year."""
    year = (now or datetime.now(UTC)).astimezone(UTC).year
    token = _signed("preferences", f"{int_to_base36(customer_id)}-{year}")
    return f"{settings.BASE_URL}/preferences/{token}/"


def hidden_preferences_url() -> str:
    """What stands for a customer's preferences link wherever anybody but the customer looks."""
    return f"{settings.BASE_URL}/preferences/{_HIDDEN}/"


def masked(text: str) -> str:
    """The same text, in which no link of ours works any more: who it was for stays, its signature goes."""
    return _SIGNED.sub(rf"\1{_HIDDEN}", text)


def read_preferences(token: str, *, now: datetime | None = None) -> int | None:
    """The customer of a preferences link; None where it is not ours or too old."""
    found = _read("preferences", _PREFERENCES, token)
    if not found:
        return None
    year = (now or datetime.now(UTC)).astimezone(UTC).year
    return base36_to_int(found[1]) if int(found[2]) >= year - 1 else None


def my_calendar_url(customer_id: int) -> str:
    """A customer's own calendar. It never ends: a subscription is kept for years."""
    token = _signed("calendar", int_to_base36(customer_id))
    return f"{settings.BASE_URL}/calendar/my/{token}.ics"


def read_my_calendar(token: str) -> int | None:
    """The customer of a calendar link; None where it is not ours."""
    found = _read("calendar", _CALENDAR, token)
    return base36_to_int(found[0]) if found else None
