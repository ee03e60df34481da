"""Servers of the fault tests' own, a bank on them, and figures for the table at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from tests.faults import table
from tests.faults.bank import Bank, Servers, opened, started
from tests.faults.postgres import binaries
from tests.faults.table import Figures

Report = Callable[[Figures], Figures]


def pytest_configure(config: pytest.Config) -> None:
    """A word of these tests alone."""
    config.addinivalue_line("markers", "environment(NAME=value): what the processes of a test are told")


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """A PostgreSQL and a Redis that may be stopped, wiped and killed."""
    if binaries() is None:
        pytest.skip("no PostgreSQL server's programs on this machine")
    both = started(tmp_path_factory.mktemp("servers"))
    yield both
    both.end()


@pytest.fixture
def bank(
    servers: Servers, tmp_path: Path, django_db_blocker: DjangoDbBlocker, request: pytest.FixtureRequest
) -> Iterator[Bank]:
    """An empty bank; a marker `environment(NAME=value)` sets what its processes are told."""
    marker = request.node.get_closest_marker("environment")
    with (
        django_db_blocker.unblock(),
        opened(servers, tmp_path, **(marker.kwargs if marker else {})) as made,
    ):
        yield made


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Report:
    """Puts figures on the table; nothing may be lost or doubled, whatever was broken."""

    def put(figures: Figures) -> Figures:
        request.node.user_properties.append((table.PROPERTY, table.packed(figures)))
        assert (figures.lost, figures.doubled, figures.left) == (0, 0, 0), figures
        return figures

    return put
