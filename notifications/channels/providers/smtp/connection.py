"""Mails in; the conversation that hands them to an SMTP server over one open line, and its answers, out.

Where the server takes several commands at once (RFC 2920), a mail's envelope is one write, and goes
behind the text of the mail before it. What an error means depends on how far the mail had come:
nothing is sent before its text is on its way (RFC 5321, 4.1.1.4), and everything may be after.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Container
from typing import Final, Protocol, TypeAlias

from notifications.channels.providers.smtp import refusals
from notifications.channels.providers.smtp.queued_mail import QueuedMail, SmtpAnswer
from notifications.channels.providers.smtp.replies import Replies, UnreadableReply
from notifications.channels.providers.smtp.timeouts import Deadline, Timeouts
from notifications.channels.types import Verdict

_CLOSING: Final = 421
_GO_AHEAD: Final = 354


class ConnectionOwner(Protocol):
    """Where mails wait for lines, and lines for mails."""

    def next(self) -> QueuedMail | None:
        """The mail to hand over now; it is the line's from here on."""

    def free(self, line: Connection) -> None:
        """The line has nothing to do."""

    def gone(self, line: Connection, again: QueuedMail | None) -> None:
        """The line is closed, and this mail was certainly not sent on it."""


_Step: TypeAlias = Callable[[int, str], None]
"""Takes the server's reply to one command."""


