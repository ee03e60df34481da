"""The tables of signing in: who did or tried, how many tries are left, and which passwords are one-time."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class SignIn(models.Model):
    """Sign-ins of one account from one address with one outcome, counted for each day."""

    class Outcome(models.TextChoices):
        SIGNED_IN = "signed_in", "Signed in"
        WRONG_PASSWORD = "wrong_password", "Wrong password"
        THROTTLED = "throttled", "Refused: too many wrong passwords"
        ENDED = "ended", "Refused: one-time password has ended"

    account = models.CharField(max_length=150, blank=True)
    """Username; empty where there is no such account, since people also type passwords into that field."""
    address = models.CharField(max_length=43, blank=True)
    """An IPv4 address or an IPv6 network of 64 bits; empty where there was no request."""
    outcome = models.CharField(max_length=14, choices=Outcome.choices)
    day = models.DateField()
    """In UTC."""
    times = models.PositiveIntegerField(default=0)
    """What is throttled counts once a minute, so that it costs no write."""
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "address", "outcome", "day"], name="sign_in_once_a_day"
            ),
        ]
        indexes = [models.Index(fields=["last_at"], name="sign_in_by_time")]
        verbose_name = "sign-in"

    def __str__(self) -> str:
        return f"{self.account or 'No such account'}, {self.get_outcome_display()}"


class SignInBucket(models.Model):
    """How many wrong passwords an account, an address or a browser may still give, as one moment."""

    key = models.CharField(max_length=80, primary_key=True)
    full_at = models.DateTimeField(db_index=True)
    """When all its tries will be back; a bucket that is full need not be kept."""

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.key


class OneTimePassword(models.Model):
    """A password that somebody else chose for an account, and when."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True)
    fingerprint = models.CharField(max_length=64)
    """SHA-256 of the stored hash: whoever has another password by now has one of their own."""
    set_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"One-time password of {self.user}"
