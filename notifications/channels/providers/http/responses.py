"""An HTTP answer, or its absence, in; what that means for the message out.

The question that decides between "again" and "unknown" is whether the request had begun to
leave. requests does not tell: a TLS handshake that fails and a TLS line that breaks while the
answer is awaited are the same SSLError. So connecting has its own error here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import MaxRetryError, NewConnectionError

from notifications.channels.types import Verdict

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 20.0
_CONNECTIONS: Final = 256
"""Kept for reuse per host and process; more than any channel has calls in flight."""

_OUR_FAULT: Final = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.PAYMENT_REQUIRED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
}
"""Answers that speak of our key, our account or our address of the provider, not of this message."""


class _Connection(HTTPConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except Exception as error:
            raise _before_writing(self, error) from error


class _SecureConnection(HTTPSConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except Exception as error:
            raise _before_writing(self, error) from error


def _before_writing(connection: HTTPConnection, error: Exception) -> NewConnectionError:
    return error if isinstance(error, NewConnectionError) else NewConnectionError(connection, str(error))


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class Adapter(HTTPAdapter):
    """Never tries again by itself, and tells a failed connection from a broken one."""

    def __init__(self) -> None:
        super().__init__(pool_maxsize=_CONNECTIONS, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """As requests', with connections of our own."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """As requests', with connections of our own."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
        return manager


@lru_cache(maxsize=16)
def process_session(process: int, name: str) -> requests.Session:
    """The one session of a provider in a process; `process` is os.getpid(), so that a fork makes its own."""
    made = requests.Session()
    made.mount("https://", Adapter())
    made.mount("http://", Adapter())
    return made


def failure_verdict(error: requests.RequestException) -> tuple[Verdict, str]:
    """What it means that no answer came: (class, code)."""
    if isinstance(error, (requests.ConnectTimeout, requests.exceptions.ProxyError)) or _never_left(error):
        return Verdict.NOT_PROCESSED, "no connection"
    if isinstance(error, ValueError):  # an address or header that cannot be written
        return Verdict.CONFIGURATION, "invalid request"
    if isinstance(error, requests.Timeout):
        return Verdict.UNKNOWN, "timeout"
    return Verdict.UNKNOWN, "connection lost"


def _never_left(error: requests.RequestException) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


def status_verdict(status: int) -> Verdict:
    """What an HTTP status means where the provider says no more; a 2xx that could not be read is unknown.

    No status speaks of the customer's address, so none is for good.
    """
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Verdict.NOT_PROCESSED
    if status in _OUR_FAULT or 300 <= status < 400:  # a redirect: the address is not the provider's
        return Verdict.CONFIGURATION
    if 400 <= status < 500 and status != HTTPStatus.REQUEST_TIMEOUT:
        return Verdict.REFUSED
    return Verdict.UNKNOWN


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait, from Retry-After (RFC 9110) or Mastodon's X-RateLimit-Reset."""
    said = headers.get("Retry-After", "").strip()
    if said.isdecimal():
        return float(said)
    try:
        until = parsedate_to_datetime(said) if said else datetime.fromisoformat(headers["X-RateLimit-Reset"])
    except (KeyError, ValueError):
        return None
    return max(0.0, (until if until.tzinfo else until.replace(tzinfo=UTC)).timestamp() - now.timestamp())
