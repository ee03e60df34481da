"""A member of staff with a printed one-time password in; sent to choose one of their own, out.

Whoever makes such an account puts it into the group ONE_TIME; choosing a password leaves the group.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

ONE_TIME: Final = "One-time password"


class OwnPasswordFirst:
    """Middleware: no page of the admin but the one that changes the password, until it is changed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Redirect, or let pass; a password change that went well ends it."""
        user = request.user
        if not (
            request.path.startswith(reverse("admin:index")) and isinstance(user, User) and _must_change(user)
        ):
            return self.get_response(request)
        changing = reverse("admin:password_change")
        if request.path not in (changing, reverse("admin:logout"), reverse("admin:jsi18n")):
            return HttpResponseRedirect(changing)
        response = self.get_response(request)
        # the form answers with a redirect only when it has saved the new password
        if request.path == changing and request.method == "POST" and response.status_code == 302:
            Group.objects.get(name=ONE_TIME).user_set.remove(user)
        return response


class NotTheOneTimePassword:
    """Password validator: the printed password cannot be kept by typing it again."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError for the password that is to be replaced."""
        # a new account, not saved yet, has no groups
        if isinstance(user, User) and user.pk and _must_change(user) and user.check_password(password):
            raise ValidationError("Choose another password than the printed one.", code="one_time")

    def get_help_text(self) -> str:
        """Nothing: who has a password of their own is not concerned."""
        return ""


def _must_change(user: User) -> bool:
    return user.groups.filter(name=ONE_TIME).exists()
