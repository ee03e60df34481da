"""What every test may stand on: a fixed moment, and a skip where a machine lacks what the test needs."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_django
import time_machine
from django.conf import settings
from django.db import connection

from maintenance.staff.sign_in.hashing import OneAtATimeHasher
from notifications.channels.providers.http import loops
from tests import database_reset, libical
from tests.faults import table

SHARED = os.environ.get("LULL_SHARED", "")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

# for each marker: is the thing here, and what to say if it is not
NEEDS = {
    "postgresql": (not settings.EMBEDDED, "DATABASE_URL names no PostgreSQL"),
    "redis": (bool(settings.REDIS_URL), "REDIS_URL is not set"),
    "browser": (CHROMIUM is not None, "no Chromium on this machine"),
    "node": (shutil.which("node") is not None, "no Node.js on this machine"),
    "libical": (libical.NAME is not None, "no libical on this machine"),
    "shared": (bool(SHARED) and Path(SHARED).is_dir(), "LULL_SHARED names no folder"),
}


_BEFORE_THE_LAST = 85
"""Of a hundred tests that compute, so many lie among those that wait."""
_EMPTIED = pytest.StashKey[bool]()
_BLOCKER = pytest.StashKey[pytest_django.DjangoDbBlocker]()
DATABASE_FIXTURES = {"db", "transactional_db", "live_server"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """For the second of two passes, which another database and its servers make."""
    parser.addoption(
        "--touching-servers",
        action="store_true",
        help="only tests that touch the database of the settings, or need what not every machine has",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip with a reason; .ci/never_ran.py sees to it that something runs each test."""
    if config.getoption("touching_servers"):
        others = [item for item in items if not _touches_servers(item)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if _touches_servers(item)]
    items[:] = _spread(items)
    for item in items:
        if database := item.get_closest_marker("django_db"):
            # after a test that committed, the rows that migrations made are put back
            again = pytest.mark.django_db(**{**database.kwargs, "serialized_rollback": True})
            item.add_marker(again, append=False)
        for name, (here, reason) in NEEDS.items():
            if item.get_closest_marker(name) and not here:
                item.add_marker(pytest.mark.skip(reason=reason))
    if CHROMIUM and any(item.get_closest_marker("browser") for item in items):
        # playwright keeps an event loop on the main thread, in which Django would refuse the database
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def _spread(items: list[pytest.Item]) -> list[pytest.Item]:
    """Those that mostly wait for processes of their own evenly among those that compute, which end it.

    So of tests side by side some wait while others compute, and nobody is left with a slow one at the end.
    """
    waiting = [item for item in items if item.get_closest_marker("process")]
    computing = [item for item in items if not item.get_closest_marker("process")]
    if not waiting:
        return items
    each = max(1, len(computing) * _BEFORE_THE_LAST // 100 // len(waiting))
    spread: list[pytest.Item] = []
    for number, item in enumerate(waiting):
        spread += [item, *computing[number * each : (number + 1) * each]]
    return spread + computing[len(waiting) * each :]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Put the rows that migrations made back where a test that commits has left the tables empty.

    Django does so for the next test that commits alone, and tests that share the work of two processes
    come in any order. A test that is skipped empties nothing, and there may be no database before the next.
    """
    if not _touches_database(item) or item.get_closest_marker("skip"):
        return
    if _commits(item):
        item.session.stash[_EMPTIED] = True
    elif item.session.stash.get(_EMPTIED, False):
        with item.session.stash[_BLOCKER].unblock():
            connection.creation.deserialize_db_from_string(connection._test_serialized_contents)  # type: ignore[attr-defined]
        item.session.stash[_EMPTIED] = False


def _commits(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    asked = {"transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    return bool(asked) or (marker is not None and bool(marker.kwargs.get("transaction")))


@pytest.fixture(scope="session", autouse=True)
def _blocker(request: pytest.FixtureRequest, django_db_blocker: pytest_django.DjangoDbBlocker) -> None:
    """Kept for the hook above, which comes before any fixture."""
    request.session.stash[_BLOCKER] = django_db_blocker


def _touches_database(item: pytest.Item) -> bool:
    asked = not DATABASE_FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))
    return asked or item.get_closest_marker("django_db") is not None


def _touches_servers(item: pytest.Item) -> bool:
    """Whether another DATABASE_URL, a Redis or a folder of recorded traffic can change what it shows."""
    return _touches_database(item) or any(item.get_closest_marker(name) for name in NEEDS)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the fault tests broke, and what came of it. Here, where it is also shown of tests side by side."""
    reports = [report for kind in terminalreporter.stats.values() for report in kind]
    if figures := table.of_reports(reports):
        terminalreporter.section("faults")
        for line in table.lines(figures):
            terminalreporter.write_line(line)


@pytest.fixture(scope="session", autouse=True)
def _wires_run_beside_the_browser() -> Iterator[None]:
    """A thread that has a loop cannot run another, and the browser's driver keeps one on this thread."""
    finish = loops._finish

    def beside(loop: asyncio.AbstractEventLoop, work: Awaitable[Any]) -> Any:
        drivers = asyncio._get_running_loop()
        asyncio._set_running_loop(None)
        try:
            return finish(loop, work)
        finally:
            asyncio._set_running_loop(drivers)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loops, "_finish", beside)
        yield


@pytest.fixture(scope="session", autouse=True)
def _hashes_are_quick() -> Iterator[None]:
    """Passwords are hashed as always, in a thousandth of the time: a sign-in takes two of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OneAtATimeHasher, "iterations", 1000)
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    request: pytest.FixtureRequest, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """The browser's driver first, where there is one, and then the database.

    Once it runs, this thread has an event loop, and with it other connections, which would not know the
    rows that they are to put back.
    """
    if CHROMIUM and any(item.get_closest_marker("browser") for item in request.session.items):
        request.getfixturevalue("playwright")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """What tests commit is taken back quickly."""
    database_reset.drop_whoever_is_there()
    with database_reset.quick():
        yield


@pytest.fixture
def now() -> datetime:
    """A Monday morning in winter, when London's clock shows UTC."""
    return datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def standing_clock(now: datetime) -> Iterator[None]:
    """For pages, which ask the time themselves: it is `now` and stays so."""
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def shared() -> Path:
    """Recorded traffic and published specifications that are not part of the repository."""
    return Path(SHARED)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """The machine's own Chromium, which as root needs to go without its sandbox and should not phone home."""
    quiet = [
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
    ]
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-sync", *quiet]
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": arguments}
