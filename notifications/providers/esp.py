"""A message in; a mail at a mail service, by anymail or any other Django backend, out.

Our signed token travels in the mail's metadata and comes back with the service's events, so that
nobody else can report on a delivery.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import defaultdict, deque
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any, Final

import requests
from anymail.exceptions import (
    AnymailAPIError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailSerializationError,
    AnymailUnsupportedFeature,
)
from anymail.message import AnymailRecipientStatus, AnymailStatus
from anymail.signals import AnymailTrackingEvent
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives, get_connection

from notifications.contract import Class, Found, Message, Outcome
from notifications.providers import esp_batches, esp_mailgun, esp_postmark, mail, outcome, web

_log = logging.getLogger(__name__)

_STATUSES: Final = {
    "sent": Class.ACCEPTED,
    "queued": Class.ACCEPTED,
    "invalid": Class.PERMANENT,
    "rejected": Class.PERMANENT,
    "failed": Class.PERMANENT,
}
"""Anymail's words for one recipient; any other is unknown."""

_OURS: Final = {
    "anymail.backends.mailgun.EmailBackend": f"{esp_mailgun.__name__}.EmailBackend",
    "anymail.backends.postmark.EmailBackend": f"{esp_postmark.__name__}.EmailBackend",
}
"""Backends that stand in the place of anymail's."""

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


class _Refused(Exception):
    """The service refused a call for many as a whole, maybe for the sake of one; nothing was sent."""


