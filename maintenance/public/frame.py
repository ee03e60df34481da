"""A request and what a public page shows in; the page in its frame (templates/base.html) out.

No page loads anything from elsewhere, sets a cookie or needs a script; the policy sent with each page
makes a browser hold us to the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django import shortcuts
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import get_language_info

from maintenance.models import Service

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Offered:
    """A language the visitor can choose, in its own words."""

    code: str
    name: str
    address: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around every public page."""

    bank: str
    language: str
    direction: str
    languages: tuple[Offered, ...]
    demonstration: bool


def public_response(
    request: HttpRequest, template: str, shown: Mapping[str, object], *, language: str, status: int = 200
) -> HttpResponse:
    """The page in a language; the template finds its frame as `frame` beside what it shows."""
    with translation.override(language):
        around = page_frame(request, language)
        response = shortcuts.render(request, template, {**shown, "frame": around}, status=status)
    response.headers["Content-Language"] = language
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def page_frame(request: HttpRequest, language: str) -> Frame:
    """The frame of this request's page in a language."""
    return Frame(
        bank=settings.BANK_NAME,
        language=language,
        direction="rtl" if get_language_info(language)["bidi"] else "ltr",
        languages=tuple(
            Offered(code, name, f"{request.path}?lang={code}", code == language)
            for code, name in settings.LANGUAGES
        ),
        demonstration=Service.objects.filter(demonstration=True).exists(),
    )


def asked_language(request: HttpRequest) -> str | None:
    """The language that the address asks for by ?lang=, where the bank offers it."""
    language = request.GET.get("lang")
    return language if language in dict(settings.LANGUAGES) else None
