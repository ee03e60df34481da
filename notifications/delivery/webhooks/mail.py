"""A mail service's events in; receipts out. Anymail reads them; the doors before it are ours.

Only events of mails we sent have a door: nobody writes to us through a mail service. Each is closed until
it can tell its service from others.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern

from notifications import links
from notifications.channels.providers.esp import batches, service, sns, webhook_views
from notifications.delivery import receipts
from notifications.delivery.webhooks import guard
from notifications.models import Receipt, State, Suppression

_log = logging.getLogger(__name__)

_LARGEST: Final = 2 * 1024 * 1024
"""Bytes; services send events by the hundred, and Django reads no more than 2.5 million."""
_MOST: Final = 10_000
"""Events of one request: what the largest batch of any service has, and a second's work."""
_KEY: Final = 200
"""Characters of an event key that the table holds."""


class _Kept:
    """For anymail's views: a request's events are kept together, not sent as a signal one by one."""

    esp_name: str

    def parse_events(self, request: HttpRequest) -> list[AnymailTrackingEvent]:
        """Leaves none to be sent. Raises guard.TooMany."""
        events = super().parse_events(request)  # type: ignore[misc]  # anymail's view stands beside it
        if len(events) > _MOST:
            raise guard.TooMany(f"{len(events)} events in a request: no more than {_MOST} are taken")
        receipts.keep_receipts(_receipts(events, service.backend_name(self.esp_name)))
        return []


class _AmazonSES(AmazonSESTrackingWebhookView):  # type: ignore[misc]  # anymail has no types
    """Anymail's, and behind its own checks the signature of SNS, which it does not look at."""

    warn_if_no_basic_auth = False  # a named topic may stand for it, as esp_webhooks has it

    def run_validators(self, request: HttpRequest) -> None:
        """Raises AnymailWebhookValidationFailure where SNS did not sign it, or not for a topic of ours."""
        super().run_validators(request)
        said = self._parse_sns_message(request)
        if settings.SNS_TOPICS and said.get("TopicArn") not in settings.SNS_TOPICS:
            raise AnymailWebhookValidationFailure("a topic that is not named in SNS_TOPICS")
        if not sns.is_signed(said, datetime.now(UTC)):
            raise AnymailWebhookValidationFailure("not signed by Amazon SNS")


def mail_patterns() -> list[URLPattern]:
    """Anymail's addresses of events, each behind a door of ours."""
    return [
        URLPattern(
            address.pattern, _door(webhook_views.tracking_view(address)), address.default_args, address.name
        )
        for address in webhook_views.tracking_patterns()
    ]


def _door(service: type[Any]) -> guard.View:
    read = _AmazonSES if service is AmazonSESTrackingWebhookView else service
    view = type(read.__name__, (_Kept, read), {}).as_view()  # type: ignore[attr-defined]  # of anymail's view

    def opened(request: HttpRequest) -> HttpResponseBase:
        if lacking := webhook_views.lacking_words(service):
            if request.method == "HEAD":  # some ask so before they give out the key that is lacking
                return HttpResponse(status=HTTPStatus.OK)
            raise ImproperlyConfigured(lacking)
        answer: HttpResponseBase = view(request)
        return answer

    return guard.guarded(opened, _LARGEST)


def _receipts(events: Iterable[AnymailTrackingEvent], provider: str) -> list[Receipt]:
    """Of the events that say something of a mail of ours. A bad one is logged, and the others are kept."""
    now, found = datetime.now(UTC), []
    for event in events:
        try:
            receipt = _receipt(event, provider, now)
        except Exception as error:  # noqa: BLE001  # it was written by somebody else
            # the kind alone: an error may repeat the event, with the customer's address in it
            _log.warning("an event of %s could not be read: %s", provider, type(error).__name__)
        else:
            found += [receipt] if receipt else []
    return found


def _receipt(event: AnymailTrackingEvent, provider: str, now: datetime) -> Receipt | None:
    sent = links.read_receipt(str((event.metadata or {}).get(batches.METADATA, "")))
    suppress = _mail_suppression(event)
    state = guard.state_of_report(event.event_type, service.SENT, service.DELIVERED, service.FAILED)
    if state is None and suppress:
        state = State.DELIVERED  # who complains or unsubscribes has it
    if sent is None or state is None:
        return None
    delivery, attempt = sent
    return receipts.ProviderEvent(
        provider=provider,
        event_key=_event_key(event),
        delivery=delivery,
        attempt=attempt,
        state=state,
        provider_ref=str(event.message_id or ""),
        code=str(event.reject_reason or ""),
        suppress=suppress,
        raw={"event": event.event_type, "at": event.timestamp.isoformat() if event.timestamp else ""},
        received_at=now,
    ).receipt()


def _mail_suppression(event: AnymailTrackingEvent) -> str:
    if event.event_type in service.COMPLAINED or event.reject_reason in service.COMPLAINED_BEFORE:
        return Suppression.Reason.COMPLAINT
    if event.event_type in service.UNSUBSCRIBED or event.reject_reason in service.UNSUBSCRIBED:
        return Suppression.Reason.OPT_OUT
    if (
        event.event_type in service.FAILED
        and event.reject_reason in service.BAD_ADDRESS
        and not service.may_pass(event)
    ):
        return Suppression.Reason.BOUNCE
    return ""


def _event_key(event: AnymailTrackingEvent) -> str:
    """The service's own key; where it has none, what makes the event this one."""
    key = str(event.event_id or "")
    if not key:
        # the token, because all mails of a call may have one id at the service
        token = (event.metadata or {}).get(batches.METADATA, "")
        key = f"{event.message_id}:{event.event_type}:{event.timestamp}:{token}"
    return key if len(key) <= _KEY else hashlib.sha256(key.encode()).hexdigest()
