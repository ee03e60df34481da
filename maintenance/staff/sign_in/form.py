"""What was typed at the sign-in page in; a member of staff, or why not and with which HTTP status, out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.forms import AuthenticationForm

from maintenance.staff.sign_in.backend import OneTimePasswordEnded, Throttled


@dataclass(frozen=True, slots=True)
class FormAnswer:
    """How the page answers besides its words."""

    status: int
    retry_after: timedelta | None = None


class SignInForm(AuthenticationForm):
    """unfold's, which says until when it does not look at passwords."""

    answer: FormAnswer | None = None

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError; `answer` tells how the page answers then, where not as ever."""
        try:
            cleaned: dict[str, Any] = super().clean()
        except Throttled as throttled:
            wait = throttled.until - timezone.now()
            self.answer = FormAnswer(429, wait)
            raise ValidationError(_throttled(throttled.until, wait), code="throttled") from None
        except OneTimePasswordEnded:
            self.answer = FormAnswer(403)
            raise ValidationError(_ended(self.cleaned_data["username"]), code="ended") from None
        return cleaned


def _throttled(until: datetime, wait: timedelta) -> str:
    minutes = max(1, math.ceil(wait / timedelta(minutes=1)))
    at = timezone.localtime(until + timedelta(seconds=59, microseconds=999_999))  # rounded up to the minute
    return (
        "Too many wrong passwords for this account or from your address. "
        f"Try again in {minutes} minute{'s' if minutes > 1 else ''}, at {at:%H:%M}. "
        "Until then no password is looked at, not even the right one."
    )


def _ended(username: str) -> str:
    return (
        "This one-time password was good for 24 hours and has ended. Whoever runs Lull makes a new one: "
        "a restart of “up” prints new ones for its demonstration bank; for every other account "
        f"“manage.py changepassword {username}” sets one."
    )
