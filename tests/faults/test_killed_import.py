"""kill -9 in the middle of an import: whole chunks stay, and the same command completes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from maintenance.management.commands.import_traffic import CHUNK_ROWS
from maintenance.models import TrafficSample
from tests import people
from tests.faults import harness

pytestmark = [pytest.mark.process, pytest.mark.django_db(transaction=True)]

ROWS = 5 * CHUNK_ROWS


def _file(path: Path) -> Path:
    first = datetime(2025, 10, 1, tzinfo=UTC)
    rows = (f"{(first + timedelta(minutes=minute)).isoformat()},{minute}\n" for minute in range(ROWS))
    with path.open("w") as file:
        file.writelines(["timestamp,count\n", *rows])
    return path


def test_an_import_that_was_killed_is_completed_by_running_it_again(tmp_path: Path) -> None:
    service = people.service()
    file = _file(tmp_path / "traffic.csv")
    with harness.bench(tmp_path) as bench:
        victim = bench.start("manage.py", "import_traffic", service.key, str(file))
        harness.until(TrafficSample.objects.exists, seconds=60, made=bench)
        bench.kill(victim)
        kept = TrafficSample.objects.count()
        assert kept < ROWS  # killed in the middle, not after the end
        assert kept % CHUNK_ROWS == 0

        again = bench.start("manage.py", "import_traffic", service.key, str(file))
        assert again.wait(120) == 0, bench.logs()
        said = bench.logs()

    assert list(TrafficSample.objects.order_by("at").values_list("count", flat=True)) == [*range(ROWS)]
    assert f"{ROWS - kept:,} samples stored, new or changed; {kept:,} known already." in said
