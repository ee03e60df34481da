"""Email by SMTP or a mail service; into the outbox where neither is set."""

from __future__ import annotations

from django.conf import settings

from notifications.channels import window
from notifications.providers import Provider, esp, outbox, smtp


class Channel(window.Channel):
    """Mails to mailboxes."""

    def __init__(self, in_flight: int) -> None:
        """As the contract."""
        super().__init__(in_flight, _wire())

    def blames_recipient(self, code: str) -> bool:
        """As the contract."""
        return code in esp.OF_RECIPIENT


def _wire() -> Provider:
    if not settings.EMAIL_CONFIGURED:
        return outbox.Outbox()
    return smtp.Provider() if smtp.is_meant() else esp.Provider()
