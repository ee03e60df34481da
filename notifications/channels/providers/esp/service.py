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
from datetime import datetime, timedelta
from email.utils import getaddresses
from typing import Any, Final

import requests
from anymail.exceptions import (
    AnymailAPIError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailSerializationError,
    AnymailUnsupportedFeature,
)
from anymail.signals import AnymailTrackingEvent
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives, get_connection

from notifications.channels.providers import outcome_of
from notifications.channels.providers.esp import batches, postmark
from notifications.channels.providers.esp.answers import (
    CallRefused,
    failed_outcomes,
    outcome_of_each,
    outcome_of_one,
    same_outcome,
)
from notifications.channels.providers.http import responses
from notifications.channels.providers.mime import django_mail, mailbox
from notifications.channels.types import Found, Message, Outcome, Unreachable, Verdict

_log = logging.getLogger(__name__)

_OURS: Final = {
    "anymail.backends.postmark.EmailBackend": f"{postmark.__name__}.EmailBackend",
    # by its name alone: it needs boto3, which only its users have
    "anymail.backends.amazon_ses.EmailBackend": "notifications.channels.providers.esp.ses.EmailBackend",
}
"""Backends that stand in the place of anymail's."""

_KEYS_KEPT: Final = {"anymail.backends.resend.EmailBackend": timedelta(hours=23)}
"""Services that take an Idempotency-Key, and how long they know it again: Resend for a day; clocks differ."""

# anymail's words in a tracking event: what happened
SENT: Final = frozenset({"queued", "sent", "deferred"})
DELIVERED: Final = frozenset({"delivered"})
FAILED: Final = frozenset({"bounced", "rejected", "failed"})
COMPLAINED: Final = frozenset({"complained"})
UNSUBSCRIBED: Final = frozenset({"unsubscribed"})
# and in its reason
COMPLAINED_BEFORE: Final = frozenset({"spam"})
BAD_ADDRESS: Final = frozenset({"invalid", "bounced"})
OF_RECIPIENT: Final = COMPLAINED_BEFORE | UNSUBSCRIBED | BAD_ADDRESS
"""However many share it; "blocked", "timed_out" and "other" may be of us."""

_idle: dict[tuple[int, str], deque[Any]] = defaultdict(deque)
"""Backends with an open session, by process and kind: a backend serves one thread at a time."""


def may_pass(event: AnymailTrackingEvent) -> bool:
    """Whether a bounce is of a full or sleeping mailbox: anymail gives Postmark's the dead ones' name."""
    return isinstance(event.esp_event, dict) and event.esp_event.get("Type") == "SoftBounce"


def backend_name(service: str) -> str:
    """A service's name as kept with deliveries, from anymail's: "Amazon SES" is amazon_ses."""
    return service.lower().replace(" ", "_")


class _NotOneAddress(ValueError):
    """Whoever it is for cannot be written to."""


