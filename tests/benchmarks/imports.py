"""How long a million rows take, and how much memory: seconds and peak RSS, printed.

    DATABASE_URL=... python3 -m tests.benchmarks.imports [--rows 1000000] [--traffic-alone]

6,500,000 rows of traffic are 200 MB: twelve years of every minute.
Works on the empty database that DATABASE_URL names, and leaves the rows in it.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_SERVICES = ("cards", "mobile-app", "transfers")
_MOBILE_PREFIXES = ("7400", "7500", "7700", "7800", "7911")


def main() -> None:
    """Import a file of each sort twice: into nothing, and over itself."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--traffic-alone", action="store_true")
    options = parser.parse_args()
    rows: int = options.rows
    _manage("migrate", "--verbosity", "0")
    with tempfile.TemporaryDirectory() as folder:
        few = _file(Path(folder) / "few.csv", lambda: _traffic(24))
        for key in _SERVICES:
            _manage("import_traffic", key, str(few), *_create(key))
        traffic = _file(Path(folder) / "traffic.csv", lambda: _traffic(rows))
        _measured("traffic, read alone", rows, "import_traffic", "cards", str(traffic), "--check")
        for _ in range(2):
            _measured("traffic", rows, "import_traffic", "cards", str(traffic))
        _measured("first suggestion after it", 1, "suggest_slots", "cards", "--duration", "2h")
        if options.traffic_alone:
            return
        customers = _file(Path(folder) / "customers.csv", lambda: _customers(rows))
        for _ in range(2):
            _measured("customers", rows, "import_customers", str(customers))


def _create(key: str) -> tuple[str, ...]:
    return ("--create", key.title(), "--zone", "Europe/London", "--country", "GB")


def _file(path: Path, lines: Callable[[], Iterator[str]]) -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines())
    return path


def _traffic(rows: int) -> Iterator[str]:
    yield "timestamp,count"
    first = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(minutes=rows)  # none of it is still to come
    for minute in range(rows):
        yield f"{(first + timedelta(minutes=minute)).isoformat()},{minute % 977}.5"


def _customers(rows: int) -> Iterator[str]:
    yield "external_id,name,email,phone,language,time_zone,services,vulnerable"
    chance = random.Random(1)
    for number in range(rows):
        phone = f"+44{chance.choice(_MOBILE_PREFIXES)}{number % 1_000_000:06}"
        used = ";".join(key for key in _SERVICES if chance.random() < 0.7)
        yield f"c{number:08},Cleo {number},cleo.{number}@example.com,{phone},en,Europe/London,{used},no"


def _measured(what: str, rows: int, *arguments: str) -> None:
    began = time.monotonic()
    peak = _manage(*arguments)
    took = time.monotonic() - began
    sys.stdout.write(f"{what}: {rows:,} rows in {took:.1f} s ({rows / took:,.0f}/s), {peak} MB\n")
    sys.stdout.flush()


def _manage(*arguments: str) -> int:
    """Run one command in a process of its own; its peak memory in MB."""
    child = os.spawnl(os.P_NOWAIT, sys.executable, sys.executable, str(_ROOT / "manage.py"), *arguments)
    _, status, usage = os.wait4(child, 0)
    if status:
        sys.exit(os.waitstatus_to_exitcode(status))
    return usage.ru_maxrss // 1024


if __name__ == "__main__":
    main()
