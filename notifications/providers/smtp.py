"""A message in; a mail handed to an SMTP server, and what became of it, out.

Django's backend opens the line, by its own settings; the conversation is ours, because what an
error means depends on how far it had come: nothing is sent before the text is on its way
(RFC 5321, 4.1.1.4), and everything may be after.
"""

from __future__ import annotations

import os
import re
import smtplib
import time
from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address

from notifications.contract import Class, Found, Message, Outcome
from notifications.providers import mail, outcome

NAME: Final = "smtp"
_LINES: Final = 8
"""Kept open at once by a process; relays refuse many more (Postfix: 50 of one client)."""
_STALE_SECONDS: Final = 5.0
"""A line idle for longer is tried with NOOP before it is used."""
_CLOSING: Final = 421
_TOO_BIG: Final = 552


@dataclass
class _Line:
    """An open line to a server."""

    backend: EmailBackend
    talk: smtplib.SMTP
    used_at: float | None = None
    """By the monotonic clock, in seconds; None while it is fresh."""


_idle: dict[tuple[object, ...], deque[_Line]] = defaultdict(deque)
"""Open lines by process and server, so that a fork opens its own."""


@dataclass
class _Stopped(Exception):
    """The server said no, or the line broke, while there was nothing sent yet."""

    result: Class
    code: str
    words: str
    usable: bool
    """Whether the line may be used again."""


class Provider:
    """The SMTP server of Django's settings."""

    name = NAME
    has_receipts = False
    at_once: int | None = _LINES

    def send(self, message: Message) -> Outcome:
        """Hand the mail over, on a line that is open already where there is one."""
        try:
            composed = mail.compose(message)
            content = re.sub(rb"\r?\n", b"\r\n", composed.message().as_bytes())
            sender = sanitize_address(composed.from_email, "utf-8")
            recipient = sanitize_address(message.address, "utf-8")
        except ValueError as error:
            return outcome(message, Class.PERMANENT, NAME, code="invalid", detail=str(error))
        try:
            line = _announced(sender, recipient, len(content))
        except _Stopped as stopped:
            return outcome(message, stopped.result, NAME, code=stopped.code, detail=stopped.words)
        result, code, words = _transmit(line, content)
        reference = mail.message_id(message.delivery) if result is Class.ACCEPTED else ""
        return outcome(message, result, NAME, provider_ref=reference, code=code, detail=words)

    def find(self, message: Message, since: datetime) -> Found | None:
        """SMTP has no such question."""
        raise LookupError("an SMTP server cannot be asked what became of a mail")

    def close(self) -> None:
        """Say goodbye on every idle line."""
        lines = _idle[_server()]
        while lines:
            _hang_up(lines.pop())


def _announced(sender: str, recipient: str, size: int) -> _Line:
    """A line on which the server waits for the text. Raises _Stopped."""
    while True:
        line = _line()
        try:
            _announce(line.talk, sender, recipient, size)
        except _Stopped as stopped:
            if stopped.usable:
                _put_back(line)
                raise
            _hang_up(line)
            if line.used_at and stopped.result is Class.NOT_PROCESSED:
                continue  # servers close a line after so many mails: nothing was sent, so take a new one
            raise
        return line


def _announce(line: smtplib.SMTP, sender: str, recipient: str, size: int) -> None:
    try:
        line.ehlo_or_helo_if_needed()
        options = [f"size={size}"] if line.has_extn("size") else []
        options += ["body=8bitmime"] if line.has_extn("8bitmime") else []
        code, words = line.mail(sender, options)
        if code != 250:
            _stop(line, code, words, never=Class.PERMANENT if code == _TOO_BIG else Class.CONFIGURATION)
        code, words = line.rcpt(recipient)
        if code not in (250, 251):
            _stop(line, code, words, never=Class.PERMANENT)
        code, words = line.docmd("DATA")
        if code != 354:
            _stop(line, code, words, never=Class.PERMANENT)
    except OSError as error:  # also every SMTPException
        raise _Stopped(Class.NOT_PROCESSED, "line lost", str(error), usable=False) from error


def _stop(line: smtplib.SMTP, code: int, words: bytes, never: Class) -> None:
    """Raise what a refusal means: 5yz is for good, 4yz for now (RFC 5321, 4.2.1)."""
    result = never if code >= 500 else Class.NOT_PROCESSED
    usable = code != _CLOSING and _answers_ok(line.rset)
    raise _Stopped(result, str(code), words.decode(errors="replace"), usable)


def _transmit(line: _Line, content: bytes) -> tuple[Class, str, str]:
    """Send the text and hear what the server says of it: (class, code, words)."""
    try:
        ending = b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n"
        line.talk.send(re.sub(rb"(?m)^\.", b"..", content) + ending)
        code, words = line.talk.getreply()
    except OSError as error:
        _hang_up(line)
        return Class.UNKNOWN, "line lost", str(error)
    if code == _CLOSING:
        _hang_up(line)
    else:
        _put_back(line)
    if code == 250:
        return Class.ACCEPTED, "", words.decode(errors="replace")
    result = Class.PERMANENT if code >= 500 else Class.NOT_PROCESSED
    return result, str(code), words.decode(errors="replace")


def _line() -> _Line:
    """An idle line, or a fresh one. Raises _Stopped where none can be opened."""
    lines = _idle[_server()]
    while lines:
        try:
            line = lines.pop()
        except IndexError:  # another thread took the last
            break
        if time.monotonic() - (line.used_at or 0) < _STALE_SECONDS or _answers_ok(line.talk.noop):
            return line
        _hang_up(line)
    return _opened()


def _opened() -> _Line:
    backend = cast(EmailBackend, get_connection())
    try:
        backend.open()
    except OSError as error:  # also every SMTPException
        with suppress(OSError):
            backend.close()  # it may have got as far as the password
        raise _Stopped(*_closed_door(error), str(error), usable=False) from error
    return _Line(backend, cast(smtplib.SMTP, backend.connection))


def _closed_door(error: OSError) -> tuple[Class, str]:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        never = error.smtp_code >= 500
        return Class.CONFIGURATION if never else Class.NOT_PROCESSED, str(error.smtp_code)
    if isinstance(error, smtplib.SMTPNotSupportedError):  # no STARTTLS or no AUTH, where we must have it
        return Class.CONFIGURATION, "settings"
    return Class.NOT_PROCESSED, "no connection"


def _server() -> tuple[object, ...]:
    return os.getpid(), settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_HOST_USER


def _answers_ok(command: Callable[[], tuple[int, bytes]]) -> bool:
    try:
        return command()[0] == 250
    except OSError:
        return False


def _put_back(line: _Line) -> None:
    line.used_at = time.monotonic()
    _idle[_server()].append(line)


def _hang_up(line: _Line) -> None:
    try:
        line.backend.close()
    except OSError:
        line.talk.close()
