"""A message in; a mail handed to an SMTP server, and what became of it, out."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator, Sequence
from datetime import datetime
from email.errors import MessageError
from functools import lru_cache
from typing import Final

from django.conf import settings
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address
from django.utils.module_loading import import_string

from notifications.channels.providers import outcome_of
from notifications.channels.providers.http import loops
from notifications.channels.providers.mime import django_mail, mailbox, template
from notifications.channels.providers.smtp.connect import Connector
from notifications.channels.providers.smtp.pool import ConnectionPool
from notifications.channels.providers.smtp.timeouts import Timeouts
from notifications.channels.types import Fault, Found, Message, Outcome, Verdict

NAME: Final = "smtp"
_REPLY_SECONDS: Final = 30.0
_LONGEST_CONTENT_SECONDS: Final = 60.0
"""RFC 5321 (4.5.3.2.6) gives a server ten minutes to take a text; the lease of a delivery ends sooner."""


def is_meant() -> bool:
    """Whether EMAIL_BACKEND is Django's own for SMTP. Raises ImportError where it names no class."""
    backend = import_string(settings.EMAIL_BACKEND)
    if not isinstance(backend, type):
        raise ImportError(f"EMAIL_BACKEND names {settings.EMAIL_BACKEND}, which is no class")
    return issubclass(backend, EmailBackend)


def faults(name: str, number: str, host: str, port: int, hint: str) -> Iterator[Fault]:
    """Whether a mail server's address, whose password is not shown, names a server."""
    if not host or not 0 < int(port) < 65_536:
        words = f"{name} must name a server and its port, like smtp+tls://user:password@mail.example:587."
        yield Fault(number, words, hint)


class SmtpProvider:
    """The SMTP server of Django's settings."""

    name = NAME
    has_receipts = False
    at_once: int | None = None
    """More than there are lines, so that the next mail's envelope is there to go with a text."""
    in_one_call = 1

    def __init__(self) -> None:
        """Nothing is opened yet."""
        self.sender = mailbox.sender_address(settings.DEFAULT_FROM_EMAIL)
        self._fault = mailbox.sender_fault(settings.DEFAULT_FROM_EMAIL)
        reply = settings.EMAIL_TIMEOUT or _REPLY_SECONDS
        self._timeouts = Timeouts(reply, min(2 * reply, _LONGEST_CONTENT_SECONDS))
        self._server = (
            *(NAME, settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_SSL, settings.EMAIL_USE_TLS),
            *(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD, reply, settings.EMAIL_CONNECTIONS),
        )

    async def send(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        """Hand them over, on lines that are open already where there are some."""
        return [await self._sent(message) for message in messages]

    async def _sent(self, message: Message) -> Outcome:
        if self._fault:
            return outcome_of(message, Verdict.CONFIGURATION, NAME, code="settings", detail=self._fault)
        try:
            recipient = _envelope(message.address)
        except (ValueError, MessageError, IndexError) as error:
            return outcome_of(message, Verdict.PERMANENT, NAME, code="invalid", detail=str(error))
        try:
            sender, content = _sender(self.sender), template.mail_content(message)
        except ValueError as error:
            return outcome_of(message, Verdict.REFUSED, NAME, code="invalid", detail=str(error))
        answer = await loops.kept_on_loop(self._server, self._pool).carry(sender, recipient, content)
        reference = django_mail.message_id(message.delivery) if answer.result is Verdict.ACCEPTED else ""
        return outcome_of(
            message, answer.result, NAME, provider_ref=reference, code=answer.code, detail=answer.words
        )

    def _pool(self) -> ConnectionPool:
        return ConnectionPool(
            Connector(self._timeouts.reply).open, max(settings.EMAIL_CONNECTIONS, 1), self._timeouts
        )

    def find(self, message: Message, since: datetime) -> Found | None:
        """SMTP has no such question."""
        raise LookupError("an SMTP server cannot be asked what became of a mail")

    def close(self) -> None:
        """Lines stay for the process, and the next mail will use them."""


def _envelope(address: str) -> bytes:
    """An address as SMTP wants it. Raises ValueError."""
    if template.is_plain_address(address):
        return b"<%b>" % address.encode()
    written = smtplib.quoteaddr(sanitize_address(address, "utf-8"))
    if not written.isprintable():
        raise ValueError("an address cannot have control characters")
    return written.encode("ascii")


@lru_cache(maxsize=8)
def _sender(address: str) -> bytes:
    return _envelope(address)
