"""What a delivery waits for gets a column, and how a try ended its choices; no row is looked at."""

from __future__ import annotations

from django.db import migrations, models

_TABLE = "notifications_delivery"
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
    (11, "Held for a person"),
    (12, "To be posted by hand"),
]
_WAITS_FOR = [
    (0, "Nothing"),
    (1, "The customer's morning"),
    (2, "Another try"),
    (3, "Its sender, or a setting"),
]
_OUTCOMES = [
    (value, value.capitalize())
    for value in (
        "not processed",
        "permanent",
        "refused",
        "opt-out",
        "configuration",
        "unknown",
        "by hand",
        "lease lapsed",
        "could not ask",
        "found at provider",
        "back in the queue",
        "held",
        "sent again by policy",
        "sent again",
        "taken as sent",
    )
]


class Migration(migrations.Migration):
    dependencies = [("notifications", "0009_channels_are_files")]

    operations = [
        # by hand: Django would make SQLite's table anew, and its triggers would be gone. Without a default
        # in the database: what is empty was written by an earlier version, and is read by the sweep
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField(
                    "delivery",
                    "waits_for",
                    models.SmallIntegerField(
                        choices=_WAITS_FOR,
                        default=0,
                        help_text="While it is queued and its time has not come.",
                        null=True,
                    ),
                ),
                migrations.AlterField("delivery", "state", models.SmallIntegerField(choices=_STATES, default=0)),
                migrations.AlterField("tally", "state", models.SmallIntegerField(choices=_STATES)),
                migrations.AlterField("receipt", "state", models.SmallIntegerField(choices=_STATES)),
                migrations.AlterField("attempt", "outcome", models.CharField(choices=_OUTCOMES, max_length=20)),
            ],
            database_operations=[
                migrations.RunSQL(
                    f"ALTER TABLE {_TABLE} ADD COLUMN waits_for smallint NULL",
                    f"ALTER TABLE {_TABLE} DROP COLUMN waits_for",
                ),
            ],
        ),
    ]
