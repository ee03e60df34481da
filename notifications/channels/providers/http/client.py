"""A POST in; its answer, over the connections that the thread's loop keeps, or what its absence means, out.

For the wire that carries most; the others use requests (responses.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import aiohttp
from requests.utils import get_environ_proxies, select_proxy
from yarl import URL

from notifications.channels.providers.http import loops, responses
from notifications.channels.types import Verdict

_KEPT_SECONDS: Final = 4.0
"""An idle connection is kept so long: a POST on one that the server is about to close would be in doubt."""
_NEVER_LEFT: Final = (
    aiohttp.ClientConnectorError,  # also DNS, TLS and certificates
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
    aiohttp.ClientProxyConnectionError,
)
_NO_REQUEST: Final = (aiohttp.InvalidURL, ValueError)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Whatever the server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Unanswered(Exception):
    """No answer came. `result` says whether the request may have arrived."""

    def __init__(self, result: Verdict, code: str, detail: str) -> None:
        super().__init__(detail)
        self.result, self.code, self.detail = result, code, detail


class Session:
    """The connections to one provider. Nothing is ever sent a second time by itself."""

    def __init__(self, connect_seconds: float, read_seconds: float) -> None:
        """As many connections as there are calls: the channel bounds those."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEPT_SECONDS),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect_seconds, sock_read=read_seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        self._places: dict[str, tuple[URL, str | None]] = {}

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        """Raises Unanswered."""
        try:
            place, proxy = self._place(url)
            response = await self._session.post(
                place, data=body, headers=headers, proxy=proxy, allow_redirects=False
            )
            # reading gives the connection back, or closes it: `async with` would do so once more
            return HttpAnswer(response.status, response.headers, await response.read())
        except _NEVER_LEFT as error:
            raise Unanswered(Verdict.NOT_PROCESSED, "no connection", str(error)) from error
        except _NO_REQUEST as error:
            raise Unanswered(Verdict.CONFIGURATION, "invalid request", str(error)) from error
        except TimeoutError as error:
            raise Unanswered(Verdict.UNKNOWN, "timeout", f"no answer in time: {error}") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Unanswered(Verdict.UNKNOWN, "connection lost", str(error)) from error

    def _place(self, url: str) -> tuple[URL, str | None]:
        """The address, and the proxy before it: a bank's way out, named as curl and requests read it.

        Looked up once: aiohttp's own look into the environment, for each request in a thread, takes
        longer than the request.
        """
        if url not in self._places:
            self._places[url] = (URL(url), select_proxy(url, get_environ_proxies(url)))
        return self._places[url]

    async def close(self) -> None:
        """Hang up."""
        await self._session.close()
        await asyncio.sleep(0)  # the transports close in the loop's next turn


def async_session(
    name: str,
    connect_seconds: float = responses.CONNECT_SECONDS,
    read_seconds: float = responses.READ_SECONDS,
) -> Session:
    """The one session of a provider on this thread's loop."""
    key = (name, connect_seconds, read_seconds)
    return loops.kept_on_loop(key, lambda: Session(connect_seconds, read_seconds))
