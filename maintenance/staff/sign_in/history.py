"""What became of a try to sign in, in; a line in the log, and a counted row for the admin, out."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from maintenance.models import SignIn
from maintenance.staff.sign_in import client

log = logging.getLogger("maintenance.signin")  # collectors know it by this name

KEPT: Final = timedelta(days=90)
MOST_REFUSED: Final = 100_000
"""Rows of wrong passwords and refusals; an attack from many addresses writes no more than that."""
_THROTTLED_EVERY: Final = timedelta(minutes=1)

Outcome = SignIn.Outcome

_WORDS: Final = {
    Outcome.SIGNED_IN: "%s signed in from %s",
    Outcome.WRONG_PASSWORD: "wrong password for %s from %s",
    Outcome.THROTTLED: "sign-in of %s from %s refused unread: too many wrong passwords before it",
    Outcome.ENDED: "sign-in of %s from %s refused: the one-time password has ended",
}


def record_sign_in(outcome: SignIn.Outcome, user: User | None, address: str, *, now: datetime) -> None:
    """The name as it was typed is not written down where no account has it: it may be a password."""
    level = logging.INFO if outcome is Outcome.SIGNED_IN else logging.WARNING
    name = user.get_username() if user else ""
    log.log(level, _WORDS[outcome], name or "an account that does not exist", address or "no address")
    row = {
        "account": name,
        "address": client.client_network(address),
        "outcome": outcome,
        "day": now.astimezone(UTC).date(),
    }
    if outcome is Outcome.THROTTLED and _recent(row, now):
        return
    with transaction.atomic():
        new = SignIn(**row, first_at=now, last_at=now)
        SignIn.objects.bulk_create([new], ignore_conflicts=True)
        SignIn.objects.filter(**row).update(times=F("times") + 1, last_at=now)


def delete_old(*, now: datetime) -> None:
    """What is older than KEPT, and the oldest refusals beyond MOST_REFUSED."""
    SignIn.objects.filter(last_at__lte=now - KEPT).delete()
    refused = SignIn.objects.exclude(outcome=Outcome.SIGNED_IN).order_by("-last_at", "-id")
    for last_at in refused.values_list("last_at", flat=True)[MOST_REFUSED : MOST_REFUSED + 1]:
        refused.order_by().filter(last_at__lte=last_at).delete()


def _recent(row: dict[str, object], now: datetime) -> bool:
    return SignIn.objects.filter(**row, last_at__gt=now - _THROTTLED_EVERY).exists()
