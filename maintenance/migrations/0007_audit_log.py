"""What people did that is not of one window, and the order of time in which it is read beside changes.

The index of changes is built in one go: a bank has some thousands of them a year, and a million take a
second or two, in which nothing is booked or approved.
"""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("maintenance", "0006_sign_ins"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "actor_name",
                    models.CharField(help_text="Stays when the account has gone.", max_length=310),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("added", "Added"),
                            ("changed", "Changed"),
                            ("deleted", "Deleted"),
                            ("ended", "Ended"),
                            ("settled", "Took care of"),
                            ("password_set", "Set the password of"),
                            ("import_begun", "Began to import"),
                            ("imported", "Imported"),
                            ("exported", "Exported"),
                        ],
                        max_length=14,
                    ),
                ),
                (
                    "object_type",
                    models.CharField(
                        choices=[
                            ("freeze", "Freeze"),
                            ("criticalday", "Critical day"),
                            ("holiday", "Holiday"),
                            ("cutoff", "Cut-off"),
                            ("supportcover", "Support cover"),
                            ("standingwindow", "Standing window"),
                            ("rulesetting", "Rule"),
                            ("noticepolicy", "Notice policy"),
                            ("service", "Service"),
                            ("series", "Series"),
                            ("trafficsample", "Traffic"),
                            ("customer", "Customers"),
                            ("user", "Staff"),
                            ("group", "Group"),
                            ("auditentry", "Audit log"),
                        ],
                        max_length=20,
                    ),
                ),
                ("object_id", models.BigIntegerField(blank=True, null=True)),
                ("object_name", models.CharField(max_length=300)),
                ("before", models.JSONField(default=dict)),
                ("after", models.JSONField(default=dict)),
                ("reason", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "verbose_name_plural": "audit log",
                "ordering": ["-at", "-id"],
                "indexes": [models.Index(fields=["at", "id"], name="audit_entry_by_time")],
                "default_permissions": (),
            },
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(fields=["at", "id"], name="change_by_time"),
        ),
    ]
