"""What is held and what is posted by hand have indexes of their own; how a try ended is checked.

The rows themselves are read by the sweep, in slices: none is changed here, but for tries whose end an earlier
version has cut.
"""

from __future__ import annotations

from importlib import import_module

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, Max, Q, Value
from django.db.models.functions import Concat, Substr

counters = import_module("notifications.migrations.0002_counters_and_buckets")
"""Indexes come and go there without keeping writers out."""
before = import_module("notifications.migrations.0010_waits_for")

_TRIES, _ROWS = 50_000, 5_000
_OUTCOMES = [value for value, _ in before._OUTCOMES]
_ATTEMPT, _KNOWN = "notifications_attempt", "attempt_outcome_is_known"


class _AddConstraint(migrations.AddConstraint):
    """Without looking at the rows while writers are kept out, where the database can. Anew, as its indexes."""

    atomic = True

    def database_forwards(self, app_label, schema_editor, from_state, to_state):  # type: ignore[no-untyped-def]
        if schema_editor.connection.vendor != "postgresql":
            return super().database_forwards(app_label, schema_editor, from_state, to_state)
        model = to_state.apps.get_model(app_label, self.model_name)
        name = schema_editor.quote_name(self.constraint.name)
        table = schema_editor.quote_name(model._meta.db_table)
        schema_editor.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
        sql = self.constraint.create_sql(model, schema_editor)
        return schema_editor.execute(f"{sql} NOT VALID", params=None)


def say_it_whole(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Of ends that are none of those there are, one that was cut; another stands with the details."""
    attempts = apps.get_model("notifications", "Attempt").objects.using(schema_editor.connection.alias)
    last = attempts.aggregate(last=Max("pk"))["last"] or 0
    for start in range(0, last, _TRIES):
        some = attempts.filter(pk__gt=start, pk__lte=start + _TRIES)
        some.filter(outcome="found at the provide").update(outcome="found at provider")
        words = Substr(Concat(F("outcome"), Value(": "), F("detail")), 1, 300)
        some.exclude(outcome__in=_OUTCOMES).update(detail=words, outcome="unknown")


def validate(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The tries of before as well; writers go on meanwhile."""
    if schema_editor.connection.vendor == "postgresql":
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {_ATTEMPT} VALIDATE CONSTRAINT {_KNOWN}")


def say_it_in_words(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """As the version before knows what is held and what is posted by hand; its reasons were kept."""
    rows = apps.get_model("notifications", "Delivery").objects.using(schema_editor.connection.alias)
    for held, values in ((11, {"state": 3}), (12, {"state": 0, "provider": "by hand", "not_before": F("expires_at")})):
        while ids := list(rows.filter(state=held).values_list("pk", flat=True)[:_ROWS]):
            rows.filter(pk__in=ids, state=held).update(**values)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("notifications", "0010_waits_for")]

    operations = [
        counters._AddIndex(
            model_name="delivery",
            index=models.Index(fields=["channel", "intended_at"], condition=Q(state=11), name="delivery_held"),
        ),
        counters._AddIndex(
            model_name="delivery",
            index=models.Index(fields=["channel"], condition=Q(state=12), name="delivery_by_hand"),
        ),
        counters._AddIndex(
            model_name="delivery",
            index=models.Index(
                fields=["id"],
                condition=Q(waits_for__isnull=True) & Q(state__lt=4),
                name="delivery_of_before",
            ),
        ),
        migrations.RunPython(say_it_whole, migrations.RunPython.noop),
        _AddConstraint(
            "attempt",
            models.CheckConstraint(condition=Q(outcome__in=_OUTCOMES), name=_KNOWN),
        ),
        migrations.RunPython(validate, migrations.RunPython.noop),
        migrations.RunPython(migrations.RunPython.noop, say_it_in_words),
    ]
