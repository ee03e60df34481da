"""A mail service's events in; receipts out. Anymail reads them; the doors before it are ours.

Only events of mails we sent have a door: nobody writes to us through a mail service.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import UTC, datetime
from typing import Any, Final

from anymail import urls
from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, tracking
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import URLPattern

from notifications import links, receipts
from notifications.models import State, Suppression
from notifications.providers import esp, esp_batches, sns
from notifications.webhooks import door

_log = logging.getLogger(__name__)

_LARGEST: Final = 2 * 1024 * 1024
"""Bytes; services send events by the hundred, and Django reads no more than 2.5 million."""
_KEY: Final = 200
"""Characters of an event key that the table holds."""
_SES: Final = "amazon_ses/tracking/"


class _AmazonSES(AmazonSESTrackingWebhookView):  # type: ignore[misc]  # anymail has no types
    """Anymail's, and behind its own checks the signature of SNS, which it does not look at."""

    def run_validators(self, request: HttpRequest) -> None:
        """Raises AnymailWebhookValidationFailure where SNS did not sign it, or not for a topic of ours."""
        super().run_validators(request)
        said = self._parse_sns_message(request)
        if settings.SNS_TOPICS and said.get("TopicArn") not in settings.SNS_TOPICS:
            raise AnymailWebhookValidationFailure("a topic that is not named in SNS_TOPICS")
        if not sns.is_signed(said, datetime.now(UTC)):
            raise AnymailWebhookValidationFailure("not signed by Amazon SNS")


def doors() -> list[URLPattern]:
    """Anymail's addresses of events, each behind a door of ours."""
    return [
        URLPattern(
            address.pattern,
            door.guarded(
                _AmazonSES.as_view() if str(address.pattern) == _SES else address.callback, _LARGEST
            ),
            address.default_args,
            address.name,
        )
        for address in urls.urlpatterns
        if "inbound" not in str(address.pattern)
    ]


@receiver(tracking, dispatch_uid="lull.tracking")
def mail_event(*, event: AnymailTrackingEvent, esp_name: str, **_: Any) -> None:
    """A mail service's event. A bad one is logged, since an error here would lose the rest of its batch.

    Where the database is away, the error is handed on: the service then sends the batch again.
    """
    try:
        _record_mail(event, esp.name_of(esp_name))
    except (InterfaceError, OperationalError):
        raise
    except Exception:  # noqa: BLE001  # as said above
        _log.exception("an event of %s could not be recorded", esp_name)


def _record_mail(event: AnymailTrackingEvent, provider: str) -> None:
    sent = links.read_receipt(str((event.metadata or {}).get(esp_batches.METADATA, "")))
    suppress = _mail_suppression(event)
    state = door.state(event.event_type, esp.SENT, esp.DELIVERED, esp.FAILED)
    if state is None and suppress:
        state = State.DELIVERED  # who complains or unsubscribes has it
    if sent is None or state is None:
        return
    delivery, attempt = sent
    receipts.record(
        provider=provider,
        event_key=_event_key(event),
        delivery=delivery,
        attempt=attempt,
        state=state,
        provider_ref=str(event.message_id or ""),
        code=str(event.reject_reason or ""),
        suppress=suppress,
        raw={"event": event.event_type, "at": event.timestamp.isoformat() if event.timestamp else ""},
        now=datetime.now(UTC),
    )


def _mail_suppression(event: AnymailTrackingEvent) -> str:
    if event.event_type in esp.COMPLAINED or event.reject_reason in esp.COMPLAINED_BEFORE:
        return Suppression.Reason.COMPLAINT
    if event.event_type in esp.UNSUBSCRIBED or event.reject_reason in esp.UNSUBSCRIBED:
        return Suppression.Reason.OPT_OUT
    if event.event_type in esp.FAILED and event.reject_reason in esp.BAD_ADDRESS and not esp.may_pass(event):
        return Suppression.Reason.BOUNCE
    return ""


def _event_key(event: AnymailTrackingEvent) -> str:
    """The service's own key; where it has none, what makes the event this one."""
    key = str(event.event_id or "")
    if not key:
        # the token, because all mails of a call may have one id at the service
        token = (event.metadata or {}).get(esp_batches.METADATA, "")
        key = f"{event.message_id}:{event.event_type}:{event.timestamp}:{token}"
    return key if len(key) <= _KEY else hashlib.sha256(key.encode()).hexdigest()
