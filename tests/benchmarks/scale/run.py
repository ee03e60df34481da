"""Options in; the life of a notice and its partitions measured and printed. Started by __main__.py."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from typing import Final

import django

django.setup()

from django.core.management import call_command  # needs Django set up

from notifications.channels import direct_names
from tests.benchmarks.delivery import bank
from tests.benchmarks.scale import life, partitions
from tests.benchmarks.scale.life import Life, Size

_WAYS: Final = {
    "as it is, not vacuumed meanwhile": life.Way(),
    "vacuumed ten times meanwhile": life.Way(vacuumed=True),
    "fillfactor 50, not vacuumed": life.Way(fillfactor=50),
    "fillfactor 50, vacuumed ten times": life.Way(fillfactor=50, vacuumed=True),
}


def main() -> None:
    """Make the bank, run everything, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--deliveries", type=int, default=300_000)
    parser.add_argument("--partitions", type=int, nargs="+", default=[1, 10, 100, 1_000])
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    bank.open_bank(options.deliveries // len(direct_names()))
    if options.only != "partitions":
        for name, way in _WAYS.items():
            print(
                "\n".join(_told(name, life.live(options.deliveries // len(direct_names()), way))), flush=True
            )
    if options.only != "life":
        for line in partitions.compare(options.deliveries // len(direct_names()), options.partitions):
            print(line, flush=True)
    print(f"load average {', '.join(f'{load:.1f}' for load in os.getloadavg())}")


def _told(name: str, lived: Life) -> Iterator[str]:
    each = lived.deliveries
    yield f"\n## {name}: {each:,} deliveries\n"
    yield f"prepared {_size(lived.prepared, each)} in {lived.prepare_seconds:.1f} s"
    yield f"   settled {_size(lived.settled, each)}"
    for phase, wal in lived.wal.items():
        written, images = wal.written / each, wal.images / each
        yield f"   WAL of {phase}: {written:,.0f} bytes a delivery, {images:.3f} page images"
    yield f"   updates {lived.updates / each:.2f} a delivery, HOT {lived.hot / max(lived.updates, 1):.1%}"
    yield f"   receipts {lived.receipts / each:,.0f} bytes a delivery, counters up to {lived.tallies:,} rows"
    yield (
        f"   VACUUMs {lived.vacuum_seconds * 1e6 / each:.1f} s a million, of which the last"
        f" {lived.last_vacuum_seconds * 1e6 / each:.1f} s"
    )
    cpu = (lived.prepare_cpu, lived.send_cpu, lived.hear_cpu)
    prepared, sent, heard = (f"{seconds * 1_000 / each:.3f}" for seconds in cpu)
    yield f"   PostgreSQL's CPU s per 1,000: preparing {prepared}, sending {sent}, hearing {heard}"
    yield f"   claimed, intended and settled {each / lived.send_seconds:,.0f} a second, by one process"


def _size(size: Size, each: int) -> str:
    parts = ", ".join(f"{name} {bytes_ / each:,.0f}" for name, bytes_ in size.parts.items())
    return f"{size.whole / each:,.0f} bytes a delivery ({parts})"


if __name__ == "__main__":
    main()
