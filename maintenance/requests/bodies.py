"""A request in; whether its body is larger than its reader takes, out, known before a large one is read."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest

_DIGITS: Final = 18


def is_larger(request: HttpRequest, largest: int) -> bool:
    """Than so many bytes, or of no length at all. Where it is not, it has been read, and is kept.

    Raises UnreadablePostError where whoever sends it has left.
    """
    announced = str(request.META.get("CONTENT_LENGTH") or "0")  # first, so that a large body is not read
    if not announced.isdecimal() or len(announced) > _DIGITS or int(announced) > largest:
        return True
    return len(request.body) > largest
