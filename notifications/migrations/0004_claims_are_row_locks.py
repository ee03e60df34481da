"""A claim is a row lock and no state: what an earlier version had claimed goes back to the queue."""

from __future__ import annotations

from importlib import import_module

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Q

before = import_module("notifications.migrations.0002_counters_and_buckets")
"""Indexes come and go there without keeping writers out."""

_CLAIMED = 1
_TABLE = "notifications_delivery"
_BACK = (
    f"UPDATE {_TABLE} SET state = 0, lease_token = NULL, lease_until = NULL WHERE state = {_CLAIMED}",
    f"DELETE FROM notifications_tally WHERE state = {_CLAIMED}",  # they sum to nothing now
)

# first nobody may claim in the old way any more, a worker of the version before included, and then what
# was claimed goes back: both without keeping writers out while the rows are looked at
_POSTGRESQL = (
    f"ALTER TABLE {_TABLE} DROP CONSTRAINT IF EXISTS delivery_lease_while_sending",
    f"ALTER TABLE {_TABLE} ADD CONSTRAINT delivery_lease_while_sending"
    f" CHECK (state <> {_CLAIMED} AND (state <> 2 OR lease_token IS NOT NULL)) NOT VALID",
    *_BACK,
    f"ALTER TABLE {_TABLE} VALIDATE CONSTRAINT delivery_lease_while_sending",
    f"ALTER TABLE {_TABLE} DROP CONSTRAINT IF EXISTS delivery_lease_while_held",
)
_POSTGRESQL_BACK = (
    f"ALTER TABLE {_TABLE} DROP CONSTRAINT IF EXISTS delivery_lease_while_held",
    f"ALTER TABLE {_TABLE} ADD CONSTRAINT delivery_lease_while_held"
    f" CHECK (NOT (state IN ({_CLAIMED}, 2)) OR lease_token IS NOT NULL) NOT VALID",
    f"ALTER TABLE {_TABLE} VALIDATE CONSTRAINT delivery_lease_while_held",
    f"ALTER TABLE {_TABLE} DROP CONSTRAINT IF EXISTS delivery_lease_while_sending",
)


def forwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """SQLite keeps its older, wider constraint: to change it is to make the table anew, without triggers."""
    _run(schema_editor, _POSTGRESQL if schema_editor.connection.vendor == "postgresql" else _BACK)


def backwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The earlier version finds nothing claimed."""
    _run(schema_editor, _POSTGRESQL_BACK if schema_editor.connection.vendor == "postgresql" else ())


def _run(schema_editor: BaseDatabaseSchemaEditor, statements: tuple[str, ...]) -> None:
    with schema_editor.connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


_STATES = [
    (0, "Queued"),
    (2, "Being sent"),
    (3, "Unknown"),
    (4, "Sent"),
    (5, "Failed"),
    (6, "Delivered"),
    (7, "Suppressed"),
    (8, "Expired"),
    (9, "Withdrawn"),
    (10, "No address"),
]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("notifications", "0003_heartbeats_and_alarms")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField("delivery", "state", models.SmallIntegerField(choices=_STATES, default=0)),
                migrations.AlterField("tally", "state", models.SmallIntegerField(choices=_STATES)),
                migrations.AlterField("receipt", "state", models.SmallIntegerField(choices=_STATES)),
                migrations.RemoveConstraint("delivery", "delivery_lease_while_held"),
                migrations.AddConstraint(
                    "delivery",
                    models.CheckConstraint(
                        condition=~Q(state=_CLAIMED) & (~Q(state=2) | Q(lease_token__isnull=False)),
                        name="delivery_lease_while_sending",
                    ),
                ),
            ],
            database_operations=[migrations.RunPython(forwards, backwards)],
        ),
        before._AddIndex(
            model_name="delivery",
            index=models.Index(fields=["lease_until"], condition=Q(state=2), name="delivery_intents"),
        ),
        before._RemoveIndex(model_name="delivery", name="delivery_leases"),
    ]
