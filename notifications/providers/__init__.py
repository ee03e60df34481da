"""The wire: a message in, what its provider made of it out. Only these files touch the network."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol

from notifications.contract import Class, Found, Message, Outcome

_DETAIL: Final = 300
"""Characters of a provider's words that are kept."""


class Provider(Protocol):
    """Carries one message at a time, for as many threads as its channel has calls in flight.

    Connections are made on first use, after the fork, and kept for the whole process.
    """

    name: str
    has_receipts: bool
    at_once: int | None
    """The most calls this wire should have in flight; None leaves it to the channel."""

    def send(self, message: Message) -> Outcome:
        """Put one message on the wire. Whatever it raises counts as unknown."""

    def find(self, message: Message, since: datetime) -> Found | None:
        """As contract.Channel.find."""

    def close(self) -> None:
        """Give back connections that are better not kept idle."""


def outcome(
    message: Message,
    result: Class,
    provider: str,
    *,
    provider_ref: str = "",
    code: str = "",
    detail: str = "",
    retry_after: float | None = None,
) -> Outcome:
    """An outcome without the customer's address: providers like to repeat it in their errors."""
    if message.address:
        detail = detail.replace(message.address, "(address)")
    return Outcome(
        delivery=message.delivery,
        attempt=message.attempt,
        result=result,
        provider=provider,
        provider_ref=provider_ref,
        code=code,
        detail=detail[:_DETAIL],
        retry_after=retry_after,
    )
