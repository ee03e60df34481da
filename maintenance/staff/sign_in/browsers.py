"""A browser in which somebody signed in, in; a signed cookie by which it is known the next time, out.

The device cookie of OWASP's "Slow Down Online Guessing Attacks". It opens nothing: it has tries of its own.
"""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.crypto import get_random_string

_COOKIE: Final = "lull_browser"
_SALT: Final = "maintenance.staff.sign_in.browsers"
_SECONDS: Final = 90 * 24 * 60 * 60
_LENGTH: Final = 22


def known_browser(request: HttpRequest | None, user: User | None) -> str:
    """What this browser is called where this account signed in before; else empty."""
    value = request.get_signed_cookie(_COOKIE, "", salt=_SALT, max_age=_SECONDS) if request else ""
    owner, _, name = (value or "").partition(" ")
    return name if user is not None and owner == str(user.pk) else ""


def remember(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Set the cookie, or set it for longer."""
    response.set_signed_cookie(
        _COOKIE,
        f"{user.pk} {known_browser(request, user) or get_random_string(_LENGTH)}",
        salt=_SALT,
        max_age=_SECONDS,
        path=reverse("admin:login"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )
