"""A request in; whatever is special about signing in, around Django's own pages for it, out."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, UnreadablePostError
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from maintenance.requests import bodies
from maintenance.staff.sign_in import browsers, one_time
from maintenance.staff.sign_in.form import SignInForm
from maintenance.staff.sign_in.hashing import HashingBusy, Turns

_GetResponse = Callable[[HttpRequest], HttpResponse]

_TURNS: Final = Turns(settings.PASSWORD_HASHES_AT_ONCE)
_SECONDS: Final = 2
_WAITING: Final = 64
_WAITING_WSGI: Final = 2
"""gunicorn's threads are few, and each that waits is missing from the public page; ASGI makes more."""

_LARGEST: Final = 64 * 1024
"""Bytes of a form with a name and a password."""


class SignInTurns:
    """Middleware: few sign-ins at once, so that the other pages have the rest of the machine.

    Not only their hashes: sixteen refusals at once keep a process as busy as sixteen pages.
    """

    def __init__(self, get_response: _GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """As Django answers; 429 or 403 for what the form refused, 503 where no turn came in time.

        413 for what is larger than such a form, and 400 for what did not arrive whole.
        """
        if request.method != "POST" or request.path != reverse("admin:login"):
            return self.get_response(request)
        # before the turn: a body comes as slowly as whoever sends it likes
        try:
            if bodies.is_larger(request, _LARGEST):
                return _plain(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "This is larger than a sign-in form.")
        except UnreadablePostError:
            return _plain(HTTPStatus.BAD_REQUEST, "The sign-in form did not arrive whole.")
        waiting = _WAITING_WSGI if isinstance(request, WSGIRequest) else _WAITING
        try:
            with _TURNS.turn(seconds=_SECONDS, waiting=waiting):
                response = self.get_response(request)
                # pages of the admin are rendered by now, and keep what they were rendered from
                _say_refusal(response)
        except HashingBusy:
            return _busy()
        if response.status_code == 302 and isinstance(request.user, User):
            browsers.remember(request, response, request.user)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Wherever else a password is hashed: one's own is changed, or an account made."""
        return _busy() if isinstance(exception, HashingBusy) else None


class OwnPasswordFirst:
    """Middleware: no page of the admin but the one that changes the password, until it is changed."""

    def __init__(self, get_response: _GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Redirect, or let pass; signed out again where the one-time password has ended meanwhile."""
        user = request.user
        if not (request.path.startswith(reverse("admin:index")) and isinstance(user, User)):
            return self.get_response(request)
        printed = one_time.one_time_password(user)
        if printed is None:
            return self.get_response(request)
        if one_time.has_ended(printed, now=timezone.now()):
            logout(request)
            return self.get_response(request)
        changing = reverse("admin:password_change")
        if request.path not in (changing, reverse("admin:logout"), reverse("admin:jsi18n")):
            return HttpResponseRedirect(changing)
        return self.get_response(request)


def _say_refusal(response: HttpResponse) -> None:
    form = (getattr(response, "context_data", None) or {}).get("form")
    if isinstance(form, SignInForm) and form.answer:
        response.status_code = form.answer.status
        if wait := form.answer.retry_after:
            response.headers["Retry-After"] = str(math.ceil(wait.total_seconds()))


def _plain(status: HTTPStatus, words: str) -> HttpResponse:
    return HttpResponse(f"{words}\n", status=status, content_type="text/plain")


def _busy() -> HttpResponse:
    return HttpResponse(_busy_page(), status=503, headers={"Retry-After": "5", "Cache-Control": "no-store"})


@functools.cache
def _busy_page() -> str:
    frame = {"bank": settings.BANK_NAME, "language": "en", "direction": "ltr"}
    return render_to_string("503.html", {"frame": frame})
