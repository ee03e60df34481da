"""What the stand-ins took and what the database says in; what was lost, doubled or left in doubt, out.

Joins the two by the delivery that each message names, and holds what must be true after every fault.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from notifications import sql
from notifications.channels import direct_names
from notifications.links import read_receipt
from notifications.models import IN_DOUBT, Attempt, AttemptOutcome, Delivery, State, Suppression
from tests.faults import harness, ledger
from tests.faults.postgres import Postgres
from tests.faults.table import Figures

HELD: Final = (State.QUEUED, State.SENDING)
RESENT: Final = (AttemptOutcome.RESENT_BY_POLICY, AttemptOutcome.RESENT_BY_PERSON)
TOLD: Final = (State.SENT, State.DELIVERED)


@dataclass(frozen=True)
class Taken:
    """A message as its provider took it; `reference` is the provider's own, where it gives one back."""

    reference: str
    at: float
    attempt: int


def taken(folder: Path) -> dict[UUID, list[Taken]]:
    """What all stand-ins of a test have taken, by our delivery. Fails where a message names none of ours."""
    found: defaultdict[UUID, list[Taken]] = defaultdict(list)
    for text in harness.texted(folder / "twilio.jsonl"):
        assert text.delivery, f"an SMS to {text.to} names no delivery"
        found[text.delivery].append(Taken(text.sid, text.at, text.attempt))
    for entry in harness.entries(folder / "smtp.jsonl"):
        if entry["taken"]:
            found[UUID(entry["message_id"].strip("<>").split("@")[0])].append(Taken("", entry["at"], 0))
    for entry in harness.entries(folder / "esp.jsonl"):
        for mail in entry.get("mails", ()):
            assert len(mail["to"]) == 1, f"strangers see each other's addresses: {mail['to']}"
            delivery, attempt = read_receipt(mail["token"]) or (None, 0)
            assert delivery, f"a mail to {mail['to']} names no delivery"
            found[delivery].append(Taken("", entry["at"], attempt))
    return found


def check(
    fault: str,
    folder: Path,
    postgres: Postgres,
    *,
    expected: int,
    seconds: float,
    ended: Sequence[State] = (),
    lease: timedelta = timedelta(seconds=harness.LEASE_SECONDS),
) -> Figures:
    """The figures of a fault once all is quiet; `ended` are the other ends that deliveries may have had.

    Fails where the database contradicts itself or the stand-ins; loss and doubles are counted.
    """
    rows = {row.public_id: row for row in Delivery.objects.all()}
    sent = taken(folder)
    # a mail that goes again under its own Message-ID is one to its reader; a second SMS is two
    resent = Attempt.objects.filter(outcome__in=RESENT, delivery_id__in=_mails(rows))
    again = Counter(resent.values_list("delivery_id", flat=True))
    held = Delivery.objects.filter(state=State.SENDING)
    assert not held.filter(lease_until__lt=sql.database_now() - lease).exists(), "a lease outlived its holder"
    assert postgres.ask(ledger.FALLEN) == [], "a rank fell"
    _nobody_unknown(rows, sent)
    _nobody_who_opted_out(rows, sent)
    lost = sum(not _accounted_for(row, sent, ended) for row in rows.values())
    more = {rows[delivery].pk: len(messages) - 1 for delivery, messages in sent.items()}
    doubled = sum(max(0, number - again[pk]) for pk, number in more.items())
    twice = sum(min(number, again[pk]) for pk, number in more.items())
    [(unknown,)] = postgres.ask(ledger.EVER, State.UNKNOWN.value)
    left = sum(row.state in IN_DOUBT for row in rows.values())
    return Figures(fault, expected, lost + expected - len(rows), doubled, twice, unknown, left, seconds)


def _mails(rows: dict[UUID, Delivery]) -> list[int]:
    return [row.pk for row in rows.values() if row.channel == "email"]


def _accounted_for(row: Delivery, sent: dict[UUID, list[Taken]], ended: Sequence[State]) -> bool:
    """It was taken and we know it, or we know that nobody knows, or it ended as it may."""
    if row.state in TOLD and row.channel not in direct_names():
        return True  # where no provider is set, what is for all ends in the outbox
    if row.state in TOLD:
        return row.public_id in sent
    return row.state in IN_DOUBT or row.state in ended


def _nobody_unknown(rows: dict[UUID, Delivery], sent: dict[UUID, list[Taken]]) -> None:
    """Each message that was taken has a row that says so, with the provider's own name for it."""
    assert set(sent) <= set(rows), "a message was sent that no row names"
    for delivery, messages in sent.items():
        row = rows[delivery]
        assert row.state in (*TOLD, State.FAILED), f"{delivery} was taken, and is {State(row.state).label}"
        if row.channel == "sms" and row.state in TOLD:
            assert row.provider_ref in {message.reference for message in messages}


def _nobody_who_opted_out(rows: dict[UUID, Delivery], sent: dict[UUID, list[Taken]]) -> None:
    """No message was intended to an address that had been given up before."""
    since = {(one.channel, bytes(one.address_hmac)): one.since for one in Suppression.objects.all()}
    for delivery in sent:
        row = rows[delivery]
        left = since.get((row.channel, bytes(row.address_hmac))) if row.address_hmac else None
        assert not (left and row.intended_at and left < row.intended_at), f"{delivery} had opted out"


def posted_at(folder: Path) -> list[float]:
    """When SMS were asked for at the provider, whatever was answered."""
    return [entry["at"] for entry in harness.entries(folder / "twilio.jsonl") if entry["method"] == "POST"]


def intended_at(postgres: Postgres) -> list[float]:
    """When the intents to send were committed, by the database's clock."""
    rows = postgres.ask(
        "SELECT extract(epoch FROM at) FROM faults_move WHERE after = %s", State.SENDING.value
    )
    return [float(at) for (at,) in rows]


def most_in_a_second(moments: Sequence[float]) -> int:
    """The most of these in any one second."""
    ordered, first, most = sorted(moments), 0, 0
    for last, at in enumerate(ordered):
        while at - ordered[first] >= 1:
            first += 1
        most = max(most, last - first + 1)
    return most
