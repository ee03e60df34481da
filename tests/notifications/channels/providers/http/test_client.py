"""A POST's connection: kept once its answer is read, and gone where the answer stays away."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from notifications.channels.providers.http import client, loops
from notifications.channels.types import Verdict

WHOLE = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"
HALF = WHOLE[:-1]


@dataclass
class Door:
    """Gives each request of a line the next answer, and notes on which line it came and which we closed."""

    listening: socket.socket
    answers: list[bytes]
    lines: list[int] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)

    def serve(self) -> None:
        """Until every answer is given and the last line closed."""
        while self.answers:
            line, (_host, port) = self.listening.accept()
            line.settimeout(5)
            with line:
                while line.recv(65_536):
                    self.lines.append(port)
                    line.sendall(self.answers.pop(0))
        self.closed.set()

    def post(self) -> client.HttpAnswer:
        """One request, on the loop of the test's thread."""

        async def post() -> client.HttpAnswer:
            url = f"http://127.0.0.1:{self.listening.getsockname()[1]}/"
            return await client.async_session("door", 1.0, 0.2).post(url, b"To=1", {})

        return loops.run_on_loop(post())


@pytest.fixture
def door() -> Iterator[Door]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        door = Door(listening, [])
        yield door
    loops.close_loops()


def _open(door: Door, *answers: bytes) -> None:
    door.answers.extend(answers)
    threading.Thread(target=door.serve, daemon=True).start()


def test_a_line_whose_answer_was_read_is_used_again(door: Door) -> None:
    _open(door, WHOLE, WHOLE)
    assert [door.post().body, door.post().body] == [b"{}", b"{}"]
    assert len(set(door.lines)) == 1


def test_a_line_whose_answer_stays_unfinished_is_closed(door: Door) -> None:
    _open(door, HALF)
    with pytest.raises(client.Unanswered) as raised:
        door.post()
    assert raised.value.result is Verdict.UNKNOWN
    assert door.closed.wait(2)