class Provider:
    """The mail service of settings.EMAIL_BACKEND."""

    def __init__(self) -> None:
        """The name is the backend's module: postmark, amazon_ses, console."""
        self.name = settings.EMAIL_BACKEND.rsplit(".", 2)[-2]
        self.sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
        self.has_receipts = settings.EMAIL_BACKEND.startswith("anymail.")
        self._service = esp_batches.of(settings.EMAIL_BACKEND)
        self.in_one_call = esp_batches.most(self._service)
        self.at_once: int | None = 2 * self.in_one_call if self._service else None

    async def send(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        """Hand the mails over in as few calls as the service can keep apart, all at the same time."""
        calls = esp_batches.split(messages, self._service)
        answers = await asyncio.gather(*(self._carried(batch) for batch in calls))
        return [one for answer in answers for one in answer]

    def find(self, message: Message, since: datetime) -> Found | None:
        """Mail services have no such question in common."""
        raise LookupError(f"{self.name} cannot be asked what became of a mail")

    def close(self) -> None:
        """Sessions stay for the process."""

    async def _carried(self, batch: Sequence[Message]) -> Sequence[Outcome]:
        """One call, in a thread; where it is refused as a whole, halves of it, until the culprit is alone."""
        try:
            return await asyncio.get_running_loop().run_in_executor(None, self._called, batch)
        except _Refused:
            half = len(batch) // 2
            parts = await asyncio.gather(self._carried(batch[:half]), self._carried(batch[half:]))
            return [one for part in parts for one in part]
        except Exception as error:  # noqa: BLE001  # a fault of ours in one call must not take the others along
            _log.exception("%d mails: a fault while they were being sent", len(batch))
            words = f"{type(error).__name__}: {error}"
            return self._all(batch, Class.UNKNOWN, code="fault", detail=words)

    def _called(self, batch: Sequence[Message]) -> Sequence[Outcome]:
        idle = _idle[os.getpid(), settings.EMAIL_BACKEND]
        try:
            composed = self._composed(batch)
            backend = idle.pop() if idle else _opened()
        except ImproperlyConfigured as error:
            return self._all(batch, Class.CONFIGURATION, code="settings", detail=str(error))
        except ValueError as error:
            return self._never(batch, "invalid", str(error))
        try:
            return self._handed_over(batch, composed, backend)
        finally:
            idle.append(backend)

    def _composed(self, batch: Sequence[Message]) -> EmailMultiAlternatives:
        if len(batch) > 1 and self._service:
            composed = esp_batches.compose(batch, self._service)
        else:
            composed = mail.compose(batch[0])
            composed.metadata = esp_batches.metadata(batch[0])  # type: ignore[attr-defined]  # anymail reads it
        if not esp_batches.is_discreet(composed):
            raise ImproperlyConfigured("a mail would show its readers each other's addresses")
        return composed

    def _handed_over(self, batch: Sequence[Message], composed: Any, backend: Any) -> Sequence[Outcome]:
        try:
            backend.send_messages([composed])
        except AnymailRecipientsRefused:
            pass  # told by the status below
        except AnymailInvalidAddress as error:
            return self._never(batch, "invalid", str(error))
        except (AnymailUnsupportedFeature, AnymailSerializationError, ImproperlyConfigured) as error:
            return self._all(batch, Class.CONFIGURATION, code="settings", detail=str(error))
        except AnymailAPIError as error:
            return self._refusal(batch, error)
        if not self.has_receipts:
            return [
                outcome(one, Class.ACCEPTED, self.name, provider_ref=mail.message_id(one.delivery))
                for one in batch
            ]
        return self._answers(batch, composed.anymail_status)

    def _answers(self, batch: Sequence[Message], said: AnymailStatus) -> Sequence[Outcome]:
        """What became of each, which a service may say in other letters than it was asked in."""
        # some services refuse with words that anymail does not know: then the HTTP status tells
        otherwise = web.meaning(getattr(said.esp_response, "status_code", 0))
        if len(batch) == 1:
            return [self._answer(batch[0], next(iter(said.recipients.values()), None), otherwise)]
        if otherwise is Class.PERMANENT and not any(_taken(one) for one in said.recipients.values()):
            raise _Refused
        by_address = {address.casefold(): status for address, status in said.recipients.items()}
        return [self._answer(one, by_address.get(one.address.casefold()), otherwise) for one in batch]

    def _answer(self, message: Message, said: AnymailRecipientStatus | None, otherwise: Class) -> Outcome:
        status = str(said.status) if said else "no status"
        result = _STATUSES.get(status) or otherwise
        reference = str(said.message_id or "") if said else ""
        code = "" if result is Class.ACCEPTED else status
        return outcome(message, result, self.name, provider_ref=reference, code=code)

    def _refusal(self, batch: Sequence[Message], error: AnymailAPIError) -> Sequence[Outcome]:
        status, cause = error.status_code, error.__cause__
        if status:
            result, words = web.meaning(status), str(error)
            if result is Class.PERMANENT:
                return self._never(batch, str(status), words)
            wait = web.retry_after(error.response.headers, datetime.now(UTC))
            return self._all(batch, result, code=str(status), detail=words, retry_after=wait)
        if isinstance(cause, requests.RequestException):
            result, code = web.failure(cause)
            return self._all(batch, result, code=code, detail=str(cause))
        return self._all(batch, Class.UNKNOWN, code="error", detail=str(error))

    def _never(self, batch: Sequence[Message], code: str, words: str) -> Sequence[Outcome]:
        if len(batch) > 1:
            raise _Refused
        return self._all(batch, Class.PERMANENT, code=code, detail=words)

    def _all(
        self,
        batch: Sequence[Message],
        result: Class,
        *,
        code: str,
        detail: str,
        retry_after: float | None = None,
    ) -> Sequence[Outcome]:
        for one in batch:  # an error names everybody in the call, and is kept with each of them
            detail = detail.replace(one.address, "(address)")
        return [
            outcome(one, result, self.name, code=code, detail=detail, retry_after=retry_after)
            for one in batch
        ]


def _taken(said: AnymailRecipientStatus) -> bool:
    return _STATUSES.get(str(said.status)) is Class.ACCEPTED


def _opened() -> Any:
    backend = get_connection(_OURS.get(settings.EMAIL_BACKEND))
    backend.open()
    session = getattr(backend, "session", None)
    if isinstance(session, requests.Session):
        session.mount("https://", web.Adapter())
        session.mount("http://", web.Adapter())
    return backend
