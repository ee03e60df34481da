"""A message in; a mail at a mail service, by anymail or any other Django backend, out.

Our signed token travels in the mail's metadata and comes back with the service's events, so that
nobody else can report on a delivery.
"""

from __future__ import annotations

import os
from collections import defaultdict, deque
from datetime import UTC, datetime
from typing import Any, Final

import requests
from anymail.exceptions import (
    AnymailAPIError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailSerializationError,
    AnymailUnsupportedFeature,
)
from anymail.message import AnymailMessageMixin
from anymail.signals import AnymailTrackingEvent
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives, get_connection

from notifications import links
from notifications.contract import Class, Found, Message, Outcome
from notifications.providers import mail, outcome, web

METADATA: Final = "receipt"
"""Under this name our token is kept with the mail at the service."""

_STATUSES: Final = {
    "sent": Class.ACCEPTED,
    "queued": Class.ACCEPTED,
    "invalid": Class.PERMANENT,
    "rejected": Class.PERMANENT,
    "failed": Class.PERMANENT,
}
"""Anymail's words for one recipient; any other is unknown."""

# anymail's words in a tracking event: what happened
SENT: Final = frozenset({"queued", "sent", "deferred"})
DELIVERED: Final = frozenset({"delivered"})
FAILED: Final = frozenset({"bounced", "rejected", "failed"})
COMPLAINED: Final = frozenset({"complained"})
UNSUBSCRIBED: Final = frozenset({"unsubscribed"})
# and in its reason
COMPLAINED_BEFORE: Final = frozenset({"spam"})
BAD_ADDRESS: Final = frozenset({"invalid", "bounced"})

_idle: dict[tuple[int, str], deque[Any]] = defaultdict(deque)
"""Backends with an open session, by process and kind: a backend serves one thread at a time."""


def may_pass(event: AnymailTrackingEvent) -> bool:
    """Whether a bounce is of a full or sleeping mailbox: anymail gives Postmark's the dead ones' name."""
    return isinstance(event.esp_event, dict) and event.esp_event.get("Type") == "SoftBounce"


def name_of(service: str) -> str:
    """A service's name as kept with deliveries, from anymail's: "Amazon SES" is amazon_ses."""
    return service.lower().replace(" ", "_")


class Provider:
    """The mail service of settings.EMAIL_BACKEND."""

    at_once: int | None = None

    def __init__(self) -> None:
        """The name is the backend's module: postmark, amazon_ses, console."""
        self.name = settings.EMAIL_BACKEND.rsplit(".", 2)[-2]
        self.has_receipts = settings.EMAIL_BACKEND.startswith("anymail.")

    def send(self, message: Message) -> Outcome:
        """Hand the mail over by itself: a call is one person, so nobody sees another's address."""
        idle = _idle[os.getpid(), settings.EMAIL_BACKEND]
        try:
            composed = mail.compose(message)
            backend = idle.pop() if idle else _opened()
        except ImproperlyConfigured as error:
            return outcome(message, Class.CONFIGURATION, self.name, code="settings", detail=str(error))
        except ValueError as error:
            return outcome(message, Class.PERMANENT, self.name, code="invalid", detail=str(error))
        token = links.receipt_token(message.delivery, message.attempt)
        composed.metadata = {METADATA: token}  # type: ignore[attr-defined]  # anymail reads it there
        try:
            return self._handed_over(message, composed, backend)
        finally:
            idle.append(backend)

    def find(self, message: Message, since: datetime) -> Found | None:
        """Mail services have no such question in common."""
        raise LookupError(f"{self.name} cannot be asked what became of a mail")

    def close(self) -> None:
        """Sessions stay for the process."""

    def _handed_over(self, message: Message, composed: EmailMultiAlternatives, backend: Any) -> Outcome:
        try:
            backend.send_messages([composed])
        except AnymailRecipientsRefused:
            pass  # told by the status below
        except AnymailInvalidAddress as error:
            return outcome(message, Class.PERMANENT, self.name, code="invalid", detail=str(error))
        except (AnymailUnsupportedFeature, AnymailSerializationError, ImproperlyConfigured) as error:
            return outcome(message, Class.CONFIGURATION, self.name, code="settings", detail=str(error))
        except AnymailAPIError as error:
            return self._refusal(message, error)
        if not self.has_receipts:
            return outcome(message, Class.ACCEPTED, self.name, provider_ref=mail.message_id(message.delivery))
        return self._answer(message, composed)

    def _answer(self, message: Message, composed: AnymailMessageMixin) -> Outcome:
        said = next(iter(composed.anymail_status.recipients.values()), None)
        status = str(said.status) if said else "no status"
        # some services refuse with words that anymail does not know: then the HTTP status tells
        http = getattr(composed.anymail_status.esp_response, "status_code", 0)
        result = _STATUSES.get(status) or web.meaning(http)
        reference = str(said.message_id or "") if said else ""
        code = "" if result is Class.ACCEPTED else status
        return outcome(message, result, self.name, provider_ref=reference, code=code)

    def _refusal(self, message: Message, error: AnymailAPIError) -> Outcome:
        status, cause = error.status_code, error.__cause__
        if status:
            wait = web.retry_after(error.response.headers, datetime.now(UTC))
            words = str(error)
            return outcome(
                message, web.meaning(status), self.name, code=str(status), detail=words, retry_after=wait
            )
        if isinstance(cause, requests.RequestException):
            result, code = web.failure(cause)
            return outcome(message, result, self.name, code=code, detail=str(cause))
        return outcome(message, Class.UNKNOWN, self.name, code="error", detail=str(error))


def _opened() -> Any:
    backend = get_connection()
    backend.open()
    session = getattr(backend, "session", None)
    if isinstance(session, requests.Session):
        session.mount("https://", web.Adapter())
        session.mount("http://", web.Adapter())
    return backend
