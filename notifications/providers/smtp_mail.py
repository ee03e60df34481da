"""A mail between whoever waits for its answer and the line that carries it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from notifications.contract import Class


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one mail."""

    result: Class
    code: str = ""
    words: str = ""


@dataclass(eq=False, slots=True)
class Mail:
    """One on its way. Addresses in angle brackets; `content` with its dots doubled, and its end."""

    sender: bytes
    recipient: bytes
    content: bytes
    since: float
    answer: asyncio.Future[Answer]

    def settle(self, answer: Answer) -> None:
        """Tell whoever still listens."""
        if not self.answer.done():
            self.answer.set_result(answer)
