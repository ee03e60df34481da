"""The notice that customers are promised until the bank says otherwise."""

from datetime import timedelta

from django.db import migrations

EVERYWHERE = ["sms", "email", "inapp", "social"]

# kind, days ahead (0: at once), channels, only where money moves
RULES = [
    ("announced", 7, EVERYWHERE, False),
    ("reminder", 1, ["inapp"], False),
    ("reminder", 1, ["sms"], True),
    ("started", 0, ["inapp", "social"], False),
    ("finished", 0, ["inapp", "social"], False),
    ("cancelled", 0, EVERYWHERE, False),
    ("rescheduled", 0, EVERYWHERE, False),
]


def make(apps, schema_editor):
    policy, made = apps.get_model("maintenance", "NoticePolicy").objects.get_or_create(
        audience="customer",
        defaults={
            "name": "Customers hear a week ahead",
            "promised": timedelta(days=7),
            "least": timedelta(days=5),
            "source": "Lull's default",
        },
    )
    if made:
        policy.rules.bulk_create(
            policy.rules.model(
                policy=policy, kind=kind, lead=timedelta(days=days), channels=channels, only_money=only_money
            )
            for kind, days, channels, only_money in RULES
        )


class Migration(migrations.Migration):
    dependencies = [("maintenance", "0001_first_tables")]
    # backwards it stays: the bank may have changed it, and the table goes with the migration before
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
