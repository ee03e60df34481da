"""Requests in; how many messages they held, how many of them distinct, and when they came, out."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

_EVERY: Final = 1_000
"""Messages between two marks of the time: a rate over any stretch of a run can be told from them."""


class Tally:
    """What a server has taken since it was last told to forget."""

    def __init__(self) -> None:
        self.forget(delay=0.0)

    def forget(self, *, delay: float) -> None:
        """Begin anew; `delay` is in seconds."""
        self.delay = delay
        self.watch("")
        self.requests = self.messages = 0
        self.first = self.last = 0.0
        self.marks: list[float] = []
        self._seen: set[int] = set()

    def watch(self, words: str) -> None:
        """Note when the next message comes that holds these words."""
        self._watch = words.encode()
        self._watched: float | None = None

    def take(self, content: bytes, *keys: bytes) -> None:
        """Count one request with a message for each key; the same key twice is a double."""
        self.last = time.monotonic()
        self.first = self.first or self.last
        self.requests += 1
        before, self.messages = self.messages, self.messages + len(keys)
        if before // _EVERY != self.messages // _EVERY:
            self.marks.append(self.last)
        self._seen.update(map(hash, keys))
        if self._watch and self._watched is None and self._watch in content:
            self._watched = self.last

    def told(self) -> dict[str, Any]:
        """The figures, times by the machine's monotonic clock."""
        return {
            "requests": self.requests,
            "messages": self.messages,
            "distinct": len(self._seen),
            "first": self.first,
            "last": self.last,
            "watched": self._watched,
            "marks": self.marks,
        }


class Control(asyncio.Protocol):
    """The second door: GET /tally, /forget?delay=0.1 or /watch?words=..."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to answer."""
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        """Do what is asked, and tell the figures as they were before."""
        asked = urlsplit(data.split(b" ", 2)[1].decode())
        body = json.dumps(self._tally.told()).encode()
        options = dict(parse_qsl(asked.query))
        if asked.path == "/forget":
            self._tally.forget(delay=float(options["delay"]))
        elif asked.path == "/watch":
            self._tally.watch(options["words"])
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        self._transport.write(head.encode() + body)
        self._transport.close()
