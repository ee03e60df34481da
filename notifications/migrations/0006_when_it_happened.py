"""Deliveries are counted by the minute in which they went out or may; notices note when they ended."""

from __future__ import annotations

from importlib import import_module

from django.apps.registry import Apps
from django.db import migrations, models, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

before = import_module("notifications.migrations.0002_counters_and_buckets")
"""Indexes come and go there without keeping writers out, and the counting began there."""

_DELIVERY, _TALLY = "notifications_delivery", "notifications_tally"
_KEY = "notice_id, channel, state, outbox, minute_at"
_COUNTED = f"{_KEY}, deliveries, segments"
_QUEUED = 0


def _minute(row: str = "") -> str:
    """SQL for the minute by which a delivery is counted, PostgreSQL's."""
    return f"date_trunc('minute', CASE WHEN {row}state = {_QUEUED} THEN {row}not_before ELSE {row}sent_at END)"


_POSTGRESQL = f"""
CREATE OR REPLACE FUNCTION notifications_delivery_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO {_TALLY} ({_COUNTED})
    SELECT notice_id, channel, state, provider = 'outbox', {_minute()}, COUNT(*), SUM(segments)
      FROM made GROUP BY 1, 2, 3, 4, 5;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION notifications_delivery_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO {_TALLY} ({_COUNTED})
    SELECT {_KEY}, SUM(one), SUM(segments)
      FROM (SELECT notice_id, channel, state, provider = 'outbox' AS outbox, {_minute()} AS minute_at,
                   1 AS one, segments FROM after
            UNION ALL
            SELECT notice_id, channel, state, provider = 'outbox', {_minute()}, -1, -segments FROM before) AS moved
     GROUP BY 1, 2, 3, 4, 5 HAVING SUM(one) <> 0 OR SUM(segments) <> 0;
    RETURN NULL;
END $$;
"""
_POSTGRESQL_BACK = before._POSTGRESQL[: before._POSTGRESQL.index("CREATE TRIGGER")].replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)

# what the counters of a notice lack, or have too much, against its deliveries: of one moment, whoever
# moves them meanwhile and counts his own moves
_CORRECT = f"""
INSERT INTO {_TALLY} ({_COUNTED})
SELECT {_KEY}, SUM(one), SUM(segments)
  FROM (SELECT notice_id, channel, state, provider = 'outbox' AS outbox, {_minute()} AS minute_at,
               1 AS one, segments FROM {_DELIVERY} WHERE notice_id = %s
        UNION ALL
        SELECT notice_id, channel, state, outbox, minute_at, -deliveries, -segments
          FROM {_TALLY} WHERE notice_id = %s) AS told
 GROUP BY 1, 2, 3, 4, 5 HAVING SUM(one) <> 0 OR SUM(segments) <> 0
"""


def _minute_on_sqlite(row: str) -> str:
    at = f"CASE WHEN {row}state = {_QUEUED} THEN {row}not_before ELSE {row}sent_at END"
    return f"(substr({at}, 1, 16) || ':00')"


def _counted(row: str, sign: str) -> str:
    key = f"{row}.notice_id, {row}.channel, {row}.state, {row}.provider = 'outbox', {_minute_on_sqlite(f'{row}.')}"
    same = (
        f"notice_id = {row}.notice_id AND channel = {row}.channel AND state = {row}.state"
        f" AND outbox = ({row}.provider = 'outbox') AND minute_at IS {_minute_on_sqlite(f'{row}.')}"
    )
    return f"""
    INSERT INTO {_TALLY} ({_COUNTED})
        SELECT {key}, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM {_TALLY} WHERE {same});
    UPDATE {_TALLY} SET deliveries = deliveries {sign} 1, segments = segments {sign} {row}.segments
        WHERE {same};"""


_SQLITE = (
    *before._SQLITE_BACK,
    f"CREATE TRIGGER delivery_made AFTER INSERT ON {_DELIVERY} BEGIN {_counted('NEW', '+')} END",
    f"CREATE TRIGGER delivery_moved AFTER UPDATE OF state, provider, segments, sent_at, not_before ON {_DELIVERY}"
    " WHEN OLD.state <> NEW.state OR OLD.provider <> NEW.provider OR OLD.segments <> NEW.segments"
    f" OR {_minute_on_sqlite('OLD.')} IS NOT {_minute_on_sqlite('NEW.')}"
    f" BEGIN {_counted('OLD', '-')} {_counted('NEW', '+')} END",
    f"DELETE FROM {_TALLY}",
    f"INSERT INTO {_TALLY} ({_COUNTED}) SELECT notice_id, channel, state, provider = 'outbox',"
    f" {_minute_on_sqlite('')}, COUNT(*), SUM(segments) FROM {_DELIVERY} GROUP BY 1, 2, 3, 4, 5",
)
# one sum for each state again: the triggers of before move every row that fits
_SQLITE_BACK = (
    *before._SQLITE_BACK,
    *before._SQLITE,
    f"DELETE FROM {_TALLY}",
    f"INSERT INTO {_TALLY} ({before._COUNTED}) SELECT notice_id, channel, state, provider = 'outbox',"
    f" COUNT(*), SUM(segments) FROM {_DELIVERY} GROUP BY 1, 2, 3, 4",
)


def count_by_minute(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """From now on by the minute; and what is there already, notice by notice, without keeping writers out."""
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return _run(schema_editor, _SQLITE)
    # whoever is in the midst of counting in the old way ends first
    _run(schema_editor, (f"LOCK TABLE {_DELIVERY} IN SHARE ROW EXCLUSIVE MODE", _POSTGRESQL))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT notice_id FROM {_TALLY}")
        for (notice,) in cursor.fetchall():
            cursor.execute(_CORRECT, [notice, notice])
    return None


def count_by_state(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The triggers of before; the sums of each state are the same."""
    postgresql = schema_editor.connection.vendor == "postgresql"
    _run(schema_editor, (_POSTGRESQL_BACK,) if postgresql else _SQLITE_BACK)


def _run(schema_editor: BaseDatabaseSchemaEditor, statements: tuple[str, ...]) -> None:
    connection = schema_editor.connection
    with transaction.atomic(connection.alias), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def say_it_whole(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """What was cut to the column's twenty characters."""
    attempts = apps.get_model("notifications", "Attempt").objects
    attempts.filter(outcome="found at the provide").update(outcome="found at provider")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("notifications", "0005_refusals_in_a_row")]

    operations = [
        migrations.AddField(
            model_name="notice",
            name="ended_at",
            field=models.DateTimeField(blank=True, help_text="When it was withdrawn or expired.", null=True),
        ),
        migrations.AddField(
            model_name="tally",
            name="minute_at",
            field=models.DateTimeField(
                help_text="The minute in which they went out; of queued ones, before which they do not go.",
                null=True,
            ),
        ),
        before._AddIndex(
            model_name="tally",
            index=models.Index(
                fields=["notice", "channel", "state", "outbox", "minute_at"], name="tally_by_minute"
            ),
        ),
        before._AddIndex(
            model_name="tally", index=models.Index(fields=["state", "minute_at"], name="tally_of_a_day")
        ),
        before._RemoveIndex(model_name="tally", name="tally_by_notice"),
        migrations.RunPython(count_by_minute, count_by_state),
        migrations.RunPython(say_it_whole, migrations.RunPython.noop),
    ]
