"""A message in; accepted, and sent to nobody, out."""

from __future__ import annotations

from datetime import datetime

from notifications.contract import Class, Found, Message, Outcome
from notifications.providers import outcome


class Outbox:
    """Accepts everything. What it holds is the deliveries' own rows, which the admin shows.

    It also stands for the bank's app, which fetches its messages itself.
    """

    has_receipts = False
    at_once: int | None = None

    def __init__(self, name: str = "outbox") -> None:
        """`name` is kept with each delivery, and tells "not sent" from "fetched by the app"."""
        self.name = name

    def send(self, message: Message) -> Outcome:
        """Accept it."""
        return outcome(message, Class.ACCEPTED, self.name)

    def find(self, message: Message, since: datetime) -> Found | None:
        """Everything it was ever given, it took."""
        return Found(provider_ref="")

    def close(self) -> None:
        """Nothing is open."""
