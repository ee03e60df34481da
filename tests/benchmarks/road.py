"""The whole road on real input, with its figures printed: rows, people, seconds, states per channel.

    LULL_SHARED=folder REDIS_URL=redis://127.0.0.1:6379/15 SECRET_KEY=k ADDRESS_KEY=k \\
        DATABASE_URL=postgres://postgres@127.0.0.1:5432/an_empty_database \\
        python3 -m tests.benchmarks.road [--customers 10000] [--workers 2]

Recorded calls to a bank and taxi rides are moved by whole weeks to end today, so that a window can
be booked on them; Twilio and the mail server are local stand-ins that answer after 20 ms.
"""

from __future__ import annotations

import argparse
import csv
import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.core.management import call_command  # needs Django set up

from maintenance import slots
from maintenance.booking import approvals, windows
from maintenance.models import Alternative, Approval, Service, Window
from maintenance.proposals import Proposal
from notifications.models import Delivery, State
from notifications.planning import notices
from notifications.reporting import progress
from tests import people
from tests.faults import harness

_SERIES = {
    "telephone-banking": ("na_bank_calls_2003.csv", "America/New_York", "US"),
    "card-payments": ("nyc_taxi_2014.csv", "America/New_York", "US"),
}
T = TypeVar("T")
_OPEN = (State.QUEUED, State.SENDING)


def main() -> None:
    """Import, suggest, book, approve, send; then count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    call_command("migrate", verbosity=0)
    with tempfile.TemporaryDirectory() as folder:
        _import(Path(folder), given.customers)
        window = _timed("suggest, book, approve twice", _booked)
        _send(Path(folder), window, given.workers)


def _import(folder: Path, customers: int) -> None:
    for key, (name, zone, country) in _SERIES.items():
        path = _moved(Path(os.environ["LULL_SHARED"]) / "data" / name, folder / name)
        create = {"create": key.replace("-", " ").capitalize(), "zone": zone, "country": country}
        _timed(f"import {name}", partial(call_command, "import_traffic", key, str(path), **create))
        Alternative.objects.create(service=Service.objects.get(key=key), words="Cash machines work as usual.")
    path = _register(folder / "customers.csv", customers)
    _timed(f"import {customers:,} customers", lambda: call_command("import_customers", str(path)))


def _moved(source: Path, target: Path) -> Path:
    """The series with every time later by so many whole weeks that it ends within the last one."""
    with source.open() as file:
        rows = list(csv.reader(file))
    end = datetime.fromisoformat(rows[-1][0])
    weeks = (datetime.now(end.tzinfo) - end) // timedelta(weeks=1)
    with target.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(rows[0])
        writer.writerows(
            ((datetime.fromisoformat(at) + timedelta(weeks=weeks)).isoformat(), count)
            for at, count in rows[1:]
        )
    return target


def _register(path: Path, customers: int) -> Path:
    """Generated people: most with phone and email, every tenth without a phone, every twentieth opted out."""
    zone = harness.awake()
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["external_id", "name", "email", "phone", "language", "time_zone", "services", "vulnerable"]
        )
        for number in range(customers):
            phone = "" if number % 10 == 9 else f"+4479110{number:05d}"
            email = f"c{number}@example.com" if number % 7 else ""
            language = "ar" if number % 3 == 0 else "en"
            used = ";".join(_SERIES) if number % 2 else "card-payments"
            writer.writerow([f"c{number}", f"Cleo {number}", email, phone, language, zone, used, ""])
            if number % 20 == 3 and phone:
                people.opt_out(phone, "sms")
    return path


def _booked() -> Window:
    """The quietest slot between the least and the promised notice, so that customers are told at once."""
    now = datetime.now(UTC)
    services = list(Service.objects.filter(key="card-payments"))
    found = slots.suggest(
        slots.Search(services, now + timedelta(days=5, hours=2), now + timedelta(days=6, hours=22)),
        timedelta(hours=2),
        now=now,
        count=3,
    ).slots
    for slot in found:
        print(f"  {slot.starts_at:%a %d %b %H:%M} UTC, {slot.reasons[0]}")
    best = found[0]
    proposal = Proposal(best.starts_at, best.ends_at, services, purpose="Upgrade")
    window = windows.book_window(proposal, by=people.user("ada"), now=now)
    approvals.approve(window, Approval.Subject.CHANGE, revision=1, by=people.user("ben"), now=now)
    notices.approve_text(window, revision=1, by=people.user("ben"), now=now)
    return window


def _send(folder: Path, window: Window, workers: int) -> None:
    with harness.bench(folder) as bench:
        texts, mails = harness.twilio(bench, delay=0.02), harness.smtp(bench)
        bench.beat()
        for number in range(workers):
            bench.worker(name=f"worker{number}")
        _timed(
            f"send with {workers} workers of 2 processes",
            lambda: harness.until(lambda: _all_sent(window), seconds=900, made=bench),
        )
        taken = [text.to for text in harness.texted(texts)]
        mailed = harness.mailed(mails)
    print(
        f"  provider's own count: {len(taken):,} SMS ({len(set(taken)):,} numbers), {len(mailed):,} mails "
        f"({len(set(mailed)):,} Message-IDs)"
    )
    told = list(window.notices.filter(kind="announced").values_list("pk", flat=True))
    for part in progress.progress_of(told):
        print(f"  {part.channel:<7} {part.state.label:<12} {part.people:>7,}")


def _all_sent(window: Window) -> bool:
    rows = Delivery.objects.filter(notice__window=window)
    prepared = not window.notices.filter(kind="announced").exclude(status="prepared").exists()
    return prepared and not rows.filter(state__in=_OPEN).exists()


def _timed(what: str, work: Callable[[], T]) -> T:
    begun = time.perf_counter()
    result = work()
    print(f"{what}: {time.perf_counter() - begun:.1f} s")
    return result


if __name__ == "__main__":
    main()
