"""When a sender's provider last reported that what it had taken failed by our fault."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0007_reported_rests")]

    operations = [
        migrations.AddField(
            model_name="bucket",
            name="reported_at",
            field=models.DateTimeField(
                null=True,
                help_text="When a provider last reported that messages it had taken failed by our fault.",
            ),
        ),
    ]
