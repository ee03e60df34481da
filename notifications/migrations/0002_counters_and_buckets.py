"""Deliveries are counted by triggers; senders have a bucket; references can be looked up."""

from __future__ import annotations

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Q


class _AddIndex(migrations.AddIndex):
    """Without keeping writers out, where the database can. Anew where it was killed before it was done."""

    atomic = False

    def database_forwards(self, app_label, schema_editor, from_state, to_state):  # type: ignore[no-untyped-def]
        name = schema_editor.quote_name(self.index.name)
        if schema_editor.connection.vendor != "postgresql":
            schema_editor.execute(f"DROP INDEX IF EXISTS {name}")
            return super().database_forwards(app_label, schema_editor, from_state, to_state)
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # one half made is there, and no good
        model = to_state.apps.get_model(app_label, self.model_name)
        return schema_editor.add_index(model, self.index, concurrently=True)


class _RemoveIndex(migrations.RemoveIndex):
    """Without keeping writers out, where the database can."""

    atomic = False

    def database_forwards(self, app_label, schema_editor, from_state, to_state):  # type: ignore[no-untyped-def]
        if schema_editor.connection.vendor != "postgresql":
            return super().database_forwards(app_label, schema_editor, from_state, to_state)
        state = from_state.models[app_label, self.model_name_lower]
        model = from_state.apps.get_model(app_label, self.model_name)
        return schema_editor.remove_index(model, state.get_index_by_name(self.name), concurrently=True)


_COUNTED = "notice_id, channel, state, outbox, deliveries, segments"

# once per statement, over all rows it touched
_POSTGRESQL = f"""
CREATE FUNCTION notifications_delivery_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO notifications_tally ({_COUNTED})
    SELECT notice_id, channel, state, provider = 'outbox', COUNT(*), SUM(segments)
      FROM made GROUP BY 1, 2, 3, 4;
    RETURN NULL;
END $$;
CREATE FUNCTION notifications_delivery_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO notifications_tally ({_COUNTED})
    SELECT notice_id, channel, state, outbox, SUM(one), SUM(segments)
      FROM (SELECT notice_id, channel, state, provider = 'outbox' AS outbox, 1 AS one, segments FROM after
            UNION ALL
            SELECT notice_id, channel, state, provider = 'outbox', -1, -segments FROM before) AS moved
     GROUP BY 1, 2, 3, 4 HAVING SUM(one) <> 0 OR SUM(segments) <> 0;
    RETURN NULL;
END $$;
CREATE TRIGGER delivery_made AFTER INSERT ON notifications_delivery
    REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION notifications_delivery_made();
CREATE TRIGGER delivery_moved AFTER UPDATE ON notifications_delivery
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION notifications_delivery_moved();
"""
_POSTGRESQL_BACK = """
DROP TRIGGER delivery_moved ON notifications_delivery;
DROP TRIGGER delivery_made ON notifications_delivery;
DROP FUNCTION notifications_delivery_moved();
DROP FUNCTION notifications_delivery_made();
"""


def _counted(row: str, sign: str) -> str:
    key = f"{row}.notice_id, {row}.channel, {row}.state, {row}.provider = 'outbox'"
    same = (
        f"notice_id = {row}.notice_id AND channel = {row}.channel AND state = {row}.state"
        f" AND outbox = ({row}.provider = 'outbox')"
    )
    return f"""
    INSERT INTO notifications_tally ({_COUNTED})
        SELECT {key}, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM notifications_tally WHERE {same});
    UPDATE notifications_tally SET deliveries = deliveries {sign} 1, segments = segments {sign} {row}.segments
        WHERE {same};"""


# once per row, and one sum per state: there is one writer at a time
_SQLITE = (
    f"CREATE TRIGGER delivery_made AFTER INSERT ON notifications_delivery BEGIN {_counted('NEW', '+')} END",
    "CREATE TRIGGER delivery_moved AFTER UPDATE OF state, provider, segments ON notifications_delivery"
    " WHEN OLD.state <> NEW.state OR OLD.provider <> NEW.provider OR OLD.segments <> NEW.segments"
    f" BEGIN {_counted('OLD', '-')} {_counted('NEW', '+')} END",
)
_SQLITE_BACK = ("DROP TRIGGER delivery_moved", "DROP TRIGGER delivery_made")


def count(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Count what is there; what comes is counted as it comes."""
    statements = (_POSTGRESQL,) if schema_editor.connection.vendor == "postgresql" else _SQLITE
    with schema_editor.connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        cursor.execute(
            f"INSERT INTO notifications_tally ({_COUNTED}) SELECT notice_id, channel, state,"
            " provider = 'outbox', COUNT(*), SUM(segments) FROM notifications_delivery"
            " GROUP BY notice_id, channel, state, provider = 'outbox'"
        )


def count_no_more(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The triggers go before the table they write."""
    statements = (_POSTGRESQL_BACK,) if schema_editor.connection.vendor == "postgresql" else _SQLITE_BACK
    with schema_editor.connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


_CHANNELS = [("sms", "SMS"), ("email", "Email"), ("inapp", "In the app"), ("social", "Social posts")]
_STATES = [
    (0, "Queued"),
    (1, "Claimed"),
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

    dependencies = [("notifications", "0001_first_tables")]

    operations = [
        migrations.CreateModel(
            name="Bucket",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("provider", models.CharField(max_length=20)),
                ("sender", models.CharField(max_length=120)),
                ("tokens", models.FloatField(default=0)),
                ("refilled_at", models.DateTimeField()),
                ("resting_until", models.DateTimeField(help_text="Nothing is handed over before.", null=True)),
                (
                    "failing_since",
                    models.DateTimeField(
                        help_text="Until one message is taken again, messages go one at a time.", null=True
                    ),
                ),
                (
                    "failures",
                    models.PositiveSmallIntegerField(default=0, help_text="Rests since a message was taken."),
                ),
                ("reason", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("provider", "sender"), name="bucket_once")],
            },
        ),
        migrations.CreateModel(
            name="Tally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("channel", models.CharField(choices=_CHANNELS, max_length=8)),
                ("state", models.SmallIntegerField(choices=_STATES)),
                ("outbox", models.BooleanField(help_text="They went to the outbox and so to nobody.")),
                ("deliveries", models.BigIntegerField()),
                ("segments", models.BigIntegerField()),
                (
                    "notice",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="notifications.notice",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "tallies",
                "indexes": [
                    models.Index(fields=["notice", "channel", "state", "outbox"], name="tally_by_notice"),
                ],
            },
        ),
        _RemoveIndex(model_name="delivery", name="delivery_by_notice"),
        _AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=Q(("state", 4), models.Q(("provider_ref", ""), _negated=True)),
                fields=["provider_ref"],
                name="delivery_by_reference",
            ),
        ),
        migrations.RunPython(count, count_no_more, atomic=True),
    ]
