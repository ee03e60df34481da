"""Rows written many to a statement."""

from __future__ import annotations

import pytest

from maintenance import upserts
from maintenance.models import Customer

pytestmark = pytest.mark.django_db

COLUMNS = ("external_id", "kind", "demonstration", "name", "language", "time_zone", "vulnerable")
CONFLICT = "(external_id) DO UPDATE SET name = excluded.name"


def row(number: int, name: str) -> tuple[str, str, bool, str, str, str, bool]:
    """One customer's values."""
    return str(number), "customer", False, name, "en", "Europe/London", False


def names() -> dict[str, str]:
    """What is kept."""
    return dict(Customer.objects.values_list("external_id", "name"))


@pytest.mark.parametrize("count", [0, 1, 100, 101, 2_001])
def test_every_row_is_written(count: int) -> None:
    """Whatever is left for the last statement."""
    upserts.upsert(Customer, COLUMNS, [row(number, "Cleo") for number in range(count)], CONFLICT)
    assert len(names()) == count


def test_a_row_that_is_there_is_updated() -> None:
    """And the new ones beside it are inserted."""
    upserts.upsert(Customer, COLUMNS, [row(1, "Cleo")], CONFLICT)
    upserts.upsert(Customer, COLUMNS, [row(1, 'Cleo’s "new" {name}, \\ 100 %'), row(2, "دان")], CONFLICT)
    assert names() == {"1": 'Cleo’s "new" {name}, \\ 100 %', "2": "دان"}


def test_rows_that_say_nothing_new_are_not_counted() -> None:
    """One is inserted, one updated; the one that is there already and the same is passed over."""
    conflict = f"{CONFLICT} WHERE maintenance_customer.name <> excluded.name"
    upserts.upsert(Customer, COLUMNS, [row(1, "Cleo"), row(2, "Dan")], conflict)
    again = [row(1, "Cleo"), row(2, "Ben"), row(3, "Ada")]
    assert upserts.upsert(Customer, COLUMNS, again, conflict) == 2
