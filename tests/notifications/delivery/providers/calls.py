"""A wire and one message in; what became of it out."""

from __future__ import annotations

from notifications.delivery.providers import Provider
from notifications.delivery.providers.http import loops
from notifications.delivery.types import Message, Outcome


def one(wire: Provider, message: Message) -> Outcome:
    """One call by itself, on the loop of the test's thread."""
    (outcome,) = loops.run_on_loop(wire.send([message]))
    return outcome
