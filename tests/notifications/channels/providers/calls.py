"""A wire and one message in; what became of it out."""

from __future__ import annotations

from notifications.channels.providers import Provider
from notifications.channels.providers.http import loops
from notifications.channels.types import Message, Outcome


def one(wire: Provider, message: Message) -> Outcome:
    """One call by itself, on the loop of the test's thread."""
    (outcome,) = loops.run_on_loop(wire.send([message]))
    return outcome
