"""What a notice costs the database, and what partitions by notice would change: one command, two tables.

    python -m tests.benchmarks.scale [--deliveries 300000] [--partitions 1 10 100 1000]

Starts a PostgreSQL of its own, so that WAL and dead rows are this run's alone, and leaves nothing of it.
Bytes are exact; seconds are those of this machine at this moment.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from typing import Final

from tests.benchmarks.delivery.place import place
from tests.faults.postgres import Postgres
from tests.test_up import free_port

_OPTIONS: Final = (
    "autovacuum=off",  # vacuumed when the run says so, or never
    "max_wal_size=16GB",
    "checkpoint_timeout=1h",  # checkpoints are made by the run, one in every tenth of a notice
    "shared_buffers=512MB",
)

if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="tests.benchmarks.scale",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--deliveries", type=int, default=300_000, help="of one notice")
    parser.add_argument("--partitions", type=int, nargs="+", default=[1, 10, 100, 1_000])
    parser.add_argument("--only", choices=("life", "partitions"), help="one of the two tables")
    parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # its server goes with it
    server = Postgres(free_port())
    try:
        server.start(*_OPTIONS)
        with place(f"postgres://postgres@127.0.0.1:{server.port}", "redis://127.0.0.1:1/0") as environment:
            # Django reads its settings once, so what runs on the new database is another process
            inside = [sys.executable, "-m", "tests.benchmarks.scale.run", *sys.argv[1:]]
            ended = subprocess.run(inside, env={**os.environ, **environment}, check=False)
    finally:
        server.remove()
    sys.exit(ended.returncode)
