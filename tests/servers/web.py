"""An HTTP server that records every request before it answers, as it is told to."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from tests.servers.log import Log


@dataclass(frozen=True)
class Request:
    """What came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The body as a form."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass(frozen=True)
class Answer:
    """What goes back, `delay` seconds after it was recorded; or nothing, the line being cut or left open."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: bool = False
    deaf: bool = False
    noted: Mapping[str, Any] = field(default_factory=dict)
    """Written to the log beside the request: what was taken."""


def _is_form(request: Request) -> bool:
    return request.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")


class Server:
    """Runs in a thread; `requests` holds what came, oldest first."""

    def __init__(
        self,
        answer: Callable[[Request], Answer],
        *,
        port: int = 0,
        log: Path | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`port` 0 takes a free one; with `tls` the address is https."""
        self.requests: list[Request] = []
        self._answer = answer
        self._log = Log(log)
        self._server = _Listener(("127.0.0.1", port), _handler(self))
        self.port = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        if tls:
            # the handshake is made in the client's own thread, at its first byte
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )

    def take(self, request: Request) -> Answer:
        """Record a request, then decide on its answer."""
        self.requests.append(request)
        answer = self._answer(request)
        self._log.write(
            method=request.method,
            path=request.path,
            headers=dict(request.headers),
            form=request.form if _is_form(request) else {},
            body="" if _is_form(request) else request.body.decode(errors="replace"),
            status=0 if answer.cut or answer.deaf else answer.status,
            answer=answer.body.decode(errors="replace"),
            **answer.noted,
        )
        return answer

    def serve(self) -> None:
        """Serve until `stop`, in this thread."""
        self._server.serve_forever(poll_interval=0.05)

    def stop(self) -> None:
        """Stop and close."""
        self._server.shutdown()
        self._server.server_close()
        self._log.close()

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a client that keeps its line open must not hold up the end of a test
    request_queue_size = 256


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1  # one packet an answer

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:  # who was sending it died: nothing was asked
                self.close_connection = True
                return
            request = Request(
                self.command,
                parts.path,
                dict(parse_qsl(parts.query)),
                dict(self.headers.items()),
                body,
            )
            answer = server.take(request)
            if answer.deaf:
                self.rfile.read(1)  # until the other side gives up
                self.close_connection = True
                return
            time.sleep(answer.delay)
            if answer.cut:
                self._cut()
                return
            self.send_response(answer.status)
            for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def _cut(self) -> None:
            # a reset, as of a machine that died: no goodbye
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815  # http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
            """Say nothing."""

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                self.close_connection = True  # the client went away

    return Handler
