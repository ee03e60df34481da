"""OPERATOR_EMAILS and OPERATOR_EMAIL_URL in; what is wrong with them out."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from notifications.channels.providers.mime import mailbox
from notifications.channels.providers.smtp import mailer
from notifications.channels.types import Fault


def operator_faults() -> Iterator[Fault]:
    """Whoever is to be called can be written to."""
    for said in settings.OPERATOR_EMAILS:
        if mailbox.sender_fault(said):
            words = f"OPERATOR_EMAILS must be addresses with commas between, and {said!r} is none."
            yield Fault(
                "lull.E012", words, "Write addresses without names: ops@bank.example,night@bank.example."
            )
    road = settings.OPERATOR_MAIL
    if road:
        hint = "Without OPERATOR_EMAIL_URL, operators are mailed by the server of customers' emails."
        yield from mailer.faults("OPERATOR_EMAIL_URL", "lull.E013", road["HOST"], road["PORT"], hint)
