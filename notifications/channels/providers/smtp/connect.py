"""Django's mail settings in; a line to their server, after TLS, EHLO and AUTH, or why there is none, out."""

from __future__ import annotations

import asyncio
from collections.abc import Container
from typing import Final, cast

import aiosmtplib
from django.core.mail import get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.utils import DNS_NAME

from notifications.channels.providers.smtp.pool import Closed
from notifications.channels.types import Verdict

_CONNECT_SECONDS: Final = 5.0
_OPENING_SECONDS: Final = 20.0
"""For all of it: mails wait meanwhile."""


class Connector:
    """To the server of the settings, as Django's own backend reads them."""

    def __init__(self, reply_seconds: float) -> None:
        """`reply_seconds` is the longest wait for one reply."""
        self._backend = cast(EmailBackend, get_connection())
        self._reply = reply_seconds

    async def open(self) -> tuple[asyncio.Transport, Container[str]]:
        """A line on which mails may be sent. Raises Closed."""
        backend = self._backend
        name = await asyncio.get_running_loop().run_in_executor(None, DNS_NAME.get_fqdn)
        client = aiosmtplib.SMTP(
            hostname=backend.host,
            port=backend.port,
            local_hostname=name,
            timeout=self._reply,
            use_tls=backend.use_ssl,
            start_tls=False,  # below, where its absence has a meaning
            tls_context=backend.ssl_context if backend.use_ssl or backend.use_tls else None,
        )
        try:
            async with asyncio.timeout(_OPENING_SECONDS):
                await _connect(client)
                await self._enter(client)
        except BaseException as error:
            client.close()
            if isinstance(error, (OSError, aiosmtplib.SMTPException)):
                raise _closed(error) from error
            raise
        return cast(asyncio.Transport, client.transport), client.esmtp_extensions

    async def _enter(self, client: aiosmtplib.SMTP) -> None:
        backend = self._backend
        await _greet(client)
        if backend.use_tls and not backend.use_ssl:
            if not client.supports_extension("starttls"):
                raise Closed(Verdict.CONFIGURATION, "settings", "the server offers no STARTTLS")
            await client.starttls()
            await _greet(client)
        if backend.username and backend.password:
            if not client.supports_extension("auth"):
                raise Closed(Verdict.CONFIGURATION, "settings", "the server offers no AUTH")
            await client.login(backend.username, backend.password)


async def _connect(client: aiosmtplib.SMTP) -> None:
    """Connect soon or not at all; a server that is there may take longer to greet."""
    connecting = asyncio.create_task(client.connect())
    try:
        await asyncio.wait({connecting}, timeout=_CONNECT_SECONDS)
        if client.transport is None and not connecting.done():
            raise TimeoutError(f"no connection within {_CONNECT_SECONDS:g} seconds")
        await connecting
    finally:
        connecting.cancel()


async def _greet(client: aiosmtplib.SMTP) -> None:
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError:
        await client.helo()


def _closed(error: Exception) -> Closed:
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        never = error.code >= 500
        return Closed(
            Verdict.CONFIGURATION if never else Verdict.NOT_PROCESSED, str(error.code), error.message
        )
    if isinstance(error, (OSError, aiosmtplib.SMTPResponseException)):
        return Closed(Verdict.NOT_PROCESSED, "no connection", str(error))
    return Closed(Verdict.CONFIGURATION, "settings", str(error))  # no way of AUTH that both sides know
