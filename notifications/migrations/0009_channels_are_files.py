"""Which channels there are is said by the files of channels/; the columns stay as they are."""

from __future__ import annotations

from django.db import migrations, models

_COLUMNS = ("contact", "delivery", "reportedrest", "suppression", "tally", "text")


class Migration(migrations.Migration):
    dependencies = [("notifications", "0008_reported_at")]

    operations = [
        # nothing is asked of the database: choices are none of its business
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name=name, name="channel", field=models.CharField(max_length=8)
                )
                for name in _COLUMNS
            ]
        )
    ]