class Connection(asyncio.Protocol):
    """An open line, after the greetings."""

    def __init__(
        self,
        transport: asyncio.Transport,
        extensions: Container[str],
        timeouts: Timeouts,
        owner: ConnectionOwner,
    ) -> None:
        """`extensions` are the server's, in small letters."""
        self._transport, self._timeouts, self._owner = transport, timeouts, owner
        self._loop = asyncio.get_running_loop()
        self.closed: asyncio.Future[None] = self._loop.create_future()
        self.idle_since = self._loop.time()
        self._pipelining = "pipelining" in extensions
        self._sized = "size" in extensions
        self._options = b" BODY=8BITMIME\r\n" if "8bitmime" in extensions else b"\r\n"
        self._replies = Replies()
        self._expected: deque[_Step] = deque()
        self._unsaid: deque[tuple[bytes, _Step]] = deque()
        """Commands that wait for the reply to the one before, where the server takes one at a time."""
        self._announced: QueuedMail | None = None
        """Its envelope is said, its text is not."""
        self._refusal: SmtpAnswer | None = None
        """Of the mail that is announced."""
        self._has_recipient = False
        self._sending: QueuedMail | None = None
        """Its text is on its way."""
        self._has_carried = False
        self._unfinished = False
        """The server may still hold an envelope of which it refused a part."""
        self._lost = False
        self._deadline = Deadline(lambda: self._lose("no answer in time"))

    @property
    def usable(self) -> bool:
        """Whether anything can still be said."""
        return not (self._lost or self._transport.is_closing())

    def carry(self, mail: QueuedMail) -> None:
        """Hand a mail over; for a free line."""
        self._transport.write(self._announce(mail))
        self._deadline.wait(self._timeouts.reply)

    def probe(self, seconds: float) -> None:
        """Hear whether the server is still there. The line is free again then, or gone."""
        self._expected.append(self._on_probe)
        self._transport.write(b"NOOP\r\n")
        self._deadline.wait(seconds)

    def hang_up(self) -> None:
        """Say goodbye and close."""
        if self.usable:
            self._transport.write(b"QUIT\r\n")
        self._transport.close()
        self._lose("closed by us")

    def abort(self) -> None:
        """Close without a word."""
        self._transport.abort()

    # --- what asyncio says

    def data_received(self, data: bytes) -> None:
        """Give each reply to the command that it answers."""
        try:
            for code, words in self._replies.read(data):
                if not self._lost:
                    self._heard(code, words)
        except UnreadableReply as nonsense:
            self._lose(str(nonsense))

    def connection_lost(self, exc: Exception | None) -> None:
        """It broke, or one of us closed it."""
        self._lose(str(exc or "closed by the server"))
        if not self.closed.done():
            self.closed.set_result(None)

    # --- the conversation

    def _heard(self, code: int, words: str) -> None:
        if code == _CLOSING:
            if self._sending:
                self._settle(SmtpAnswer(Verdict.NOT_PROCESSED, str(code), words))
            self._lose(words, str(code))
        elif self._expected:
            self._expected.popleft()(code, words)
        else:
            self._lose(f"{code} {words}")

    def _announce(self, mail: QueuedMail) -> bytes:
        """Begin with a mail; what is to be said of it at once."""
        self._announced, self._refusal, self._has_recipient = mail, None, False
        size = b" SIZE=%d" % len(mail.content) if self._sized else b""
        steps: list[tuple[bytes, _Step]] = [
            (b"MAIL FROM:" + mail.sender + size + self._options, self._on_mail),
            (b"RCPT TO:" + mail.recipient + b"\r\n", self._on_recipient),
            (b"DATA\r\n", self._on_data),
        ]
        if self._unfinished:
            steps.insert(0, (b"RSET\r\n", self._on_reset))
            self._unfinished = False
        if not self._pipelining:
            self._unsaid.extend(steps[1:])
            steps = steps[:1]
        self._expected.extend([step for _, step in steps])
        return b"".join([command for command, _ in steps])

    def _go_on(self) -> None:
        if self._unsaid:
            command, step = self._unsaid.popleft()
            self._expected.append(step)
            self._transport.write(command)
            self._deadline.wait(self._timeouts.reply)

    def _on_probe(self, code: int, words: str) -> None:
        self._if_fine(self._rest, code, words)

    def _on_reset(self, code: int, words: str) -> None:
        self._if_fine(self._go_on, code, words)

    def _if_fine(self, then: Callable[[], None], code: int, words: str) -> None:
        if code == 250:
            then()
        else:
            self._lose(words, str(code))

    def _on_mail(self, code: int, words: str) -> None:
        self._judge(code, words, refusals.of_sender(code))

    def _on_recipient(self, code: int, words: str) -> None:
        self._has_recipient = code < 300
        self._judge(code, words, refusals.of_recipient(code, words))

    def _judge(self, code: int, words: str, never: Verdict) -> None:
        """What a reply to a part of the envelope means: 5yz is for good, 4yz for now (RFC 5321, 4.2.1)."""
        if 200 <= code < 300:
            self._go_on()
        elif not 400 <= code < 600:
            self._lose(words, str(code))
        else:
            result = never if code >= 500 else Verdict.NOT_PROCESSED
            self._refusal = self._refusal or SmtpAnswer(result, str(code), words)
            self._unfinished = True
            if not self._pipelining:  # else DATA is said already, and its reply awaited
                self._refused()

    def _on_data(self, code: int, words: str) -> None:
        if code != _GO_AHEAD:
            if code < 400:
                self._lose(words, str(code))
                return
            self._judge(code, words, refusals.of_text(code))
            if self._pipelining:
                self._refused()
        elif self._refusal and not self._has_recipient:
            # some servers ask for the text of a mail to nobody (RFC 2920, 3.1)
            self._expected.append(self._on_nothing)
            self._transport.write(b".\r\n")
            self._deadline.wait(self._timeouts.content)
        elif self._refusal is None and self._announced and not self._announced.answer.done():
            self._transmit(self._announced)
        else:  # nobody waits for it any longer; a text, even an empty one, might be sent
            self._lose("given up")

    def _on_nothing(self, code: int, words: str) -> None:
        self._refused()

    def _refused(self) -> None:
        self._unsaid.clear()
        mail, self._announced = self._announced, None
        if mail and self._refusal:
            mail.settle(self._refusal)
        self._rest()

    def _transmit(self, mail: QueuedMail) -> None:
        self._sending, self._announced, self._has_carried = mail, None, True
        self._expected.append(self._on_content)
        following = self._owner.next() if self._pipelining else None
        self._transport.write(mail.content + self._announce(following) if following else mail.content)
        self._deadline.wait(self._timeouts.content)

    def _on_content(self, code: int, words: str) -> None:
        if 200 <= code < 300:
            self._settle(SmtpAnswer(Verdict.ACCEPTED, words=words))
        elif 400 <= code < 600:
            result = refusals.of_text(code) if code >= 500 else Verdict.NOT_PROCESSED
            self._settle(SmtpAnswer(result, str(code), words))
        else:
            self._lose(words, str(code))
            return
        if self._announced:
            self._deadline.wait(self._timeouts.reply)
        else:
            self._rest()

    def _settle(self, answer: SmtpAnswer) -> None:
        mail, self._sending = self._sending, None
        if mail:
            mail.settle(answer)

    def _rest(self) -> None:
        self._deadline.rest()
        self.idle_since = self._loop.time()
        self._owner.free(self)

    def _lose(self, words: str, code: str = "line lost") -> None:
        """The end of this line, and what it means for the mails on it."""
        if self._lost:
            return
        self._lost = True
        self._deadline.end()
        if not self._transport.is_closing():
            self._transport.abort()
        self._settle(SmtpAnswer(Verdict.UNKNOWN, "line lost", words))
        mail, self._announced = self._announced, None
        if mail and (self._refusal or not self._has_carried):
            mail.settle(self._refusal or SmtpAnswer(Verdict.NOT_PROCESSED, code, words))
            mail = None
        # servers close a line after so many mails: this one goes on another
        self._owner.gone(self, mail)
