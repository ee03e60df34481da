"""Email by SMTP or a mail service; into the outbox where neither is set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection
from django.utils.translation import pgettext_lazy

from notifications.channels import in_flight
from notifications.channels.providers import Provider, outbox
from notifications.channels.providers.esp import service, webhook_views
from notifications.channels.providers.mime import mailbox
from notifications.channels.providers.smtp import mailer
from notifications.channels.types import Address, Fault, Form

_OUTBOX: Final = "Without EMAIL_URL and EMAIL_BACKEND, emails go to the outbox."
_QUOTE: Final = (
    "Put a name with a comma or another sign in quotes, or leave it unset; the bank's name is then used."
)
_NOWHERE: Final = "@localhost"


class Channel(in_flight.Channel):
    """Mails to mailboxes."""

    label = "Email"
    label_for_customers = pgettext_lazy("channel", "Email")
    place = 20
    address = Address.MAILBOX
    form = Form.LETTER
    subject_section = "subject"
    heading_section = "inapp subject"
    can_unsubscribe = True
    unit = "email"
    is_paid = True
    resends_unknown = True
    """A second email under the same Message-ID is one message to most readers; a second SMS is two."""
    provider_labels = {
        "smtp": "SMTP server",
        "amazon_ses": "Amazon SES",
        "sendgrid": "SendGrid",
        "sparkpost": "SparkPost",
    }

    def __init__(self, in_flight: int) -> None:
        """As `types.Channel`."""
        super().__init__(in_flight, _wire())

    def blames_recipient(self, code: str) -> bool:
        """As `types.Channel`."""
        return code in service.OF_RECIPIENT

    @classmethod
    def attaches_calendar(cls) -> bool:
        """As `types.Channel`."""
        return bool(settings.EMAIL_ATTACH_CALENDAR)

    @classmethod
    def faults(cls) -> Iterator[Fault]:
        """A road that can be opened, and one address that mails are from: operators' mails are, too."""
        if wrong := mailbox.sender_fault(settings.DEFAULT_FROM_EMAIL):
            yield Fault("lull.E008", wrong, _QUOTE)
        elif settings.EMAIL_CONFIGURED:
            yield from _sender()
        if settings.EMAIL_CONFIGURED:
            yield from _road()


def _wire() -> Provider:
    if not settings.EMAIL_CONFIGURED:
        return outbox.Outbox()
    return mailer.SmtpProvider() if mailer.is_meant() else service.MailServiceProvider()


def _sender() -> Iterator[Fault]:
    if mailbox.sender_address(settings.DEFAULT_FROM_EMAIL).endswith(_NOWHERE) and not _is_local(
        settings.EMAIL_HOST
    ):
        words = f"Emails would be from {settings.DEFAULT_FROM_EMAIL}, whom few mail servers let send."
        hint = "Set DEFAULT_FROM_EMAIL to an address of the bank's."
        yield Fault("lull.W001", words, hint, is_warning=True)


def _road() -> Iterator[Fault]:
    if settings.EMAIL_BACKEND == webhook_views.AMAZON_SES and not webhook_views.has_boto():
        yield Fault("lull.E020", f"{webhook_views.BOTO}.", "Until then no mail goes out.")
        return
    try:
        by_smtp = mailer.is_meant()
    except ImportError:
        words = f"EMAIL_BACKEND names {settings.EMAIL_BACKEND!r}, which is not there."
        yield Fault("lull.E009", words, "Write anymail.backends.postmark.EmailBackend, say.")
        return
    if by_smtp:
        yield from mailer.faults("EMAIL_URL", "lull.E010", settings.EMAIL_HOST, settings.EMAIL_PORT, _OUTBOX)
        return
    try:
        get_connection()
    except ImproperlyConfigured as error:  # its words name the setting, not what it holds
        first = str(error).strip().splitlines()[0]
        words = f"The mail service of EMAIL_BACKEND cannot be used: {first.rstrip('.')}."
        yield Fault("lull.E011", words, "Each of anymail's settings is set as ANYMAIL_NAME.")


def _is_local(host: str) -> bool:
    return host in ("localhost", "127.0.0.1", "::1")
