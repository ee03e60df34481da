"""A message in; accepted, and sent to nobody, out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from notifications.channels.providers import outcome_of
from notifications.channels.types import Found, Message, Outcome, Verdict


class Outbox:
    """Accepts everything. What it holds is the deliveries' own rows, which the admin shows.

    It also stands for the bank's app, which fetches its messages itself.
    """

    has_receipts = False
    at_once: int | None = None
    in_one_call = 64

    def __init__(self, name: str = "outbox") -> None:
        """`name` is kept with each delivery, and tells "not sent" from "fetched by the app"."""
        self.name = self.sender = name

    async def send(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        """Accept them."""
        return [outcome_of(message, Verdict.ACCEPTED, self.name) for message in messages]

    def find(self, message: Message, since: datetime) -> Found | None:
        """Everything it was ever given, it took."""
        return Found(provider_ref="")

    def close(self) -> None:
        """Nothing is open."""
