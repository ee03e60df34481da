"""A published OpenAPI document in; a server that plays it, by Stoplight's prism, out."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_COMMAND = Path(os.environ.get("LULL_PRISM", ""), "node_modules", ".bin", "prism")
_STARTS_WITHIN = 30.0


@contextmanager
def mock(specification: Path) -> Iterator[str]:
    """Play a specification on a free port of loopback; its address. Requests that break it get an error."""
    if not os.environ.get("LULL_PRISM") or not _COMMAND.exists():
        pytest.skip("LULL_PRISM names no folder with @stoplight/prism-cli installed in it")
    port = _free_port()
    # node itself and not npx, so that ending the process ends the server
    command = [
        "node",
        str(_COMMAND),
        "mock",
        "--errors",
        "--host",
        "127.0.0.1",
        "-p",
        str(port),
        str(specification),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("prism did not start")
