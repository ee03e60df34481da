"""A username and a password in; the member of staff they belong to, throttled and recorded, out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone

from maintenance.models import OneTimePassword, SignIn
from maintenance.staff.sign_in import browsers, client, history, one_time, throttle
from maintenance.staff.sign_in.hashing import HashingBusy


class SignInRefused(Exception):
    """Nobody signs in, whatever the password."""


class Throttled(SignInRefused):
    """Too many wrong passwords; this one was not looked at."""

    def __init__(self, until: datetime) -> None:
        """The next one will be looked at from `until`."""
        super().__init__(until)
        self.until = until


class OneTimePasswordEnded(SignInRefused):
    """It was right, a day ago."""


class SignInBackend(ModelBackend):
    """Django's own behind a throttle. Every way to sign in comes through here."""

    async def aauthenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """The same; ModelBackend's would go around the throttle."""
        return await sync_to_async(self.authenticate)(request, username, password, **kwargs)

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """Raises Throttled, OneTimePasswordEnded, and HashingBusy."""
        if username is None or password is None:
            return None
        now = timezone.now()
        user = User.objects.filter(username=username).first()
        address = client.client_address(request)
        buckets = throttle.buckets(
            user,
            username,
            network=client.client_network(address),
            browser=browsers.known_browser(request, user),
        )
        if until := throttle.take_try(buckets, now=now):
            history.record_sign_in(SignIn.Outcome.THROTTLED, user, address, now=now)
            raise Throttled(until)
        printed = one_time.one_time_password(user)  # before: checking a password may hash it anew
        try:
            found = super().authenticate(request, username, password)
        except HashingBusy:
            throttle.give_back(buckets)
            raise
        if not isinstance(found, User) or not found.is_staff:  # to whom the form opens no page either
            history.record_sign_in(SignIn.Outcome.WRONG_PASSWORD, user, address, now=now)
            return found
        throttle.give_back(buckets)
        return _let_in(found, printed, address, now)


def _let_in(user: User, printed: OneTimePassword | None, address: str, now: datetime) -> User:
    if printed:
        one_time.hashed_anew(printed, user)
        if one_time.has_ended(printed, now=now):
            history.record_sign_in(SignIn.Outcome.ENDED, user, address, now=now)
            raise OneTimePasswordEnded
    history.record_sign_in(SignIn.Outcome.SIGNED_IN, user, address, now=now)
    return user
