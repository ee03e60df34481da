"""Public posts: one message per target of SOCIAL_URLS; into the outbox where none is set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from notifications.channels import in_flight, types
from notifications.channels.providers import Provider, outbox, outcome_of, social
from notifications.channels.types import Fault, Found, Message, Outcome, Pause, Verdict


def _wires() -> dict[str, Provider]:
    wires = {target.name: _wire(target) for target in social.targets_of(settings.SOCIAL_URLS)}
    return wires or {"outbox": outbox.Outbox()}


def _wire(target: social.Target) -> Provider:
    return social.ByHand() if target.network == social.BY_HAND else social.Mastodon(target)


class Channel(types.Channel):
    """Posts on the bank's accounts."""

    label = "Social posts"
    place = 40
    is_public = True
    room = 500
    """In a post of Mastodon."""
    is_posted_by_hand = True
    provider_labels = {"social": "The accounts of SOCIAL_URLS; without any, the outbox"}

    provider = sender = "social"

    def __init__(self, in_flight: int) -> None:
        """As `types.Channel`."""
        super().__init__(in_flight)
        self._wires = _wires()

    @classmethod
    def targets(cls) -> list[str]:
        """The names a broadcast has one delivery for: "mastodon:host", "by hand:facebook", or "outbox"."""
        return list(_wires())

    @classmethod
    def faults(cls) -> Iterator[Fault]:
        """Each entry can be read, and names its account once."""
        try:
            social.targets_of(settings.SOCIAL_URLS)
        except ImproperlyConfigured as error:
            hint = "Entries are separated by commas. Without SOCIAL_URLS, posts go to the outbox."
            yield Fault("lull.E001", str(error), hint)

    def send(self, messages: Iterator[Message | Pause]) -> Iterator[Outcome]:
        """As `types.Channel`; each outcome names the network that gave it."""
        return in_flight.carry(messages, self._send, in_flight=self.in_flight, provider=self.provider)

    def find(self, message: Message, since: datetime) -> Found | None:
        """As `types.Channel`."""
        wire = self._wires.get(message.target)
        if wire is None:
            raise LookupError(f"SOCIAL_URLS no longer names {message.target}")
        return wire.find(message, since)

    def close(self) -> None:
        """As `types.Channel`."""
        for wire in self._wires.values():
            wire.close()

    async def _send(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        (message,) = messages
        wire = self._wires.get(message.target)
        if wire is None:
            words = f"SOCIAL_URLS no longer names {message.target}"
            return [outcome_of(message, Verdict.PERMANENT, self.provider, code="no target", detail=words)]
        return await wire.send(messages)
