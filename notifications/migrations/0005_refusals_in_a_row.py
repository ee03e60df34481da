"""Refusals have a code to be counted by, a sender its run of them, and a notice says that it was withdrawn."""

from __future__ import annotations

from importlib import import_module

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, Q, Sum

before = import_module("notifications.migrations.0002_counters_and_buckets")
"""Indexes come and go there without keeping writers out."""

_TABLE = "notifications_delivery"
_WITHDRAWN = 9


def note_withdrawn(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Those that were withdrawn before: of which something was taken back, or whose window has moved on."""
    notices = apps.get_model("notifications", "Notice").objects.using(schema_editor.connection.alias)
    tallies = apps.get_model("notifications", "Tally").objects.using(schema_editor.connection.alias)
    taken_back = tallies.filter(state=_WITHDRAWN).values("notice").annotate(n=Sum("deliveries")).filter(n__gt=0)
    windows = apps.get_model("maintenance", "Window").objects.using(schema_editor.connection.alias)
    moved_on = notices.filter(revision__lt=F("window__revision")).values("pk")
    cancelled = notices.filter(window__in=windows.filter(status="cancelled").values("pk")).exclude(
        kind="cancelled"
    )
    gone = (
        Q(status="withdrawn")
        | Q(pk__in=taken_back.values("notice"))
        | Q(pk__in=moved_on)
        | Q(pk__in=cancelled.values("pk"))
    )
    notices.filter(gone).update(withdrawn=True)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("notifications", "0004_claims_are_row_locks")]

    operations = [
        # by hand: Django would make SQLite's table anew, and its triggers would be gone
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField(
                    "delivery",
                    "code",
                    models.CharField(
                        db_default="",
                        default="",
                        help_text="The provider's own, of its last refusal.",
                        max_length=40,
                    ),
                ),
            ],
            database_operations=[
                migrations.RunSQL(
                    f"ALTER TABLE {_TABLE} ADD COLUMN code varchar(40) DEFAULT '' NOT NULL",
                    f"ALTER TABLE {_TABLE} DROP COLUMN code",
                ),
            ],
        ),
        before._AddIndex(
            model_name="delivery",
            index=models.Index(
                fields=["notice", "channel", "code"], condition=Q(state=5), name="delivery_failed"
            ),
        ),
        migrations.AddField(
            "notice",
            "withdrawn",
            models.BooleanField(
                db_default=False,
                default=False,
                help_text="Nothing of it goes out any more, prepared or not.",
            ),
        ),
        migrations.RunPython(note_withdrawn, migrations.RunPython.noop),
        migrations.AddField(
            "bucket",
            "refused",
            models.PositiveIntegerField(
                db_default=0,
                default=0,
                help_text="Messages refused since one was last taken: how long the run of refusals is.",
            ),
        ),
        migrations.CreateModel(
            name="Refusal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("delivery_id", models.BigIntegerField(unique=True)),
                ("customer_id", models.BigIntegerField()),
                ("attempt", models.PositiveSmallIntegerField()),
                ("code", models.CharField(blank=True, max_length=40)),
                (
                    "reported",
                    models.BooleanField(
                        default=False,
                        help_text="Told later, of a message that was taken; its code speaks of us, however"
                        " few there are.",
                    ),
                ),
                (
                    "bucket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="refusals",
                        to="notifications.bucket",
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["bucket", "code"], name="refusal_by_code")]},
        ),
    ]
