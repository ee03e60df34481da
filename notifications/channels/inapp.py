"""The bank's own app: nothing is sent, the app fetches its inbox."""

from __future__ import annotations

from notifications.channels import in_flight
from notifications.channels.providers import outbox


class Channel(in_flight.Channel):
    """A broadcast to everyone who opens the app."""

    label = "In the app"
    place = 30
    is_in_app = True
    subject_section = "inapp subject"
    must_link = False
    provider_labels = {"app": "Lull: the bank's app fetches them"}

    def __init__(self, in_flight: int) -> None:
        """As `types.Channel`."""
        super().__init__(in_flight, outbox.Outbox("app"))

    @classmethod
    def targets(cls) -> list[str]:
        """The bank's app, which reads its inbox itself."""
        return ["app"]
