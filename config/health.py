"""A probe in; whether this process lives, whether the service does its work, and its figures, out."""

from __future__ import annotations

import ipaddress
from typing import Final

from django.conf import settings
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from prometheus_client import CONTENT_TYPE_LATEST

from notifications.operations import alerts, metrics
from notifications.planning import notices

_TEXT: Final = "text/plain"

_THROUGH_A_PROXY: Final = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-Ip", "Via")


def alive(request: HttpRequest) -> HttpResponse:
    """Answers as long as the process can; a database that is away is no reason to restart it."""
    return HttpResponse("ok\n", content_type=_TEXT)


def ready(request: HttpRequest) -> HttpResponse:
    """Nothing needs a person; else each in a sentence, to those who may know."""
    try:
        wrong = [standing.words for standing in alerts.open_alarms()]
        # known at once, not only when the clock has looked
        if not wrong and notices.stuck_notices(now=timezone.now()):
            wrong = ["Notices are due and not prepared: see whether a worker runs, and its log."]
    except Error:
        wrong = ["The database does not answer."]
    if not wrong:
        return HttpResponse("ok\n", content_type=_TEXT)
    words = wrong if _inside(request) else ["Not all is well: ask from inside for the words."]
    return HttpResponse("\n".join(words) + "\n", status=503, content_type=_TEXT)


def figures(request: HttpRequest) -> HttpResponse:
    """What Prometheus scrapes."""
    if not _inside(request):
        return HttpResponse("Ask from inside, or with METRICS_TOKEN.\n", status=403, content_type=_TEXT)
    try:
        return HttpResponse(metrics.metrics_page(now=timezone.now()), content_type=CONTENT_TYPE_LATEST)
    except Error:
        return HttpResponse("The database does not answer.\n", status=503, content_type=_TEXT)


def _inside(request: HttpRequest) -> bool:
    """By the token where there is one; else from this machine or a private network, and not through a proxy.

    Whatever the world sends comes through the proxy, which stands on a private address itself.
    """
    if settings.METRICS_TOKEN:
        return constant_time_compare(
            request.headers.get("Authorization", ""), f"Bearer {settings.METRICS_TOKEN}"
        )
    if any(name in request.headers for name in _THROUGH_A_PROXY):
        return False
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:  # a socket of the proxy's
        return False
    return address.is_private or address.is_loopback
