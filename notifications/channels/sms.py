"""SMS by Twilio; into the outbox where no account is set."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from django.conf import settings

from notifications.channels import window
from notifications.contract import Report
from notifications.providers import outbox, twilio, twilio_codes, twilio_list


class Channel(window.Channel):
    """Text messages to phones."""

    def __init__(self, in_flight: int) -> None:
        """As the contract."""
        super().__init__(in_flight, twilio.Provider() if settings.TWILIO_ACCOUNT_SID else outbox.Outbox())

    def blames_us(self, code: str) -> bool:
        """As the contract."""
        return bool(settings.TWILIO_ACCOUNT_SID) and code in twilio_codes.REPORTED_OURS

    def blames_recipient(self, code: str) -> bool:
        """As the contract."""
        return code in twilio_codes.REPORTED_OF_THE_NUMBER

    def report(self, references: Collection[str], since: datetime, until: datetime) -> Iterator[Report]:
        """As the contract."""
        if not settings.TWILIO_ACCOUNT_SID:
            return super().report(references, since, until)
        return twilio_list.report(references, since, until)
