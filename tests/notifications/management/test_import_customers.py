"""The command that takes the bank's customers."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from maintenance.models import AuditEntry, Customer, Use
from notifications.customers import store
from notifications.customers.store import CustomerRow, Stored
from notifications.management.commands import import_customers
from notifications.models import Contact
from tests import people

pytestmark = pytest.mark.django_db

HEADER = "external_id,name,email,phone,language,time_zone,services,vulnerable\n"
CLEO = "c1,Cleo,cleo@example.com,07700 900123,en,Europe/London,online-banking;cards,no\n"
DAN = "d1,دان,,,ar,Asia/Riyadh,cards,yes\n"
BAD = "x1,Xena,nowhere,,en,Europe/London,,no\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the file of a test lies; the services in it are there."""
    people.service()
    people.service("cards")
    return tmp_path / "customers.csv"


def run(*arguments: object) -> str:
    """What the command says."""
    out = io.StringIO()
    call_command("import_customers", *map(str, arguments), stdout=out)
    return out.getvalue()


def counts() -> tuple[int, int, int]:
    """How many customers, uses and addresses are kept."""
    return Customer.objects.count(), Use.objects.count(), Contact.objects.count()


def test_good_rows_are_kept_and_bad_ones_named(file: Path) -> None:
    """With line and reason."""
    file.write_text(HEADER + CLEO + BAD + DAN + DAN)
    assert run(file) == (
        "customers.csv: 4 rows read.\n"
        "Customers: 2 new, 0 updated, 0 as they were; 1 with neither phone nor email.\n"
        "1 row repeats an external_id; the last holds.\n"
        "1 row rejected:\n"
        "  line 3: the email is not an address like name@example.com\n"
    )
    assert counts() == (2, 3, 2)


def test_importing_again_updates(file: Path) -> None:
    """What differs, and only that."""
    file.write_text(HEADER + CLEO + DAN)
    run(file)
    file.write_text(HEADER + CLEO.replace("online-banking;cards", "cards") + DAN)
    assert "Customers: 0 new, 1 updated, 1 as they were;" in run(file)
    assert counts() == (2, 2, 2)


def test_check_writes_nothing(file: Path) -> None:
    """And reports all the same."""
    file.write_text(HEADER + CLEO + BAD)
    assert run(file, "--check") == (
        "customers.csv: 2 rows read.\n"
        "1 row good; nothing was written.\n"
        "1 row rejected:\n"
        "  line 3: the email is not an address like name@example.com\n"
    )
    assert counts() == (0, 0, 0)


def test_an_import_cut_short_keeps_whole_chunks_and_is_completed_by_another(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is half done, and nothing must be cleaned up."""
    file.write_text(HEADER + CLEO + DAN)
    monkeypatch.setattr(import_customers, "CHUNK_ROWS", 1)
    store_ = store.store_customers

    def dies_at_dan(rows: list[CustomerRow], **options: Any) -> Stored:
        if rows[0].external_id == "d1":
            raise RuntimeError("power cut")
        return store_(rows, **options)

    with monkeypatch.context() as broken:
        broken.setattr(store, "store_customers", dies_at_dan)
        with pytest.raises(RuntimeError):
            run(file)
    half = counts()
    run(file)
    assert (half, counts()) == ((1, 2, 2), (2, 3, 2))


def test_rejected_rows_are_written_for_their_owner_alone(file: Path, tmp_path: Path) -> None:
    """They hold what customers gave."""
    file.write_text(HEADER + CLEO + BAD)
    rest = tmp_path / "rejected.csv"
    run(file, "--rejected", rest)
    assert rest.stat().st_mode & 0o777 == 0o600
    assert rest.read_text().splitlines() == [
        "line,reason," + HEADER.strip(),
        "3,the email is not an address like name@example.com," + BAD.strip(),
    ]


def test_a_file_with_other_columns_is_refused(file: Path) -> None:
    """The missing ones are named."""
    file.write_text("id,name\n1,Cleo\n")
    with pytest.raises(CommandError, match="lacks the columns external_id, email, phone"):
        run(file)


def test_customers_before_services_are_refused_with_the_reason(tmp_path: Path) -> None:
    """Nobody could be told of anything."""
    file = tmp_path / "customers.csv"
    file.write_text(HEADER + CLEO)
    with pytest.raises(CommandError, match="there is no service 'online-banking'; known: there are none yet"):
        run(file)


def test_an_import_is_in_the_log_without_anything_of_a_customer(file: Path) -> None:
    file.write_text(HEADER + CLEO + BAD + DAN)
    run(file)
    _, entry = AuditEntry.objects.order_by("id")
    assert (entry.object_type, entry.object_name) == ("customer", "customers.csv")
    assert (entry.before, entry.after) == ({}, {"accepted": 2, "rejected": 1, "ended": "complete"})
