"""An SMTP client's lines in, pipelined or not; answers, at once or after a while, out."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from tests.benchmarks.delivery.servers.tally import Tally

_OK: Final = b"250 2.0.0 OK\r\n"
_ANSWERS: Final = {
    b"EHLO": b"250-localhost\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 33554432\r\n",
    b"QUIT": b"221 2.0.0 Bye\r\n",
}
_END: Final = b"\r\n.\r\n"
_NAME: Final = b"\nMessage-ID:"


class Mail(asyncio.Protocol):
    """One kept line of a client."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._rest = b""
        self._in_text = False
        self._held = False
        """Between the end of a text and its answer, which every later answer must follow."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport: Any = transport
        transport.write(b"220 localhost ESMTP\r\n")  # type: ignore[attr-defined]  # a stream's transport

    def data_received(self, data: bytes) -> None:
        """Answer what is complete, in one packet."""
        self._rest = self._rest + data if self._rest else data
        if not self._held:
            self._go_on()

    def _go_on(self) -> None:
        data, start, answers = self._rest, 0, bytearray()
        while not self._held:
            end = data.find(_END if self._in_text else b"\r\n", start)
            if end < 0:
                break
            if self._in_text:
                self._take(data[start:end])
                if self._tally.delay:
                    self._hold()
                else:
                    answers += _OK
                start = end + len(_END)
            else:
                answers += self._command(data[start : start + 4].upper())
                start = end + 2
        self._rest = data[start:]
        if answers:
            self._transport.write(bytes(answers))

    def _command(self, verb: bytes) -> bytes:
        if verb == b"DATA":
            self._in_text = True
            return b"354 Go ahead\r\n"
        return _ANSWERS.get(verb, _OK)

    def _take(self, text: bytes) -> None:
        self._in_text = False
        start = text.find(_NAME)
        self._tally.take(text, text[start : text.find(b"\r\n", start)])

    def _hold(self) -> None:
        self._held = True
        asyncio.get_running_loop().call_later(self._tally.delay, self._let_go)

    def _let_go(self) -> None:
        self._held = False
        if not self._transport.is_closing():
            self._transport.write(_OK)
            self._go_on()
