"""A probe in; whether this process lives, and whether the service does its work, out."""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from notifications import notices


def alive(request: HttpRequest) -> HttpResponse:
    """Answers as long as the process can; a database that is away is no reason to restart it."""
    return HttpResponse("ok\n", content_type="text/plain")


def ready(request: HttpRequest) -> HttpResponse:
    """The database answers, and nothing is left that the clock should have done."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        stuck = notices.stuck(now=timezone.now())
    except DatabaseError:
        return HttpResponse("database: no answer\n", status=503, content_type="text/plain")
    if stuck:
        return HttpResponse(
            "clock: notices are due and not prepared; is a worker and a beat running?\n",
            status=503,
            content_type="text/plain",
        )
    return HttpResponse("ok\n", content_type="text/plain")
