"""Who tries to sign in, from where, in; a try taken from each of their buckets, or when to try again, out.

A wrong password costs a try, and every five minutes one comes back (a generic cell rate algorithm, of
which one moment is kept). The try is taken before the password is looked at, in one transaction for all
processes: guesses sent at once cannot pass together. Who is throttled costs three reads
(the account, its buckets, whether it is on record already), no hash, and one write a minute.

Two buckets hold for who comes from anywhere: that of the address and that of the account. The address has
fewer tries, so one address never uses up an account. A browser in which this account signed in before has a
bucket of its own and needs no other, so wrong passwords from elsewhere never keep its owner out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.crypto import salted_hmac

from maintenance.models import SignInBucket

REFILL: Final = timedelta(minutes=5)
ADDRESS_TRIES: Final = 10
ACCOUNT_TRIES: Final = 20
BROWSER_TRIES: Final = 10
_UNKNOWN_ACCOUNTS: Final = 1024
"""Buckets that all names without an account share, so that invented names do not fill the table."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where it is kept, and how many tries it holds."""

    key: str
    tries: int

    def next_try_at(self, full_at: datetime | None, now: datetime) -> datetime:
        """`now`, or later where no try is left."""
        return max(now, (full_at or now) - (self.tries - 1) * REFILL)


def buckets(user: User | None, username: str, *, network: str, browser: str) -> Sequence[Bucket]:
    """Of a try to sign in; `browser` is empty where the account never signed in there before."""
    if browser:
        return (Bucket(f"browser {browser}", BROWSER_TRIES),)
    account = Bucket(f"account {user.pk if user else _unknown(username)}", ACCOUNT_TRIES)
    # no address: nobody's request, but a program's
    return (account, Bucket(f"address {network}", ADDRESS_TRIES)) if network else (account,)


def take_try(buckets: Sequence[Bucket], *, now: datetime) -> datetime | None:
    """Take a try from each; or from none, and then the moment at which each has one again."""
    keys = [bucket.key for bucket in buckets]
    kept = SignInBucket.objects.filter(key__in=keys)
    if wait := _next_try_at(buckets, dict(kept.values_list("key", "full_at")), now):
        return wait
    with transaction.atomic():
        SignInBucket.objects.bulk_create(
            [SignInBucket(key=key, full_at=now) for key in sorted(keys)], ignore_conflicts=True
        )
        full = dict(kept.select_for_update().order_by("key").values_list("key", "full_at"))
        if wait := _next_try_at(buckets, full, now):
            return wait
        for key, full_at in full.items():
            SignInBucket.objects.filter(key=key).update(full_at=max(full_at, now) + REFILL)
    return None


def give_back(buckets: Sequence[Bucket]) -> None:
    """The password was right, or was not looked at."""
    with transaction.atomic():
        for bucket in SignInBucket.objects.select_for_update().filter(key__in=[each.key for each in buckets]):
            SignInBucket.objects.filter(pk=bucket.pk).update(full_at=bucket.full_at - REFILL)


def delete_full(*, now: datetime) -> None:
    """Buckets that hold all their tries again."""
    SignInBucket.objects.filter(full_at__lte=now).delete()


def _next_try_at(buckets: Sequence[Bucket], full: dict[str, datetime], now: datetime) -> datetime | None:
    latest = max(bucket.next_try_at(full.get(bucket.key), now) for bucket in buckets)
    return latest if latest > now else None


def _unknown(username: str) -> str:
    digest = salted_hmac("maintenance.staff.sign_in.throttle", username, algorithm="sha256").digest()
    return f"unknown {int.from_bytes(digest[:8]) % _UNKNOWN_ACCOUNTS}"
