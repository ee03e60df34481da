"""A message in; an SMS at Twilio and what became of it out.

Twilio has no idempotency key: a POST that may have arrived is never repeated, but looked for.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import requests
from django.conf import settings

from notifications import links
from notifications.contract import Class, Found, Message, Outcome, Unreachable
from notifications.providers import outcome, reference, web

NAME: Final = "twilio"
_API: Final = "https://api.twilio.com"
_LONGEST: Final = 36_000
"""Seconds a message may wait in Twilio's queue, by its own documentation."""
_CLOCKS_APART: Final = timedelta(seconds=60)
_TRIAL: Final = "Sent from your Twilio trial account - "
"""What a trial account puts before each text, so that ours is found behind it."""
_QUEUE_FULL: Final = "21611"
_QUEUE_SECONDS: Final = 300.0

_CLASSES: Final = {
    "20003": Class.CONFIGURATION,  # wrong key
    "20404": Class.CONFIGURATION,  # no such account
    "20429": Class.NOT_PROCESSED,
    "21603": Class.CONFIGURATION,  # no sender
    "21609": Class.CONFIGURATION,  # our receipt address is none
    "21610": Class.OPT_OUT,
    _QUEUE_FULL: Class.NOT_PROCESSED,
    "21660": Class.CONFIGURATION,  # the sender belongs to another account
    "21701": Class.CONFIGURATION,  # no such messaging service
    "21705": Class.CONFIGURATION,  # the messaging service's name is none
    "21730": Class.NOT_PROCESSED,  # Twilio's own maintenance
}
"""Codes of twilio.com/docs/api/errors; of the others the HTTP status decides."""

# Twilio's words in a receipt
SENT: Final = frozenset({"accepted", "queued", "sending", "sent"})
DELIVERED: Final = frozenset({"delivered", "read"})
FAILED: Final = frozenset({"undelivered", "failed", "canceled"})
OPTED_OUT: Final = frozenset({"21610"})
BAD_NUMBER: Final = frozenset({"30005", "30006"})
"""Unknown handset; landline. Not 30003 (switched off) nor 30008 (no reason given): those may pass."""


class _Refused(Exception):
    """Twilio answered with an error, or with what cannot be Twilio."""

    def __init__(self, response: requests.Response) -> None:
        try:
            said = response.json()
        except ValueError:
            said = None
        said = said if isinstance(said, dict) else {}
        self.status = response.status_code
        self.code = str(said.get("code", "") or response.status_code)
        self.words = str(said.get("message", "") or response.reason)
        self.headers: Mapping[str, str] = response.headers


class _Wire:
    """What the SDK calls to put a request on the wire.

    The SDK's own client passes each answer through an attribute that all threads share, so that
    one may be given another's; and its address and timeouts cannot be set as we need them.
    """

    def __init__(self, base: str, timeouts: tuple[float, float]) -> None:
        self._base = base
        self._timeouts = timeouts

    def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> requests.Response:
        """Raises _Refused for every answer but 2xx, requests' errors where none came."""
        response = web.session(os.getpid(), NAME).request(
            method,
            url.replace(_API, self._base, 1),
            params=params,
            data=data,
            headers=headers,
            auth=auth,
            timeout=self._timeouts,
            allow_redirects=False,
        )
        if not 200 <= response.status_code < 300:
            raise _Refused(response)
        return response


@lru_cache(maxsize=16)
def _messages(account: str, token: str, base: str, timeouts: tuple[float, float]) -> Any:
    from twilio.rest import Client  # a third of a second, and only where SMS are sent

    return Client(account, token, http_client=_Wire(base, timeouts)).messages


class Provider:
    """Twilio's Programmable Messaging, by the account in the settings."""

    name = NAME
    has_receipts = True
    at_once: int | None = None

    def __init__(
        self,
        timeouts: tuple[float, float] = (web.CONNECT_SECONDS, web.READ_SECONDS),
    ) -> None:
        """`timeouts` are seconds to connect and to be answered."""
        self._timeouts = timeouts

    def send(self, message: Message) -> Outcome:
        """Create the message at Twilio."""
        missing = unset()
        if missing:
            return outcome(message, Class.CONFIGURATION, NAME, code="settings", detail=missing)
        try:
            made = self._resource().create(
                to=message.address,
                body=message.body,
                status_callback=links.receipt_url(message.delivery, message.attempt),
                validity_period=_seconds_left(message),
                # characters were counted and approved as they are; and `find` compares the text
                smart_encoded=False,
                **_sender(),
            )
        except _Refused as refused:
            return _refusal(message, refused)
        except requests.RequestException as error:
            result, code = web.failure(error)
            return outcome(message, result, NAME, code=code, detail=str(error))
        if not made.sid:
            return outcome(message, Class.UNKNOWN, NAME, code="no sid")
        return outcome(message, Class.ACCEPTED, NAME, provider_ref=made.sid)

    def find(self, message: Message, since: datetime) -> Found | None:
        """Look through what Twilio has for this number: it returns none of our own identifiers.

        The list is asked by number alone: a message that still waits has no date sent to filter by.
        """
        missing = unset()
        if missing:
            raise Unreachable(missing)
        from twilio.base.exceptions import TwilioException  # slow; see _messages

        texts = {message.body.strip(), (_TRIAL + message.body).strip()}
        try:
            for one in self._resource().stream(to=message.address, page_size=1000):
                created = one.date_created
                late_enough = created is not None and created >= since - _CLOCKS_APART
                if late_enough and (one.body or "").strip() in texts:
                    return Found(provider_ref=reference(one.sid))
        except _Refused as refused:
            raise Unreachable(f"Twilio answered {refused.status}: {refused.words}") from None
        except (requests.RequestException, TwilioException, ValueError) as error:
            raise Unreachable(f"Twilio cannot be asked: {error}") from error
        return None

    def close(self) -> None:
        """Connections stay for the process: other threads use them, and the next call will."""

    def _resource(self) -> Any:
        return _messages(
            settings.TWILIO_ACCOUNT_SID,
            settings.TWILIO_AUTH_TOKEN,
            settings.TWILIO_API_BASE,
            self._timeouts,
        )


def unset() -> str:
    """What the settings lack besides the account, and what to do about it; empty where nothing is lacking."""
    if not settings.TWILIO_AUTH_TOKEN:
        return "TWILIO_ACCOUNT_SID is set, but TWILIO_AUTH_TOKEN is not: set it, or TWILIO_AUTH_TOKEN_FILE."
    if not (settings.TWILIO_MESSAGING_SERVICE_SID or settings.TWILIO_FROM):
        return "Nobody to send SMS as: set TWILIO_MESSAGING_SERVICE_SID or TWILIO_FROM."
    return ""


def _sender() -> dict[str, str]:
    if settings.TWILIO_MESSAGING_SERVICE_SID:
        return {"messaging_service_sid": settings.TWILIO_MESSAGING_SERVICE_SID}
    return {"from_": settings.TWILIO_FROM}


def _seconds_left(message: Message) -> int:
    left = (message.expires_at - datetime.now(UTC)).total_seconds()
    return max(1, min(_LONGEST, int(left)))


def _refusal(message: Message, refused: _Refused) -> Outcome:
    result = _CLASSES.get(refused.code) or web.meaning(refused.status)
    wait = web.retry_after(refused.headers, datetime.now(UTC))
    if refused.code == _QUEUE_FULL:
        wait = wait or _QUEUE_SECONDS
    return outcome(message, result, NAME, code=refused.code, detail=refused.words, retry_after=wait)
