"""The wire: a message in, what its provider made of it out. Only these files touch the network."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from notifications import links
from notifications.channels.types import Found, Message, Outcome, Verdict

_NAME: Final = 20
_REFERENCE: Final = 120
_CODE: Final = 40
_DETAIL: Final = 300
"""Characters of a provider's words that are kept: what the columns of Delivery and Attempt hold."""

_LONGEST_WAIT: Final = 86_400.0
"""Seconds. A provider that says "in a year" is asked again tomorrow."""


class Provider(Protocol):
    """Carries messages, as many calls at a time as its channel has in flight.

    `send` runs in the event loop that its thread keeps (http/loops.py) and knows no database. Connections
    are made on first use, after the fork, and kept for the whole process.
    """

    name: str
    sender: str
    """As whom it sends, as kept with the sender's bucket."""
    has_receipts: bool
    at_once: int | None
    """The most messages this wire should have in flight; None leaves it to the channel."""
    in_one_call: int
    """The most messages that one `send` takes."""

    async def send(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        """Put messages on the wire in one call. Whatever it raises counts as unknown for all of them."""

    def find(self, message: Message, since: datetime) -> Found | None:
        """As channels.types.Channel.find."""

    def close(self) -> None:
        """Give back connections that are better not kept idle."""


def outcome_of(
    message: Message,
    result: Verdict,
    provider: str,
    *,
    provider_ref: str = "",
    code: str = "",
    detail: str = "",
) -> Outcome:
    """An outcome that can be stored, whatever the provider said, and without the customer's address or link.

    Providers like to repeat the address in their errors, and the link that they take for spam.
    """
    detail = links.masked(cleaned(detail))
    if message.address:
        detail = detail.replace(message.address, "(address)")
    return Outcome(
        delivery=message.delivery,
        attempt=message.attempt,
        result=result,
        provider=cleaned(provider)[:_NAME],
        provider_ref=reference_of(provider_ref),
        code=cleaned(code)[:_CODE],
        detail=detail[:_DETAIL],
    )


def with_wait(told: Outcome, seconds: float | None) -> Outcome:
    """The same, to be tried again after the seconds that the provider named; None where it named none."""
    return dataclasses.replace(told, retry_after=_wait(seconds))


def reference_of(said: object) -> str:
    """A provider's own name for a message, as it can be stored."""
    return cleaned(said)[:_REFERENCE]


def cleaned(said: object) -> str:
    """Without what no database keeps: JSON may bring numbers for words, NUL, and halves of a character."""
    if isinstance(said, str) and said.isascii() and "\x00" not in said:
        return said
    return "" if said is None else str(said).replace("\x00", "").encode(errors="ignore").decode()


def _wait(seconds: float | None) -> float | None:
    if seconds is None or not math.isfinite(seconds):
        return None
    return min(max(seconds, 0.0), _LONGEST_WAIT)
