"""Options in; every part run in turn, round by round, and the tables printed. Started by __main__.py."""

from __future__ import annotations

import os
import sys
import time
from collections import defaultdict
from pathlib import Path

import django

django.setup()

from django.core.management import call_command  # needs Django set up

from tests.benchmarks.delivery import bank, parts, provider, table
from tests.benchmarks.delivery.measured import Measured
from tests.benchmarks.delivery.options import parse
from tests.benchmarks.delivery.peers import running


def main() -> None:
    """Make the bank, run everything, print."""
    options = parse("")
    numbers = parts.Numbers(options.messages, options.million)
    call_command("migrate", verbosity=0)
    running.make_tables()
    bank.open_bank(numbers.customers)
    taken: defaultdict[str, list[Measured]] = defaultdict(list)
    with provider.server("web") as web, provider.server("mail") as mail:
        servers = parts.Servers(web, mail)
        for turn in range(options.rounds):
            for part in options.parts:
                if part in options.once and turn:
                    continue
                for name, work in parts.PARTS[part](numbers, servers).items():
                    if options.only in name:
                        taken[name].append(_told(name, work()))
    print(f"\n{_machine()}\n")
    wire = parts.in_flight() / parts.LATENCY
    print("\n".join((*table.figures(taken, wire), "", *table.everything(taken))))


def _told(name: str, run: Measured) -> Measured:
    print(
        f"{time.strftime('%H:%M:%S')} load {os.getloadavg()[0]:.1f}  {name}: {run.rate:,.0f}/s,"
        f" {run.messages:,} in {run.seconds:.1f} s, {run.per_thousand(run.cpu):.3f} CPU s per 1,000",
        file=sys.stderr,
        flush=True,
    )
    return run


def _machine() -> str:
    processor = next(
        line.partition(": ")[2]
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    )
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{os.cpu_count()} cores of {processor}; load average {load}; synchronous_commit on"


if __name__ == "__main__":
    main()
