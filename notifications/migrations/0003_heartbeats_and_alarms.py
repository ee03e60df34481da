"""Who works and when last; what is wrong, and who was told."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q


def _id() -> models.BigAutoField:
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies = [("notifications", "0002_counters_and_buckets")]

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("id", _id()),
                ("hand", models.CharField(help_text="The clock itself, or one of its hands.", max_length=40)),
                ("process", models.CharField(max_length=120)),
                ("since", models.DateTimeField(help_text="It has been done without a gap since.")),
                ("beat_at", models.DateTimeField()),
                ("worked_at", models.DateTimeField(help_text="When it last found something to do.", null=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("hand", "process"), name="heartbeat_once")],
            },
        ),
        migrations.CreateModel(
            name="Alarm",
            fields=[
                ("id", _id()),
                ("what", models.CharField(max_length=160)),
                ("words", models.CharField(max_length=500)),
                ("since", models.DateTimeField()),
                ("seen_at", models.DateTimeField(help_text="When it was last found to be so.")),
                ("ended_at", models.DateTimeField(null=True)),
                ("told_at", models.DateTimeField(null=True)),
                ("end_told_at", models.DateTimeField(null=True)),
                (
                    "telling_until",
                    models.DateTimeField(
                        help_text="A process is telling it: no other does before. By the database's clock.",
                        null=True,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=Q(ended_at__isnull=False, end_told_at__isnull=True),
                        fields=["ended_at"],
                        name="alarm_end_untold",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(ended_at__isnull=True), fields=("what",), name="alarm_open_once"
                    ),
                ],
            },
        ),
    ]
