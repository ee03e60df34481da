"""SMS by Twilio; into the outbox where no account is set."""

from __future__ import annotations

from django.conf import settings

from notifications.channels import window
from notifications.providers import outbox, twilio


class Channel(window.Channel):
    """Text messages to phones."""

    def __init__(self, in_flight: int) -> None:
        """As the contract."""
        super().__init__(in_flight, twilio.Provider() if settings.TWILIO_ACCOUNT_SID else outbox.Outbox())
