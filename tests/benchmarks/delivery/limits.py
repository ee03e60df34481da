"""A port in; how fast messages get there from a client that keeps no record of them, out.

    python -m tests.benchmarks.delivery.limits aiohttp|http|smtp PORT MESSAGES IN_FLIGHT BEGIN

`http` and `smtp` speak with hand-written protocols and prepared bytes: what they reach is also the
most that the servers take. All begin at BEGIN of the machine's monotonic clock; a line of JSON tells
when the last answer came, and the CPU seconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
import uvloop

from tests.benchmarks.delivery import wording

PATH: Final = f"/2010-04-01/Accounts/AC{'0' * 32}/Messages.json"
_PERSON: Final = {
    "name": "Cleo",
    "link": "http://127.0.0.1:8000/preferences/abc-2026.aaaaaaaaaaaaaaaaaaaaaa/",
}
_FORM: Final = "application/x-www-form-urlencoded"


def _sms(number: int) -> bytes:
    """One message's form, its words prepared."""
    return b"To=%%2B447700900000&StatusCallback=http%%3A%%2F%%2F127.0.0.1%%2F%032x&%s" % (number, _SMS)


_SMS: Final = urlencode({"From": "+15005550006", "Body": wording.SMS.format(**_PERSON)}).encode()


async def _aiohttp(port: int, messages: int, in_flight: int) -> None:
    numbers = iter(range(messages))
    connector = aiohttp.TCPConnector(limit=in_flight)
    headers = {"Authorization": aiohttp.encode_basic_auth("AC", "token"), "Content-Type": _FORM}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def pump() -> None:
            for number in numbers:
                async with session.post(f"http://127.0.0.1:{port}{PATH}", data=_sms(number)) as response:
                    await response.json()

        await asyncio.gather(*(pump() for _ in range(in_flight)))


class _Line(asyncio.Protocol):
    """Sends the next message whenever the one before is answered."""

    def __init__(self, requests: Iterator[bytes], over: asyncio.Future[None]) -> None:
        self._requests = requests
        self.over = over

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport: Any = transport

    def next(self) -> None:
        """One more, or none."""
        for request in self._requests:
            self._transport.write(request)
            return
        self.over.set_result(None)


class _Http(_Line):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.next()

    def data_received(self, data: bytes) -> None:
        """An answer is one packet on loopback."""
        self.next()


class _Smtp(_Line):
    _waiting_for = 1
    """Lines still to come: one greets; four answer a mail, all of which is written at once (RFC 2920)."""
    _greeted = False

    def data_received(self, data: bytes) -> None:
        """Go on once all is answered."""
        self._waiting_for -= data.count(b"\r\n")
        if self._waiting_for:
            return
        if self._greeted:
            self._waiting_for = 4
            self.next()
        else:
            self._greeted, self._waiting_for = True, 1
            self._transport.write(b"HELO localhost\r\n")


async def _lines(kind: type[_Line], port: int, requests: Iterator[bytes], in_flight: int) -> None:
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: kind(requests, loop.create_future()), "127.0.0.1", port)
        for _ in range(in_flight)
    ]
    await asyncio.gather(*(line.over for _, line in made))


def _posts(messages: int) -> Iterator[bytes]:
    head = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic QUM6dG9rZW4=\r\n"
    for number in range(messages):
        body = _sms(number)
        yield f"{head}Content-Type: {_FORM}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def _mails(messages: int) -> Iterator[bytes]:
    plain, html = (part.format(**_PERSON).replace("\n", "\r\n").encode() for part in wording.MAIL)
    edge = b"--edge\r\nContent-Type: text/%s; charset=utf-8\r\n\r\n"
    rest = edge % b"plain" + plain + b"\r\n" + edge % b"html" + html + b"\r\n--edge--\r\n.\r\n"
    before = b"MAIL FROM:<notices@localhost>\r\nRCPT TO:<c%d@example.com>\r\nDATA\r\n"
    head = (
        b"From: notices@localhost\r\nTo: c%d@example.com\r\nSubject: Maintenance\r\nMIME-Version: 1.0\r\n"
        b'Message-ID: <%032x@localhost>\r\nContent-Type: multipart/alternative; boundary="edge"\r\n\r\n'
    )
    for number in range(messages):
        yield before % number + head % (number, number) + rest


def main() -> None:
    """Send, and tell how it went."""
    kind, port, messages, in_flight = sys.argv[1], *map(int, sys.argv[2:5])
    work = {
        "aiohttp": partial(_aiohttp, port, messages, in_flight),
        "http": partial(_lines, _Http, port, _posts(messages), in_flight),
        "smtp": partial(_lines, _Smtp, port, _mails(messages), in_flight),
    }[kind]
    time.sleep(max(0.0, float(sys.argv[5]) - time.monotonic()))
    before = time.process_time()
    uvloop.run(work())
    print(json.dumps({"ended": time.monotonic(), "cpu": time.process_time() - before}), flush=True)


if __name__ == "__main__":
    main()
