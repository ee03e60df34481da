"""What providers say of our messages in; a receipt, kept before anything is done about it, out.

These doors stand open to the world: they verify, record and answer, no more. `receipts.work`
does the rest later, so that a receipt which overtakes our own commit is not lost.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from anymail.signals import AnymailTrackingEvent, tracking
from django.conf import settings
from django.core.exceptions import BadRequest
from django.db import InterfaceError, OperationalError
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from notifications import links, receipts
from notifications.models import State, Suppression
from notifications.providers import esp, esp_batches, twilio

_log = logging.getLogger(__name__)

_LARGEST: Final = 64 * 1024
"""Bytes; Twilio's own callbacks are below two thousand."""
_KEY: Final = 200
"""Characters of an event key that the table holds."""
_KEPT: Final = ("MessageSid", "MessageStatus", "ErrorCode", "RawDlrDoneDate")
"""Of Twilio's fields; not To, From and Body: a number is kept only sealed."""


@csrf_exempt
@require_POST
def sms(request: HttpRequest, token: str) -> HttpResponse:
    """Twilio's status callback: 204 when recorded, also when it was before."""
    sent = links.read_receipt(token)
    if sent is None:
        return HttpResponse(status=HTTPStatus.FORBIDDEN)
    if _too_large(request):
        return HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    if not _signed_by_twilio(request, token):
        return HttpResponse(status=HTTPStatus.FORBIDDEN)
    _record_sms(*sent, request.POST)
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _too_large(request: HttpRequest) -> bool:
    announced = str(request.META.get("CONTENT_LENGTH") or "0")  # first, so that a large body is not read
    return not announced.isdecimal() or int(announced) > _LARGEST or len(request.body) > _LARGEST


def _signed_by_twilio(request: HttpRequest, token: str) -> bool:
    """Over the address we gave, not the one a proxy says was asked for; and from our own account."""
    from twilio.request_validator import RequestValidator  # with the SDK behind it, which is slow

    signature = request.headers.get("X-Twilio-Signature", "")
    if not (signature and settings.TWILIO_AUTH_TOKEN):
        return False
    validator = RequestValidator(settings.TWILIO_AUTH_TOKEN)
    right = validator.validate(links.receipt_url_of(token), request.POST, signature)
    return bool(right) and request.POST.get("AccountSid") == settings.TWILIO_ACCOUNT_SID


def _record_sms(delivery: UUID, attempt: int, said: QueryDict) -> None:
    reference, status, code = (said.get(name, "") for name in ("MessageSid", "MessageStatus", "ErrorCode"))
    if not (reference and status):
        raise BadRequest("a receipt names MessageSid and MessageStatus")
    state = _state(status, twilio.SENT, twilio.DELIVERED, twilio.FAILED)
    if state is None:
        return
    receipts.record(
        provider=twilio.NAME,
        event_key=f"{reference}:{status}",
        delivery=delivery,
        attempt=attempt,
        state=state,
        provider_ref=reference,
        code=code,
        suppress=_sms_suppression(code),
        raw={name: said[name] for name in _KEPT if name in said},
        now=datetime.now(UTC),
    )


def _sms_suppression(code: str) -> str:
    if code in twilio.OPTED_OUT:
        return Suppression.Reason.OPT_OUT
    return Suppression.Reason.BOUNCE if code in twilio.BAD_NUMBER else ""


def _state(
    word: str, sent: frozenset[str], delivered: frozenset[str], failed: frozenset[str]
) -> State | None:
    if word in delivered:
        return State.DELIVERED
    if word in failed:
        return State.FAILED
    return State.SENT if word in sent else None


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
    state = _state(event.event_type, esp.SENT, esp.DELIVERED, esp.FAILED)
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
        key = f"{event.message_id}:{event.event_type}:{event.timestamp}"
    return key if len(key) <= _KEY else hashlib.sha256(key.encode()).hexdigest()


urlpatterns: list[URLPattern | URLResolver] = [
    path("receipts/sms/<str:token>/", sms, name="receipt-sms"),
    path("receipts/email/", include("anymail.urls")),
]
