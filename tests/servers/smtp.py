"""An SMTP server that keeps what it is given, and refuses or breaks off where it is told to.

As a process of its own: python -m tests.servers.smtp --port P --log FILE [--delay 0.1] [--behave FILE].
Every mail is on the disk before it is answered; FILE says how to behave from then on (behaviour.py).
"""

from __future__ import annotations

import argparse
import asyncio
import email
import email.policy
import itertools
import signal
import threading
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session, syntax

from tests.servers.behaviour import Behaviour, Control
from tests.servers.log import Log


@dataclass(frozen=True)
class Mail:
    """One mail as it arrived."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """The content, read, its lines ended as texts end them here."""
        content = self.content.replace(b"\r\n", b"\n")
        return email.message_from_bytes(content, policy=email.policy.default)


class Server:
    """Runs its own loop in a thread.

    `refuse` maps a command (MAIL, RCPT, DATA, or END for the text) or an address to an answer;
    `cut` holds the commands at which the line is cut instead of an answer.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        log: Path | None = None,
        delay: float = 0.0,
        password: str = "",
        behave: Path | None = None,
    ) -> None:
        """`port` 0 takes a free one; `password` is what AUTH must say.

        `behave` names a file whose words count beside `refuse`, `cut` and `delay`.
        """
        self.mails: list[Mail] = []
        self.lines = 0
        self.refuse: dict[str, str] = {}
        self.cut: set[str] = set()
        self.password = password
        self.delay = delay
        self.log = Log(log)
        self.control = Control(behave, Behaviour())
        self.turns = itertools.count(1)
        self.port = port
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self.serve, daemon=True)

    def serve(self) -> None:
        """Serve until `stop`, in this thread."""
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        listener = await self._loop.create_server(lambda: _Line(self), "127.0.0.1", self.port)
        self.port = listener.sockets[0].getsockname()[1]
        self._listening.set()
        print(f"listening on 127.0.0.1:{self.port}", flush=True)  # noqa: T201
        await self._stop.wait()
        listener.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await asyncio.sleep(0)  # closed lines say so to their protocols
        self.log.close()

    def stop(self) -> None:
        """End `serve`."""
        self._loop.call_soon_threadsafe(self._stop.set)

    def __enter__(self) -> Self:
        self._thread.start()
        self._listening.wait(5)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._thread.join(5)


class _Line(SMTP):
    """One client's line, which may be refused or cut before the text is asked for."""

    def __init__(self, server: Server) -> None:
        self._behaviour = _Behaviour(server)
        server.lines += 1
        super().__init__(
            self._behaviour,
            auth_require_tls=False,
            authenticator=self._behaviour.authenticated,
            loop=asyncio.get_running_loop(),
        )

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802  # aiosmtpd's name
        refusal = self._behaviour.answer("DATA", self)
        if refusal:
            await self.push(refusal)
            return
        await super().smtp_DATA(arg)


class _Behaviour:
    """What aiosmtpd asks at each command; the names are its own."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def authenticated(
        self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any
    ) -> AuthResult:
        return AuthResult(success=data.password == self._server.password.encode(), handled=False)

    def answer(self, command: str, line: SMTP) -> str | None:
        """The refusal of a command, or None; cuts the line where it is told to."""
        if command in self._server.cut:
            self.cut(line)
        return self._server.refuse.get(command)

    def cut(self, line: SMTP) -> None:
        """A reset instead of an answer."""
        if isinstance(line.transport, asyncio.Transport):
            line.transport.abort()
            raise ConnectionAbortedError

    async def handle_MAIL(  # noqa: N802
        self, line: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusal = self.answer("MAIL", line)
        envelope.mail_from = None if refusal else address
        return refusal or "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, line: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusal = self.answer("RCPT", line) or self._server.refuse.get(address)
        if address in self._server.control().refused:
            refusal = "550 5.1.1 no such mailbox"
        if not refusal:
            envelope.rcpt_tos.append(address)
        return refusal or "250 2.1.5 OK"

    async def handle_DATA(self, line: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        mail = Mail(str(envelope.mail_from), tuple(map(str, envelope.rcpt_tos)), content)
        behaviour = self._server.control()
        treated = next(self._server.turns) % behaviour.every == 0
        refusal = self._server.refuse.get("END")
        if treated and behaviour.status:
            refusal = f"{behaviour.status} told to"
        if not refusal:
            self._server.mails.append(mail)
        self._server.log.write(
            sender=mail.sender,
            recipients=mail.recipients,
            message_id=str(mail.message["Message-ID"]),
            subject=str(mail.message["Subject"]),
            content=content.decode(errors="replace"),
            taken=not refusal,
        )
        await asyncio.sleep(behaviour.delay or self._server.delay)
        if treated and behaviour.cut:
            self.cut(line)
        return refusal or self.answer("END", line) or "250 2.0.0 OK: queued"


def main() -> None:
    """Serve until killed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--log", type=Path, required=True)
    options.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    options.add_argument("--behave", type=Path, help="a file that says how to behave, at any time")
    given = options.parse_args()
    server = Server(port=given.port, log=given.log, delay=given.delay, behave=given.behave)
    signal.signal(signal.SIGTERM, lambda *_: server.stop())
    server.serve()


if __name__ == "__main__":
    main()
