"""Twilio's word on an SMS in; a receipt out."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.views.decorators.http import require_POST

from notifications import links
from notifications.channels.providers.twilio import codes, lookup, sms
from notifications.delivery import receipts
from notifications.delivery.webhooks import guard
from notifications.models import Suppression

_LARGEST: Final = 64 * 1024
"""Bytes; Twilio's own callbacks are below two thousand."""
_KEPT: Final = ("MessageSid", "MessageStatus", "ErrorCode", "RawDlrDoneDate")
"""Of Twilio's fields; not To, From and Body: a number is kept only sealed."""


@require_POST
def _answer(request: HttpRequest, token: str) -> HttpResponse:
    """204 when recorded, also when it was before."""
    sent = links.read_receipt(token)
    if sent is None or not _signed(request, token):
        return HttpResponse(status=HTTPStatus.FORBIDDEN)
    _record(*sent, request.POST)
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


callback = guard.guarded(_answer, _LARGEST)
"""Twilio's status callback."""


def _signed(request: HttpRequest, token: str) -> bool:
    """Over the address we gave, not the one a proxy says was asked for; and from our own account."""
    from twilio.request_validator import RequestValidator  # with the SDK behind it, which is slow

    signature = request.headers.get("X-Twilio-Signature", "")
    url = links.receipt_url_of(token)
    keys = filter(None, (settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_OLD))
    right = signature and any(RequestValidator(key).validate(url, request.POST, signature) for key in keys)
    return bool(right) and request.POST.get("AccountSid") == settings.TWILIO_ACCOUNT_SID


def _record(delivery: UUID, attempt: int, said: QueryDict) -> None:
    reference, status, code = (said.get(name, "") for name in ("MessageSid", "MessageStatus", "ErrorCode"))
    if not (reference and status):
        raise BadRequest("a receipt names MessageSid and MessageStatus")
    state = guard.state_of_report(status, lookup.SENT, lookup.DELIVERED, lookup.FAILED)
    if state is None:
        return
    kept = receipts.ProviderEvent(
        provider=sms.NAME,
        event_key=f"{reference}:{status}",
        delivery=delivery,
        attempt=attempt,
        state=state,
        provider_ref=reference,
        code=code,
        suppress=_suppression(code),
        raw={name: str(said[name]) for name in _KEPT if name in said},
        received_at=datetime.now(UTC),
    ).receipt()
    receipts.keep_receipt(kept)


def _suppression(code: str) -> str:
    if code in codes.OPTED_OUT:
        return Suppression.Reason.OPT_OUT
    return Suppression.Reason.BOUNCE if code in codes.BAD_NUMBER else ""
