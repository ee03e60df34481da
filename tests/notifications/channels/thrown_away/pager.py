"""Messages to pagers; each is kept, for tests to look at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from notifications.channels import in_flight
from notifications.channels.providers import outcome_of
from notifications.channels.types import Address, Form, Found, Message, Outcome, Verdict

SHOWN: Final[list[str]] = []
"""What stood on pagers."""


class _Wire:
    name, sender = "paging", "desk 7"
    has_receipts = False
    at_once: int | None = None
    in_one_call = 1

    async def send(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        SHOWN.extend(f"{message.address}: {message.body}" for message in messages)
        return [outcome_of(message, Verdict.ACCEPTED, self.name) for message in messages]

    def find(self, message: Message, since: datetime) -> Found | None:
        raise LookupError("pagers cannot be asked")

    def close(self) -> None:
        return


class Channel(in_flight.Channel):
    """One line on a pager."""

    label = "Pager"
    label_for_customers = "Pager message"
    address = Address.PHONE
    form = Form.LINE
    section = "sms"
    room = 480
    is_paid = True
    resends_unknown = True
    provider_labels = {"paging": "The paging desk"}

    def __init__(self, in_flight: int) -> None:
        """As `types.Channel`."""
        super().__init__(in_flight, _Wire())
