"""What an earlier version has written is understood by the next, and the way back is open."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from maintenance.booking import rechecks
from maintenance.models import Conflict, Window
from tests import people

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 20_000
"""Of one freeze in whose end a year was mistyped."""


_INSERT = """
INSERT INTO maintenance_conflict (window_id, rule, words, hard, found_at)
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)
SELECT %s, %s, 'Freeze ' || n || ' holds.', %s, found_at.at
FROM numbers, (SELECT CAST(%s AS {moment}) AS at) AS found_at
"""


def _migrate(name: str) -> None:
    """To one of maintenance, or all the way of every app: others may rest on it."""
    call_command("migrate", *(["maintenance", name] if name else []), verbosity=0)


@pytest.fixture
def windows() -> Iterator[tuple[Window, Window]]:
    """Two of them, made by the tables as they are, in which each thing that a rule found is a row again."""
    made = people.window(), people.window(people.service("cards"))
    _migrate("0003")
    yield made
    _migrate("")


def _conflicts(window: Window, rule: str, number: int, *, hard: bool = True) -> None:
    """As they were written when each thing that a rule found was a row."""
    with connection.cursor() as cursor:
        moment = "text" if connection.vendor == "sqlite" else "timestamptz"
        cursor.execute(
            _INSERT.format(moment=moment),
            [number, window.pk, rule, hard, people.NOW.strftime("%Y-%m-%d %H:%M:%S")],
        )


def test_many_conflicts_of_a_rule_become_one(windows: tuple[Window, Window]) -> None:
    first, second = windows
    _conflicts(first, "freeze", MANY)
    _conflicts(first, "cutoff", 2)
    _conflicts(second, "freeze", 1)
    over = Conflict.objects.create(
        window=first, rule="freeze", words="Long ago.", hard=True, found_at=people.NOW, gone_at=people.NOW
    )

    _migrate("")

    rows = Conflict.objects.filter(gone_at=None).order_by("window", "rule")
    assert list(rows.values_list("window", "rule", "words")) == [
        (first.pk, "cutoff", "Freeze 1 holds. Freeze 2 holds."),
        (first.pk, "freeze", "Freeze 1 holds. Freeze 2 holds. Freeze 3 holds. And 19,997 more."),
        (second.pk, "freeze", "Freeze 1 holds."),
    ]
    assert Conflict.objects.exclude(gone_at=None).get() == over


def test_a_merged_conflict_weighs_what_the_hardest_of_them_does(windows: tuple[Window, Window]) -> None:
    window, _ = windows
    _conflicts(window, "freeze", 2, hard=False)
    _conflicts(window, "freeze", 1, hard=True)
    _conflicts(window, "cutoff", 2, hard=False)

    _migrate("")

    assert dict(Conflict.objects.values_list("rule", "hard")) == {"freeze": True, "cutoff": False}


def test_a_window_has_no_second_open_conflict_of_a_rule() -> None:
    window = people.window()
    _conflicts(window, "freeze", 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        _conflicts(window, "freeze", 1)


def test_the_way_back_leaves_what_is_known() -> None:
    window = people.window()
    _conflicts(window, "freeze", 1)
    try:
        _migrate("0003")
        with connection.cursor() as cursor:
            cursor.execute("SELECT words FROM maintenance_conflict")
            assert cursor.fetchall() == [("Freeze 1 holds.",)]
    finally:
        _migrate("")
    assert rechecks.open_conflicts().count() == 1


@pytest.fixture
def emergency_and_ordinary() -> Iterator[tuple[int, int]]:
    """An emergency that passed over the notice, and an ordinary window, in the tables as they are."""
    emergency, ordinary = people.window(), people.window()
    Window.objects.filter(pk=emergency.pk).update(
        emergency_reason="A dying disk", emergency_approver=people.user("ben")
    )
    emergency.overrides.create(
        revision=1,
        rule="notice",
        words="Too late",
        reason="A dying disk",
        hard=True,
        by=people.user("ada"),
        at=people.NOW,
    )
    yield emergency.pk, ordinary.pk
    _migrate("")


def test_emergencies_of_before_are_known_to_be_told_at_short_notice(
    emergency_and_ordinary: tuple[int, int],
) -> None:
    _migrate("0003")
    with connection.cursor() as cursor:
        names = [
            column.name
            for column in connection.introspection.get_table_description(cursor, Window._meta.db_table)
        ]
    assert "short_notice" not in names

    call_command("migrate", "maintenance", verbosity=0)

    emergency, ordinary = emergency_and_ordinary
    assert dict(Window.objects.values_list("pk", "short_notice")) == {emergency: True, ordinary: False}
