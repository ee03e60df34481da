"""A probe in; whether this process lives, and whether the service does its work, out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.module_loading import import_string

_ticking: Callable[[datetime], bool] | None
try:
    _ticking = import_string("notifications.tasks.is_ticking")
except ImportError:  # the clock keeps no record of its ticks: the database alone decides
    _ticking = None


def alive(request: HttpRequest) -> HttpResponse:
    """Answers as long as the process can; a database that is away is no reason to restart it."""
    return HttpResponse("ok\n", content_type="text/plain")


def ready(request: HttpRequest) -> HttpResponse:
    """The database answers, and the clock has ticked lately: without it no customer is told."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        ticking = _ticking is None or _ticking(timezone.now())
    except DatabaseError:
        return HttpResponse("database: no answer\n", status=503, content_type="text/plain")
    if not ticking:
        return HttpResponse(
            "clock: has not ticked; is a worker and a beat running?\n", status=503, content_type="text/plain"
        )
    return HttpResponse("ok\n", content_type="text/plain")
