"""A message in; an SMS at Twilio and what became of it out.

Twilio has no idempotency key: a POST that may have arrived is never repeated, but looked for.
"""

from __future__ import annotations

import base64
import http.client
import json
import string
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings

from notifications import links
from notifications.channels.providers import outcome_of, with_wait
from notifications.channels.providers.http import client, responses
from notifications.channels.providers.twilio import codes, lookup
from notifications.channels.types import Found, Message, Outcome, Template, Unreachable, Verdict

NAME: Final = "twilio"
_LONGEST: Final = 36_000
"""Seconds a message may wait in Twilio's queue, by its own documentation."""
_QUEUE_SECONDS: Final = 300.0

_HERE: Final = "here"
_TEXTS: Final = 64
"""Of a drain, whose quoted words are kept: one for each notice, language and time zone."""
_SAFE: Final = frozenset(string.ascii_letters + string.digits + "_.-~")


class TwilioProvider:
    """Twilio's Programmable Messaging, by the account in the settings.

    A message is one POST of a form, without the SDK: its asynchronous client repeats a POST that was
    answered 503, which may be a second SMS, and ignores its timeout.
    """

    name = NAME
    has_receipts = True
    at_once: int | None = None
    in_one_call = 1

    def __init__(
        self,
        timeouts: tuple[float, float] = (responses.CONNECT_SECONDS, responses.READ_SECONDS),
    ) -> None:
        """`timeouts` are seconds to connect and to be answered."""
        self._timeouts = timeouts
        self._missing = unset_settings()
        self.sender = settings.TWILIO_MESSAGING_SERVICE_SID or settings.TWILIO_FROM
        # characters were counted and approved as they are; and `find` compares the text
        self._same = "&" + urlencode({"SmartEncoded": "false", **_sender()})
        # signed tokens hold nothing that would have to be quoted
        self._callback = tuple(map(_quoted, links.receipt_url_of(_HERE).rsplit(_HERE, 1)))
        self._pieces = lru_cache(_TEXTS)(_pieces)
        account = settings.TWILIO_ACCOUNT_SID
        self._url = f"{settings.TWILIO_API_BASE}/2010-04-01/Accounts/{account}/Messages.json"
        secret = base64.b64encode(f"{account}:{settings.TWILIO_AUTH_TOKEN}".encode()).decode()
        self._headers = {
            "Authorization": f"Basic {secret}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }

    async def send(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        """Create the message at Twilio."""
        return [await self._created(message) for message in messages]

    async def _created(self, message: Message) -> Outcome:
        if self._missing:
            return outcome_of(message, Verdict.CONFIGURATION, NAME, code="settings", detail=self._missing)
        try:
            answer = await client.async_session(NAME, *self._timeouts).post(
                self._url, self._form(message), self._headers
            )
        except client.Unanswered as lost:
            return outcome_of(message, lost.result, NAME, code=lost.code, detail=lost.detail)
        said = _read(answer.body)
        if not 200 <= answer.status < 300:
            return _refusal(message, answer, said)
        sid = said.get("sid")
        if not (isinstance(sid, str) and sid):
            return outcome_of(message, Verdict.UNKNOWN, NAME, code="no sid")
        return outcome_of(message, Verdict.ACCEPTED, NAME, provider_ref=sid)

    def find(self, message: Message, since: datetime) -> Found | None:
        """Look through what Twilio has for this number."""
        if self._missing:
            raise Unreachable(self._missing)
        return lookup.found_message(message, since, self._timeouts)

    def close(self) -> None:
        """Connections stay for the process, and the next call will use them."""

    def _form(self, message: Message) -> bytes:
        """As application/x-www-form-urlencoded; what is the same for all is encoded once."""
        before, after = self._callback
        token = links.receipt_token(message.delivery, message.attempt)
        form = (
            f"To={_quoted(message.address)}&Body={self._body(message)}&StatusCallback={before}{token}{after}"
            f"&ValidityPeriod={_seconds_left(message)}{self._same}"
        )
        return form.encode("ascii")

    def _body(self, message: Message) -> str:
        if message.words is None:
            return _quoted(message.body)
        parts = list(self._pieces(message.words))
        for place in range(1, len(parts), 2):
            parts[place] = _quoted(message.values[parts[place]])
        return "".join(parts)


def _pieces(words: Template) -> tuple[str, ...]:
    """The body's pieces, quoted but for the names of the person's own values."""
    return tuple(piece if place % 2 else _quoted(piece) for place, piece in enumerate(words.body))


_QUOTED: Final = {
    byte: chr(byte) if chr(byte) in _SAFE else "+" if byte == 32 else f"%{byte:02X}" for byte in range(256)
}


def _quoted(text: str) -> str:
    """As urllib's quote_plus, in a third of its time."""
    return text.encode().decode("latin-1").translate(_QUOTED)


def unset_settings() -> str:
    """What the settings lack besides the account, and what to do about it; empty where nothing is lacking."""
    if not settings.TWILIO_AUTH_TOKEN:
        return "TWILIO_ACCOUNT_SID is set, but TWILIO_AUTH_TOKEN is not: set it, or TWILIO_AUTH_TOKEN_FILE."
    if not (settings.TWILIO_MESSAGING_SERVICE_SID or settings.TWILIO_FROM):
        return "Nobody to send SMS as: set TWILIO_MESSAGING_SERVICE_SID or TWILIO_FROM."
    return ""


def _sender() -> dict[str, str]:
    if settings.TWILIO_MESSAGING_SERVICE_SID:
        return {"MessagingServiceSid": settings.TWILIO_MESSAGING_SERVICE_SID}
    return {"From": settings.TWILIO_FROM}


def _seconds_left(message: Message) -> int:
    left = (message.expires_at - message.composed_at).total_seconds()
    return max(1, min(_LONGEST, int(left)))


def _read(body: bytes) -> Mapping[str, Any]:
    """What Twilio said; nothing where it cannot have been Twilio."""
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _refusal(message: Message, answer: client.HttpAnswer, said: Mapping[str, Any]) -> Outcome:
    code = str(said.get("code", "") or answer.status)
    words = str(said.get("message", "") or http.client.responses.get(answer.status, ""))
    wait = responses.retry_after(answer.headers, datetime.now(UTC))
    if code == codes.QUEUE_FULL:
        wait = wait or _QUEUE_SECONDS
    result = codes.REFUSALS.get(code) or responses.status_verdict(answer.status)
    return with_wait(outcome_of(message, result, NAME, code=code, detail=words), wait)
