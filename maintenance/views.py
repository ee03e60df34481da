"""A request of the public in; the status page, a calendar, or what to do next out.

Only reads, and sets no cookie.
"""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from maintenance import status
from maintenance.models import Service
from maintenance.public import frame, ical, subscription
from maintenance.public.page import page_content


@require_safe
def status_page(request: HttpRequest) -> HttpResponse:
    """What each service is doing now, what is planned, and what still works then."""
    now = timezone.now()
    language = _language(request)
    with translation.override(language):
        windows = status.public_windows(now)
        shown = page_content(windows, status.standings(windows), language=language, now=now)
    response = frame.public_response(request, "maintenance/status.html", {"page": shown}, language=language)
    patch_cache_control(response, public=True, max_age=30)
    return response


@require_safe
def calendar(request: HttpRequest, key: str = "") -> HttpResponseBase:
    """All public windows, or those of one service, as an iCalendar feed; 404 for an unknown service."""
    now = timezone.now()
    service = Service.objects.filter(key=key).first() if key else None
    if key and service is None:
        words = "There is no such service here. All planned maintenance is in /calendar.ics\n"
        return HttpResponse(words, status=404, content_type="text/plain; charset=utf-8")
    # not the language a browser prefers: the same address must give every reader the same bytes
    language = frame.asked_language(request) or settings.LANGUAGE_CODE
    windows = status.public_windows(now, service)
    source = _source(request, language, service)
    return subscription.feed_response(request, windows, source, language=language, now=now)


def malformed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """For what cannot be meant, wherever in the site, with a sentence on what to write instead."""
    # other kinds are Django's own words on an attack, which are for the log
    said = str(exception) if isinstance(exception, BadRequest) else ""
    return frame.public_response(request, "400.html", {"said": said}, language=_language(request), status=400)


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """For whoever lacks a permission, wherever in the site."""
    return frame.public_response(request, "403.html", {}, language=_language(request), status=403)


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """For addresses where nothing is, wherever in the site."""
    return frame.public_response(request, "404.html", {}, language=_language(request), status=404)


def _language(request: HttpRequest) -> str:
    return frame.asked_language(request) or translation.get_language() or settings.LANGUAGE_CODE


def _source(request: HttpRequest, language: str, service: Service | None) -> ical.FeedSource:
    with translation.override(language):
        facts = {"bank": settings.BANK_NAME, "service": service.name_in(language) if service else ""}
        name = _("%(bank)s: maintenance of %(service)s") if service else _("%(bank)s: maintenance")
        return ical.FeedSource(name % facts, f"{request.path}?lang={language}")
