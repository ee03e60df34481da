"""A window has one open conflict for each rule: what was one for each thing a rule found is merged."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db import migrations, models
from django.db.models import Count, F, Min, Q, Window
from django.db.models.functions import RowNumber

_NAMED = 3
_AT_ONCE = 200


def _merge(apps: Any, schema_editor: Any) -> None:
    """The oldest of each window and rule stays, with the words of the first few and how many more there are.

    In a few statements over the whole table, whatever number of rows they find: there may be 200,000 of one
    mistyped freeze. Only the first few of each rule are read.
    """
    conflicts = apps.get_model("maintenance", "Conflict").objects
    rows = conflicts.filter(gone_at=None)
    groups = rows.order_by().values("window", "rule").annotate(number=Count("pk"), kept=Min("pk"))
    several = {
        (window, rule): (number, kept)
        for window, rule, number, kept in groups.filter(number__gt=1).values_list(
            "window", "rule", "number", "kept"
        )
    }
    if not several:
        return
    place = Window(RowNumber(), partition_by=[F("window"), F("rule")], order_by=F("pk").asc())
    first: dict[tuple[int, str], list[str]] = defaultdict(list)
    for window, rule, words in (
        rows.annotate(place=place)
        .filter(place__lte=_NAMED)
        .order_by("pk")
        .values_list("window", "rule", "words")
    ):
        first[window, rule].append(words)
    hard = set(rows.filter(hard=True).order_by().values_list("window", "rule").distinct())
    merged = []
    for key, (number, kept) in several.items():
        row = conflicts.model(pk=kept, hard=key in hard)
        more = number - _NAMED
        row.words = " ".join([*first[key], *([f"And {more:,} more."] if more > 0 else [])])
        merged.append(row)
    conflicts.bulk_update(merged, ["words", "hard"], batch_size=_AT_ONCE)
    rows.exclude(pk__in=groups.values("kept")).delete()


class Migration(migrations.Migration):

    dependencies = [
        ("maintenance", "0003_what_stands_against_a_slot"),
    ]

    operations = [
        # the way back leaves them merged: the clock finds each thing anew within a minute
        migrations.RunPython(_merge, migrations.RunPython.noop),
        migrations.RemoveIndex(
            model_name="conflict",
            name="conflict_open",
        ),
        migrations.AlterField(
            model_name="conflict",
            name="words",
            field=models.TextField(
                help_text="The first few things that the rule found, and how many more there are."
            ),
        ),
        migrations.AddConstraint(
            model_name="conflict",
            constraint=models.UniqueConstraint(
                condition=Q(gone_at__isnull=True),
                fields=("window", "rule"),
                name="conflict_once_for_each_rule",
            ),
        ),
    ]
