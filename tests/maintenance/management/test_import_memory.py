"""How much memory an import takes: that of a chunk, however long the file."""

from __future__ import annotations

import io
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command

from maintenance.management.commands import import_traffic
from tests import people

pytestmark = pytest.mark.django_db


def _file(path: Path, rows: int) -> Path:
    """Rows of 400 bytes; every second one is to be rejected."""
    first = datetime(2020, 1, 1, tzinfo=UTC)
    with path.open("w") as file:
        file.write("timestamp,count,note\n")
        for hour in range(rows):
            count = hour if hour % 2 else -hour - 1
            file.write(f"{(first + timedelta(hours=hour / 2)).isoformat()},{count},{'x' * 370}\n")
    return path


def _peak(file: Path) -> int:
    """Bytes held at once, at the most, while the file is read."""
    tracemalloc.start()
    try:
        call_command("import_traffic", "online-banking", str(file), check=True, stdout=io.StringIO())
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_file_of_six_times_the_length_takes_no_more_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """10 MB instead of 2: what is held is a chunk, the first few rejected rows and a buffer."""
    people.service()
    monkeypatch.setattr(import_traffic, "CHUNK_ROWS", 1_000)
    _peak(_file(tmp_path / "first.csv", 100))  # what is loaded and cached once
    short = _peak(_file(tmp_path / "short.csv", 4_000))
    long = _peak(_file(tmp_path / "long.csv", 24_000))
    assert long < short + (1 << 19)
