"""How long the public page takes while sixteen threads post wrong passwords at the sign-in page.

    .venv/bin/python -m tests.benchmarks.signin
    .venv/bin/python -m tests.benchmarks.signin --root ../another-checkout

Runs `up` with the demonstration bank on data of its own. `one address` posts from 127.0.0.1 and is throttled
after a few; `many addresses` posts each time as another account from another address of this machine, so
that no throttle bites and only the bound on hashing holds.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

HOST: Final = "127.0.0.1"
PORT: Final = 8766
THREADS: Final = 16
SIGN_IN: Final = "/admin/login/"
COOKIE: Final = re.compile(r"csrftoken=(\w+)")


def main() -> None:
    """Start, measure alone and under each kind of load, print a table, stop."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--load", choices=["one", "many"], help="internal: post until the time is over")
    given = parser.parse_args()
    if given.load:
        print(json.dumps(_posted(given.load, given.seconds)))
        return
    with _up(given.root):
        print(f"{'load':<16}{'pages':>7}{'p50 ms':>9}{'p95 ms':>9}{'max ms':>9}  answers to the sign-ins")
        _line("none", _pages(given.seconds / 3), {})
        for kind in ("one", "many"):
            load = subprocess.Popen(
                [sys.executable, "-m", __spec__.name, "--load", kind, "--seconds", str(given.seconds + 2)],
                stdout=subprocess.PIPE,
            )
            time.sleep(2)  # until it posts
            pages = _pages(given.seconds - 2)
            answers, _ = load.communicate()
            _line({"one": "one address", "many": "many addresses"}[kind], pages, json.loads(answers))


def _line(name: str, pages: list[float], answers: dict[str, int]) -> None:
    p95 = statistics.quantiles(pages, n=20)[-1] if len(pages) > 1 else pages[0]
    figures = f"{len(pages):>7}{statistics.median(pages):>9.1f}{p95:>9.1f}{max(pages):>9.1f}"
    print(f"{name:<16}{figures}  {answers or ''}", flush=True)


def _pages(seconds: float) -> list[float]:
    """How many milliseconds each took, one after the other, as one reader asks for them."""
    taken = []
    stop = time.monotonic() + seconds
    while time.monotonic() < stop:
        begun = time.monotonic()
        connection = http.client.HTTPConnection(HOST, PORT, timeout=60)
        connection.request("GET", "/")
        response = connection.getresponse()
        response.read()
        connection.close()
        if response.status != 200:
            raise SystemExit(f"The page answered {response.status}.")
        taken.append((time.monotonic() - begun) * 1000)
        time.sleep(0.02)
    return taken


def _posted(kind: str, seconds: float) -> Counter[str]:
    """Post from all threads until the time is over; how often which status came back."""
    answers: Counter[str] = Counter()
    stop = time.monotonic() + seconds
    number = itertools.count(1)

    def post() -> None:
        token = _token()
        while time.monotonic() < stop:
            one = next(number)
            source = f"127.{1 + one % 250}.{one // 250 % 250}.7" if kind == "many" else HOST
            name = f"nobody{one}" if kind == "many" else "ada"
            answers[_tried(token, name, source)] += 1

    threads = [threading.Thread(target=post) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _token() -> str:
    connection = http.client.HTTPConnection(HOST, PORT, timeout=60)
    connection.request("GET", SIGN_IN)
    response = connection.getresponse()
    response.read()
    found = COOKIE.search(response.headers.get("Set-Cookie", ""))
    if not found:
        raise SystemExit("The sign-in page set no cookie.")
    return found.group(1)


def _tried(token: str, name: str, source: str) -> str:
    form = {"csrfmiddlewaretoken": token, "username": name, "password": "wrong", "next": "/admin/"}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": f"csrftoken={token}"}
    connection = http.client.HTTPConnection(HOST, PORT, timeout=60, source_address=(source, 0))
    connection.request("POST", SIGN_IN, urlencode(form), headers)
    response = connection.getresponse()
    response.read()
    connection.close()
    return str(response.status)


@contextmanager
def _up(root: Path) -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder:
        own = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{folder}/lull.sqlite3",
            "REDIS_URL": "",
            "MANAGE_NO_VENV": "1",
        }
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(PORT)],
            cwd=root,
            env=own,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            _wait(process)
            yield
        finally:
            process.terminate()
            process.communicate(timeout=60)


def _wait(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if "Ctrl-C" in line:
            time.sleep(5)  # until the clock's first round of a new bank is over
            return
    raise SystemExit("`up` did not start.")


if __name__ == "__main__":
    main()
