"""A mail between whoever waits for its answer and the line that carries it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from notifications.channels.types import Verdict


@dataclass(frozen=True, slots=True)
class SmtpAnswer:
    """What became of one mail."""

    result: Verdict
    code: str = ""
    words: str = ""


@dataclass(eq=False, slots=True)
class QueuedMail:
    """One on its way. Addresses in angle brackets; `content` with its dots doubled, and its end."""

    sender: bytes
    recipient: bytes
    content: bytes
    since: float
    answer: asyncio.Future[SmtpAnswer]

    def settle(self, answer: SmtpAnswer) -> None:
        """Tell whoever still listens."""
        if not self.answer.done():
            self.answer.set_result(answer)
