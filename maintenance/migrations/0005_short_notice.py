"""Which windows customers hear of inside the least notice they are promised."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models
from django.db.models import Exists, OuterRef


def mark(apps: Any, schema_editor: Any) -> None:
    """Emergencies that passed over the notice of their present revision; only those have been short so far."""
    passed = apps.get_model("maintenance", "Override").objects.filter(
        window=OuterRef("pk"), revision=OuterRef("revision"), rule="notice", hard=True
    )
    windows = apps.get_model("maintenance", "Window").objects
    windows.filter(Exists(passed)).update(short_notice=True)


class Migration(migrations.Migration):
    dependencies = [("maintenance", "0004_one_conflict_for_each_rule")]

    operations = [
        migrations.AddField(
            model_name="window",
            name="short_notice",
            field=models.BooleanField(
                default=False,
                db_default=False,
                help_text="Its time was chosen inside the least notice that customers are promised: they are "
                "told that it is urgent, and never that it was planned.",
            ),
        ),
        migrations.RunPython(mark, migrations.RunPython.noop),
    ]
