"""A password that somebody else chose, in; whether it is still to be replaced, and until when, out.

It is known by the hash it left: with a password of one's own, chosen by whatever way, it is over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from maintenance.models import OneTimePassword

LASTS: Final = timedelta(hours=24)


def issue_one_time_password(user: User, *, now: datetime) -> None:
    """The password that this account has now is good for one day."""
    row = {"fingerprint": _fingerprint(user), "set_at": now}
    OneTimePassword.objects.update_or_create(user=user, defaults=row)


def one_time_password(user: User | None) -> OneTimePassword | None:
    """What is known of the account's password where it is a one-time one."""
    if user is None:
        return None
    return OneTimePassword.objects.filter(user=user, fingerprint=_fingerprint(user)).first()


def has_ended(password: OneTimePassword, *, now: datetime) -> bool:
    """It no longer signs in."""
    return now >= password.set_at + LASTS


def hashed_anew(password: OneTimePassword, user: User) -> None:
    """Django hashes a password again when it is checked and its hash is weaker than new ones."""
    if password.fingerprint != _fingerprint(user):
        password.fingerprint = _fingerprint(user)
        password.save(update_fields=["fingerprint"])


def unused_accounts(names: Iterable[str], *, now: datetime) -> list[User]:
    """Of these accounts those that have a one-time password and never signed in, or can no longer."""
    found = OneTimePassword.objects.filter(user__username__in=names).select_related("user")
    return [
        each.user
        for each in found.order_by("user_id")
        if each.fingerprint == _fingerprint(each.user)
        and (each.user.last_login is None or has_ended(each, now=now))
    ]


class NotTheOneTimePassword:
    """Password validator: the printed password cannot be kept by typing it again."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError for the password that is to be replaced."""
        # a new account, not saved yet, has none
        if isinstance(user, User) and user.pk and one_time_password(user) and user.check_password(password):
            raise ValidationError("Choose another password than the printed one.", code="one_time")

    def get_help_text(self) -> str:
        """Nothing: who has a password of their own is not concerned."""
        return ""


def _fingerprint(user: User) -> str:
    return hashlib.sha256(user.password.encode()).hexdigest()
