"""A sender rests once for what many messages of a notice failed for; each withdrawn notice says that it is."""

from __future__ import annotations

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def note_withdrawn(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Those that ended so by their status alone. There are few notices: no lock is held for long."""
    notices = apps.get_model("notifications", "Notice").objects.using(schema_editor.connection.alias)
    notices.filter(status="withdrawn", withdrawn=False).update(withdrawn=True)


class Migration(migrations.Migration):
    dependencies = [("notifications", "0006_when_it_happened")]

    operations = [
        migrations.CreateModel(
            name="ReportedRest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "channel",
                    models.CharField(
                        choices=[("sms", "SMS"), ("email", "Email"), ("inapp", "In the app"), ("social", "Social posts")],
                        max_length=8,
                    ),
                ),
                ("code", models.CharField(blank=True, max_length=40)),
                ("rested_at", models.DateTimeField(help_text="The last time; by the database's clock.")),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="notifications.notice"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("notice", "channel", "code"), name="reported_rest_once")
                ],
            },
        ),
        migrations.RunPython(note_withdrawn, migrations.RunPython.noop),
    ]
