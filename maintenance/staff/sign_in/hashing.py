"""A password in; its hash out, while few others are hashed: a hash takes a third of a second of a core."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher


class HashingBusy(Exception):
    """No turn came in time; nothing was hashed."""


class Turns:
    """So many threads at once; others wait for their turn."""

    def __init__(self, at_once: int) -> None:
        """`at_once` is of this process."""
        self._free = threading.BoundedSemaphore(at_once)
        self._counting = threading.Lock()
        self._waiting = 0

    @contextmanager
    def turn(self, *, seconds: float, waiting: int) -> Iterator[None]:
        """Raises HashingBusy after so many seconds, and at once where so many threads wait already."""
        if not self._free.acquire(blocking=False):
            self._wait(seconds, waiting)
        try:
            yield
        finally:
            self._free.release()

    def _wait(self, seconds: float, waiting: int) -> None:
        with self._counting:
            if self._waiting >= waiting:
                raise HashingBusy
            self._waiting += 1
        try:
            if not self._free.acquire(timeout=seconds):
                raise HashingBusy
        finally:
            with self._counting:
                self._waiting -= 1


_TURNS: Final = Turns(settings.PASSWORD_HASHES_AT_ONCE)
_SECONDS: Final = 10
_WAITING: Final = 64


class OneAtATimeHasher(PBKDF2PasswordHasher):
    """Django's own, under its own name: every hash made and every password checked comes through here."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        """Raises HashingBusy."""
        with _TURNS.turn(seconds=_SECONDS, waiting=_WAITING):
            return super().encode(password, salt, iterations)
