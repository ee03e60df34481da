"""Twilio's and Mailgun's requests in; their answers, at once or after a while, out."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from typing import Any, Final

from tests.benchmarks.delivery.servers.tally import Tally

_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_TO: Final = re.compile(rb"(?:^|&)to=([^&]*)")
_PART: Final = re.compile(rb'name="to"\r\n(?:[^\r]+\r\n)*\r\n([^\r]*)')
_SID: Final = b"SM" + b"0" * 32
_ACCOUNT: Final = "AC" + "0" * 32

_MESSAGE: Final = {
    "account_sid": _ACCOUNT,
    "api_version": "2010-04-01",
    "body": "",
    "date_created": "Thu, 24 Aug 2023 05:01:45 +0000",
    "date_sent": None,
    "date_updated": "Thu, 24 Aug 2023 05:01:45 +0000",
    "direction": "outbound-api",
    "error_code": None,
    "error_message": None,
    "from": "+15005550006",
    "num_media": "0",
    "num_segments": "1",
    "price": None,
    "price_unit": "USD",
    "messaging_service_sid": None,
    "sid": _SID.decode(),
    "status": "queued",
    "subresource_uris": {
        "media": f"/2010-04-01/Accounts/{_ACCOUNT}/Messages/{_SID.decode()}/Media.json",
    },
    "tags": {"campaign_name": "", "message_type": "notice"},
    "to": "+15005550010",
    "uri": f"/2010-04-01/Accounts/{_ACCOUNT}/Messages/{_SID.decode()}.json",
}


def _answer(status: str, document: dict[str, Any]) -> bytes:
    body = json.dumps(document).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


_TAKEN: Final = _answer("201 CREATED", _MESSAGE).split(_SID)
"""Twilio's answer without the message's own name, which stands in it more than once."""
_QUEUED: Final = _answer("200 OK", {"id": f"<{'0' * 32}@example.com>", "message": "Queued. Thank you."})


class Web(asyncio.Protocol):
    """One kept line of a client."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to answer."""
        self._transport: Any = transport
        self._loop = asyncio.get_running_loop()

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        data = self._rest + data if self._rest else data
        while data:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                break
            found = _LENGTH.search(data, 0, end)
            upto = end + 4 + (int(found[1]) if found else 0)
            if len(data) < upto:
                break
            self._take(data[:end], data[end + 4 : upto])
            data = data[upto:]
        self._rest = data

    def _take(self, head: bytes, body: bytes) -> None:
        if b"Messages.json" in head[: head.find(b"\r\n")]:
            self._tally.take(body, _named(body))
            answer = (b"SM%032x" % self._tally.messages).join(_TAKEN)
        else:
            self._tally.take(body, *_recipients(body))
            answer = _QUEUED
        if self._tally.delay:
            self._loop.call_later(self._tally.delay, self._transport.write, answer)
        else:
            self._transport.write(answer)


def _named(body: bytes) -> bytes:
    """What tells this SMS from every other: where to report on it, else its number."""
    for field in (b"StatusCallback=", b"To="):
        start = body.find(field)
        if start >= 0:
            end = body.find(b"&", start)
            return body[start : end if end >= 0 else len(body)]
    return body


def _recipients(body: bytes) -> Sequence[bytes]:
    """The mailboxes of one call, in either form of form."""
    fields = _TO.findall(body) or _PART.findall(body)
    return [one for field in fields for one in re.split(rb"%2C|,", field) if b"%40" in one or b"@" in one]
