"""What an earlier version has booked is understood by the next, and the way back is open."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connection

from maintenance.models import Window
from tests import people

pytestmark = pytest.mark.django_db(transaction=True)


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
    call_command("migrate", verbosity=0)


def test_emergencies_of_before_are_known_to_be_told_at_short_notice(
    emergency_and_ordinary: tuple[int, int],
) -> None:
    call_command("migrate", "maintenance", "0003", verbosity=0)
    with connection.cursor() as cursor:
        names = [
            column.name
            for column in connection.introspection.get_table_description(cursor, Window._meta.db_table)
        ]
    assert "short_notice" not in names

    call_command("migrate", "maintenance", verbosity=0)

    emergency, ordinary = emergency_and_ordinary
    assert dict(Window.objects.values_list("pk", "short_notice")) == {emergency: True, ordinary: False}
