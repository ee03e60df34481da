"""The bank's own app: nothing is sent, the app fetches its inbox."""

from __future__ import annotations

from notifications.channels import window
from notifications.providers import outbox


def targets() -> list[str]:
    """The bank's app, which reads its inbox itself."""
    return ["app"]


class Channel(window.Channel):
    """A broadcast to everyone who opens the app."""

    def __init__(self, in_flight: int) -> None:
        """As the contract."""
        super().__init__(in_flight, outbox.Outbox("app"))
