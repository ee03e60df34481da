"""A sender's outcomes, one after the other, in; whether it must rest, out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.conf import settings

from notifications.channels.types import Outcome, Verdict
from notifications.delivery.rate_limits.backoff import LONGEST_REST, rest
from notifications.delivery.rate_limits.bucket import Sender
from notifications.delivery.rate_limits.refusals import note_taken

REFUSALS: Final = frozenset({Verdict.PERMANENT, Verdict.REFUSED})
"""Of one person, until many get the same one in a row."""
_STREAK: Final = 16
"""So many doubtful answers in a row, and the provider is given a rest."""
_REST: Final = {
    Verdict.CONFIGURATION: 2.0 * settings.REST_SECONDS,
    Verdict.UNKNOWN: 1.0 * settings.REST_SECONDS,
    Verdict.NOT_PROCESSED: settings.REST_SECONDS / 6,
}
"""Seconds of a sender's first rest, where the provider names none."""
_LONGEST: Final = {Verdict.NOT_PROCESSED: 2.0 * settings.REST_SECONDS}
"""Seconds to which rests grow where trying again costs nobody anything."""


class Breaker:
    """What the outcomes of one drain say of the provider as a whole."""

    def __init__(self, who: Sender, clock: Callable[[], datetime]) -> None:
        """Nothing is known of it yet."""
        self._who, self._clock = who, clock
        self._streak = 0
        self._well = False
        self.rests = False
        """It was sent to rest: nobody else's message is burnt on it, by no process."""

    def doubt(self) -> None:
        """A run of refusals is open, of this process or another: the next accepted message ends it."""
        self._well = False

    def hear(self, outcome: Outcome) -> None:
        """One accepted message ends a failure; a wrong key, a named wait or a row of doubts begins a rest."""
        if outcome.result is Verdict.ACCEPTED:
            if not self._well:
                note_taken(self._who, now=self._clock())
            self._streak, self._well = 0, True
        elif outcome.result in REFUSALS:
            self.doubt()
        elif outcome.result in _REST and not self.rests:
            self._streak, self._well = self._streak + 1, False
            named = outcome.retry_after if outcome.result is Verdict.NOT_PROCESSED else None
            if outcome.result is Verdict.CONFIGURATION or named is not None or self._streak >= _STREAK:
                self.rests = True
                rest(
                    self._who,
                    named or _REST[outcome.result],
                    " ".join(filter(None, (outcome.code, outcome.detail))) or outcome.result.value,
                    failing=named is None,
                    longest=_LONGEST.get(outcome.result, LONGEST_REST),
                )
