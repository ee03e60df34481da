"""A subscriber's request and windows in; the calendar, or word that it has not changed, out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

from maintenance.public import ical
from maintenance.status import Planned


def feed_response(
    request: HttpRequest,
    windows: Sequence[Planned],
    source: ical.FeedSource,
    *,
    language: str,
    now: datetime,
    public: bool = True,
) -> HttpResponseBase:
    """The feed with a strong ETag and Last-Modified; 304 for those who have it (RFC 9110 section 13)."""
    body = ical.calendar_document(windows, language=language, source=source)
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    modified = int(ical.modified_at(windows, now).timestamp())
    response = HttpResponse(
        body, headers={"Content-Type": ical.CONTENT_TYPE, "ETag": etag, "Last-Modified": http_date(modified)}
    )
    response.headers["Content-Language"] = language
    response.headers["Cache-Control"] = f"{'public' if public else 'private'}, max-age=300"
    return get_conditional_response(request, etag=etag, last_modified=modified, response=response) or response
