"""A mail server that takes several commands at once, or speaks TLS, and writes down what came together."""

from __future__ import annotations

import asyncio
import ssl
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, cast

_END = b"\r\n.\r\n"


@dataclass
class Talk:
    """One line: the commands as they arrived, those of one write together, and the texts of mails."""

    heard: list[bytes] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    secure: bool = False


class Relay:
    """Answers yes to everything, but for what `says` has for a command, an address, or END.

    "cut" instead of an answer cuts the line, "hush" leaves it silent. `each` is the most mails of one
    line, `most` the most lines at once. While `held`, texts are not answered. It greets after so many
    seconds.
    """

    def __init__(
        self,
        *extensions: str,
        wrapped: ssl.SSLContext | None = None,
        upgraded: ssl.SSLContext | None = None,
    ) -> None:
        """`wrapped` speaks TLS from the first byte, `upgraded` after STARTTLS."""
        self.extensions = [*extensions, *(["STARTTLS"] if upgraded else [])]
        self.upgraded = upgraded
        self.talks: list[Talk] = []
        self.says: dict[str, str] = {}
        self.each = self.most = 1_000_000
        self.open = 0
        self.held = False
        self.greets_after = 0.0
        self._wrapped = wrapped
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.port = 0
        self.lines: list[_Line] = []

    @property
    def mails(self) -> list[bytes]:
        """The texts of all lines."""
        return [mail for talk in self.talks for mail in talk.mails]

    def release(self) -> None:
        """Answer the texts that are held, and all later ones at once."""
        self.held = False
        for line in self.lines:
            self._loop.call_soon_threadsafe(line.go_on)

    def cut(self) -> None:
        """Cut what is open without an answer, and answer what comes on new lines."""
        self.held = False
        for line in self.lines:
            self._loop.call_soon_threadsafe(line.transport.abort)

    def _serve(self) -> None:
        self._loop.run_until_complete(self._listen())
        self._loop.close()

    async def _listen(self) -> None:
        listener = await self._loop.create_server(lambda: _Line(self), "127.0.0.1", 0, ssl=self._wrapped)
        self.port = listener.sockets[0].getsockname()[1]
        self._listening.set()
        await self._stop.wait()
        listener.close()
        for line in self.lines:
            line.transport.abort()
        await asyncio.sleep(0.01)  # closed lines say so to their protocols

    def __enter__(self) -> Self:
        self._thread.start()
        self._listening.wait(5)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)


class _Line(asyncio.Protocol):
    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._talk = Talk()
        self._buffer = b""
        self._in_text = False
        self._recipient = ""
        self._greeted = False
        self._is_changing = False
        """From plain to TLS: what comes meanwhile is answered over TLS."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        if self._greeted:
            return
        self._greeted = True
        self._relay.lines.append(self)
        self._relay.open += 1
        self._talk.secure = transport.get_extra_info("sslcontext") is not None
        if self._relay.open > self._relay.most:
            self.transport.write(b"421 4.7.0 too many lines\r\n")
            self.transport.close()
            return
        self._relay.talks.append(self._talk)
        loop = asyncio.get_running_loop()
        loop.call_later(self._relay.greets_after, self.transport.write, b"220 relay\r\n")

    def connection_lost(self, exc: Exception | None) -> None:
        self._relay.open -= 1

    def data_received(self, data: bytes) -> None:
        self._talk.heard.append(data)
        self._buffer += data
        self.go_on()

    def go_on(self) -> None:
        """Answer what can be answered."""
        while not (self._is_changing or self.transport.is_closing()):
            end = _END if self._in_text else b"\r\n"
            # a text of nothing is a dot alone
            whole = b"\r\n" + self._buffer if self._in_text else self._buffer
            if end not in whole or (self._in_text and self._relay.held):
                return
            said, _, self._buffer = whole.partition(end)
            if self._in_text:
                self._take(said[2:] + b"\r\n")
            else:
                self._command(said.decode(errors="replace"))

    def _take(self, text: bytes) -> None:
        self._in_text = False
        refusal = self._relay.says.get("END")
        if refusal is None and self._recipient:
            self._talk.mails.append(text)
            self._talk.recipients.append(self._recipient)
        self._say(refusal or ("250 2.0.0 queued" if self._recipient else "554 5.5.1 nobody to send it to"))
        self._recipient = ""

    def _command(self, said: str) -> None:
        verb = said.split(" ", 1)[0].upper()
        address = said.partition("<")[2].partition(">")[0]
        answer = self._relay.says.get(verb) or self._relay.says.get(address) or "250 2.0.0 fine"
        if verb == "EHLO":
            words = ["relay", *self._relay.extensions]
            answer = "\r\n".join(
                f"250{' ' if place == len(words) else '-'}{word}" for place, word in enumerate(words, 1)
            )
        elif verb == "MAIL" and len(self._talk.mails) >= self._relay.each:
            answer = "421 4.7.0 enough on this line"
        elif verb == "RCPT":
            self._recipient = address if answer.startswith("2") else ""
        elif verb == "DATA" and answer.startswith("2"):
            answer, self._in_text = "354 go ahead", True
        elif verb == "QUIT":
            answer = "221 bye"
        elif verb == "STARTTLS":
            self.transport.pause_reading()  # what comes next is for the TLS layer alone
            self.transport.write(b"220 go ahead\r\n")
            self._is_changing = True
            self._upgrade = asyncio.ensure_future(self._secure())
            return
        self._say(answer)

    def _say(self, answer: str) -> None:
        if answer == "cut":
            self.transport.abort()
        elif answer != "hush":
            self.transport.write(f"{answer}\r\n".encode())
        if answer.startswith(("421", "221")):
            self.transport.close()

    async def _secure(self) -> None:
        assert self._relay.upgraded
        loop = asyncio.get_running_loop()
        try:
            upgraded = await loop.start_tls(self.transport, self, self._relay.upgraded, server_side=True)
        except OSError:  # the client does not trust us
            return
        assert upgraded
        self.transport, self._talk.secure, self._is_changing = upgraded, True, False
        self.go_on()
