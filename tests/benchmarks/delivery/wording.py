"""The words that everybody sends in this benchmark, so that nobody sends less."""

from __future__ import annotations

from typing import Final

SMS: Final = (
    "Dear {name}, online banking is away on Sunday 14 March from 02:00 to 04:00 for maintenance."
    " Cards and cash machines work as usual. No more of this: {link}"
)
"""About 170 characters with a name and a link in it, so two segments."""

_SENTENCE: Final = "Your cards, cash machines and standing orders work as usual while we are at it. "

SUBJECT: Final = "Online banking is away on Sunday"


def text(size: int) -> str:
    """A mail's plain text of about so many bytes."""
    opening, closing = f"Dear {{name}},\n\n{SUBJECT}.\n\n", "\n\nNo more of this: {link}\n"
    return opening + _filled(size - len(opening) - len(closing), "\n") + closing


def html(size: int) -> str:
    """A mail's HTML of about so many bytes."""
    opening = f"<!doctype html>\n<html><body>\n<h1>{SUBJECT}</h1>\n<p>Dear {{name}},</p>\n"
    closing = '\n<p><a href="{link}">No more of this</a></p>\n</body></html>\n'
    return opening + _filled(size - len(opening) - len(closing), "<br>\n") + closing


def _filled(size: int, ending: str) -> str:
    line = _SENTENCE + ending
    return line * max(size // len(line), 1)


MAIL: Final = (text(1_200), html(3_700))
"""What goes over SMTP."""
BATCHED: Final = (text(2_000), html(8_000))
"""What goes through a mail service."""