class MailServiceProvider:
    """The mail service of settings.EMAIL_BACKEND."""

    def __init__(self) -> None:
        """The name is the backend's module: postmark, amazon_ses, console."""
        self.name = settings.EMAIL_BACKEND.rsplit(".", 2)[-2]
        self.sender = mailbox.sender_address(settings.DEFAULT_FROM_EMAIL)
        self._fault = mailbox.sender_fault(settings.DEFAULT_FROM_EMAIL)
        self.has_receipts = settings.EMAIL_BACKEND.startswith("anymail.")
        self._service = batches.batch_service(settings.EMAIL_BACKEND)
        self.in_one_call = batches.most_in_call(self._service)
        self.at_once: int | None = 2 * self.in_one_call if self._service else None

    async def send(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        """Hand the mails over in as few calls as the service can keep apart, all at the same time."""
        calls = batches.split_messages(messages, self._service)
        answers = await asyncio.gather(*(self._carried(batch) for batch in calls))
        return [one for answer in answers for one in answer]

    def find(self, message: Message, since: datetime) -> Found | None:
        """Hand it over again under the same key, where the service knows its keys again.

        It answers with the first mail, or sends the only one. Raises LookupError where the key may be
        forgotten, or the words no longer true.
        """
        now = message.composed_at
        if settings.EMAIL_BACKEND not in _KEYS_KEPT:
            raise LookupError(f"{self.name} cannot be asked what became of a mail")
        if now - since > _KEYS_KEPT[settings.EMAIL_BACKEND] or now >= message.expires_at:
            raise LookupError(f"it is too late to ask {self.name} by handing it over again")
        (answer,) = self._called([message])
        if answer.result is not Verdict.ACCEPTED:
            raise Unreachable(f"{self.name} did not say: {answer.code} {answer.detail}")
        return Found(provider_ref=answer.provider_ref)

    def close(self) -> None:
        """Sessions stay for the process."""

    async def _carried(self, batch: Sequence[Message]) -> Sequence[Outcome]:
        """One call, in a thread; where it is refused as a whole, parts of it, until the culprit is alone."""
        try:
            return await asyncio.get_running_loop().run_in_executor(None, self._called, batch)
        except CallRefused:
            return await self._parted(batch)
        except Exception as error:  # noqa: BLE001  # a fault of ours in one call must not take the others along
            _log.exception("%d mails: a fault while they were being sent", len(batch))
            words = f"{type(error).__name__}: {error}"
            return same_outcome(batch, self.name, Verdict.UNKNOWN, "fault", words)

    async def _parted(self, batch: Sequence[Message]) -> Sequence[Outcome]:
        """The first and the last alone: where both are refused for no fault of theirs, so would all be.

        Else the culprits are among those between, who are carried in halves.
        """
        first, last = await asyncio.gather(self._carried(batch[:1]), self._carried(batch[-1:]))
        between = batch[1:-1]
        if first[0].result is last[0].result is Verdict.REFUSED:
            told = same_outcome(between, self.name, Verdict.REFUSED, first[0].code, first[0].detail)
            return [*first, *told, *last]
        half = len(between) // 2
        parts = [part for part in (between[:half], between[half:]) if part]
        carried = await asyncio.gather(*(self._carried(part) for part in parts))
        return [*first, *(one for part in carried for one in part), *last]

    def _called(self, batch: Sequence[Message]) -> Sequence[Outcome]:
        if self._fault:
            return same_outcome(batch, self.name, Verdict.CONFIGURATION, "settings", self._fault)
        idle = _idle[os.getpid(), settings.EMAIL_BACKEND]
        try:
            composed = self._composed(batch)
            backend = idle.pop() if idle else _opened()
        except ImproperlyConfigured as error:
            return same_outcome(batch, self.name, Verdict.CONFIGURATION, "settings", str(error))
        except _NotOneAddress as error:
            return outcome_of_one(batch, self.name, Verdict.PERMANENT, "invalid", str(error))
        except ValueError as error:
            return outcome_of_one(batch, self.name, Verdict.REFUSED, "invalid", str(error))
        if settings.EMAIL_BACKEND in _KEYS_KEPT:  # the backend is ours alone as long as the call takes
            backend.session.headers["Idempotency-Key"] = f"{batch[0].delivery}/{batch[0].attempt}"
        try:
            return self._handed_over(batch, composed, backend)
        finally:
            idle.append(backend)

    def _composed(self, batch: Sequence[Message]) -> EmailMultiAlternatives:
        if len(batch) > 1 and self._service:
            composed = batches.batch_mail(batch, self._service)
        else:
            composed = django_mail.django_mail(batch[0])
            if len(getaddresses(composed.to)) != 1:
                raise _NotOneAddress("not one address")
            composed.metadata = batches.metadata(batch[0])  # type: ignore[attr-defined]  # anymail reads it
        if not batches.is_discreet(composed):
            raise ImproperlyConfigured("a mail would show its readers each other's addresses")
        return composed

    def _handed_over(self, batch: Sequence[Message], composed: Any, backend: Any) -> Sequence[Outcome]:
        try:
            backend.send_messages([composed])
        except AnymailRecipientsRefused:
            pass  # told by the status below
        except AnymailInvalidAddress as error:
            return outcome_of_one(batch, self.name, Verdict.PERMANENT, "invalid", str(error))
        except (AnymailUnsupportedFeature, AnymailSerializationError, ImproperlyConfigured) as error:
            return same_outcome(batch, self.name, Verdict.CONFIGURATION, "settings", str(error))
        except AnymailAPIError as error:
            return failed_outcomes(batch, self.name, error)
        if not self.has_receipts:
            return [
                outcome_of(
                    one, Verdict.ACCEPTED, self.name, provider_ref=django_mail.message_id(one.delivery)
                )
                for one in batch
            ]
        return outcome_of_each(batch, self.name, composed.anymail_status)


def _opened() -> Any:
    backend = get_connection(_OURS.get(settings.EMAIL_BACKEND))
    backend.open()
    session = getattr(backend, "session", None)
    if isinstance(session, requests.Session):
        session.mount("https://", responses.Adapter())
        session.mount("http://", responses.Adapter())
    return backend
