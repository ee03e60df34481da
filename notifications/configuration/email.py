"""EMAIL_* , ANYMAIL_* and DEFAULT_FROM_EMAIL in; what is wrong with them out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection

from notifications.configuration.fault import Fault
from notifications.providers import esp_webhooks, mailbox, smtp

_OUTBOX: Final = "Without EMAIL_URL and EMAIL_BACKEND, emails go to the outbox."
_QUOTE: Final = (
    "Put a name with a comma or another sign in quotes, or leave it unset; the bank's name is then used."
)
_NOWHERE: Final = "@localhost"


def faults() -> Iterator[Fault]:
    """A road that can be opened, and one address that mails are from: operators' mails are, too."""
    if wrong := mailbox.fault(settings.DEFAULT_FROM_EMAIL):
        yield Fault("lull.E008", wrong, _QUOTE)
    elif settings.EMAIL_CONFIGURED:
        yield from _sender()
    if settings.EMAIL_CONFIGURED:
        yield from _road()


def _sender() -> Iterator[Fault]:
    if mailbox.address(settings.DEFAULT_FROM_EMAIL).endswith(_NOWHERE) and not _is_local(settings.EMAIL_HOST):
        words = f"Emails would be from {settings.DEFAULT_FROM_EMAIL}, whom few mail servers let send."
        hint = "Set DEFAULT_FROM_EMAIL to an address of the bank's."
        yield Fault("lull.W001", words, hint, is_warning=True)


def _road() -> Iterator[Fault]:
    if settings.EMAIL_BACKEND == esp_webhooks.AMAZON_SES and not esp_webhooks.has_boto():
        yield Fault("lull.E020", f"{esp_webhooks.BOTO}.", "Until then no mail goes out.")
        return
    try:
        by_smtp = smtp.is_meant()
    except ImportError:
        words = f"EMAIL_BACKEND names {settings.EMAIL_BACKEND!r}, which is not there."
        yield Fault("lull.E009", words, "Write anymail.backends.postmark.EmailBackend, say.")
        return
    if by_smtp:
        yield from server("EMAIL_URL", "lull.E010", settings.EMAIL_HOST, settings.EMAIL_PORT, _OUTBOX)
        return
    try:
        get_connection()
    except ImproperlyConfigured as error:  # its words name the setting, not what it holds
        first = str(error).strip().splitlines()[0]
        words = f"The mail service of EMAIL_BACKEND cannot be used: {first.rstrip('.')}."
        yield Fault("lull.E011", words, "Each of anymail's settings is set as ANYMAIL_NAME.")


def server(name: str, number: str, host: str, port: int, hint: str) -> Iterator[Fault]:
    """Whether a mail server's address, whose password is not shown, names a server."""
    if not host or not 0 < int(port) < 65_536:
        words = f"{name} must name a server and its port, like smtp+tls://user:password@mail.example:587."
        yield Fault(number, words, hint)


def _is_local(host: str) -> bool:
    return host in ("localhost", "127.0.0.1", "::1")
