"""`up` as its user meets it: a process with its own data, its addresses and its end."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings

pytestmark = pytest.mark.process

Up = Callable[..., "subprocess.Popen[str]"]


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(data: Path) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{data}",
        "REDIS_URL": "",
        "SECRET_KEY": "s" * 50,
        "ADDRESS_KEY": "a" * 50,
        "MANAGE_NO_VENV": "1",
    }


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedded database with every table, to be copied: to make one takes longer than most tests here."""
    data = tmp_path_factory.mktemp("migrated") / "lull.sqlite3"
    command = [sys.executable, "manage.py", "migrate", "-v0"]
    subprocess.run(command, cwd=settings.ROOT, env=_environment(data), check=True)
    assert [path.name for path in data.parent.iterdir()] == [data.name]  # with nothing left in a journal
    return data


@pytest.fixture
def data(tmp_path: Path, migrated: Path) -> Path:
    """This test's own."""
    return Path(shutil.copy(migrated, tmp_path))


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    """Start `up` on this test's own data; whatever still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(port: int, script: str = "", **environment: str) -> subprocess.Popen[str]:
        own: dict[str, Any] = {**_environment(tmp_path / "lull.sqlite3"), **environment}
        command = [sys.executable, "manage.py", "up", "--no-demo", "--port", str(port)]
        if script:
            command = [sys.executable, script, str(port)]
        process = subprocess.Popen(
            command, cwd=settings.ROOT, env=own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def answer(port: int, path: str, patience: float = 60) -> requests.Response:
    """What the address answers, as soon as it answers."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return requests.get(f"http://127.0.0.1:{port}{path}", timeout=10)
        except requests.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_up_serves_until_told_to_stop(up: Up, number: signal.Signals) -> None:
    """It says where it answers, answers there, and ends with 0 within seconds."""
    port = free_port()
    process = up(port)
    assert answer(port, "/healthz").text == "ok\n"
    assert answer(port, "/readyz").status_code in (200, 503)  # 503 until the clock has ticked
    process.send_signal(number)
    asked = time.monotonic()
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0, output
    assert time.monotonic() - asked < 10
    assert f"http://127.0.0.1:{port}/admin/" in output
    assert output.endswith("Stopped.\n")


@pytest.mark.usefixtures("data")
def test_up_is_ready_once_its_clock_has_ticked(up: Up) -> None:
    """Its clock leaves heartbeats and is watched like any other."""
    port = free_port()
    up(port)
    deadline = time.monotonic() + 60
    while answer(port, "/readyz").status_code != 200 and time.monotonic() < deadline:
        time.sleep(0.5)
    assert answer(port, "/readyz").text == "ok\n"
    assert "lull_clock_age_seconds" in answer(port, "/metrics").text


@pytest.mark.usefixtures("data")
def test_up_refuses_data_that_is_already_up(up: Up) -> None:
    """The second process says so in one sentence; the first goes on."""
    port = free_port()
    up(port)
    answer(port, "/healthz")
    second = up(free_port())
    output, _ = second.communicate(timeout=30)
    assert second.returncode == 1
    assert output.startswith("Lull is already up on this data (")
    assert output.count("\n") == 1
    assert answer(port, "/healthz").status_code == 200


@pytest.mark.usefixtures("data")
def test_up_says_when_the_port_is_taken(up: Up) -> None:
    """One sentence with the way out, and no traceback."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        process = up(port)
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert (
        output
        == f"Port {port} is taken: stop what listens there, or choose another with --port {port + 1}.\n"
    )


@pytest.mark.usefixtures("data")
def test_up_starts_again_on_the_same_data(up: Up) -> None:
    """Being killed leaves nothing behind that hinders the next start."""
    port = free_port()
    first = up(port)
    answer(port, "/healthz")
    first.kill()
    first.wait()
    up(port)
    assert answer(port, "/healthz").status_code == 200


_ENDLESS = """
import os, sys
sys.path.insert(0, os.getcwd())
import django
django.setup()
from django.core.management import call_command
from maintenance.booking import rechecks
import tests.faults.quick  # the job begins at once, not after a minute

def endless(now):
    print("It begins.", flush=True)
    while True:
        sum(range(1_000))

rechecks.recheck_windows = endless
call_command("up", "--no-demo", "--port", sys.argv[-1])
"""


@pytest.mark.usefixtures("data")
def test_up_ends_while_a_job_goes_on_for_ever(up: Up, tmp_path: Path) -> None:
    """What the job was doing is in the log; its database is whole, and the next start goes on."""
    script = tmp_path / "endless.py"
    script.write_text(_ENDLESS)
    port = free_port()
    process = up(port, script=str(script), DJANGO_SETTINGS_MODULE="config.settings")
    assert process.stdout is not None
    assert any(line == "It begins.\n" for line in process.stdout)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert "cut short" in output
    assert "in endless" in output
    up(port)
    assert answer(port, "/healthz").status_code == 200
