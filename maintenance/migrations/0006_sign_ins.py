"""Tries to sign in, and one-time passwords with the time since when, which a group had kept without."""

from __future__ import annotations

import hashlib
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

GROUP = "One-time password"
"""Until now its members were those who had one; since when was not known."""


def fingerprint(user: Any) -> str:
    return hashlib.sha256(user.password.encode()).hexdigest()


def members_have_a_day_from_now(apps: Any, schema_editor: Any) -> None:
    Group = apps.get_model("auth", "Group")
    OneTimePassword = apps.get_model("maintenance", "OneTimePassword")
    now = timezone.now()
    for group in Group.objects.filter(name=GROUP):
        OneTimePassword.objects.bulk_create(
            OneTimePassword(user_id=user.pk, fingerprint=fingerprint(user), set_at=now)
            for user in group.user_set.all()
        )
        group.delete()


def back_into_the_group(apps: Any, schema_editor: Any) -> None:
    OneTimePassword = apps.get_model("maintenance", "OneTimePassword")
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=GROUP)
    for password in OneTimePassword.objects.select_related("user"):
        if password.fingerprint == fingerprint(password.user):
            password.user.groups.add(group)


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("maintenance", "0005_short_notice"),
    ]

    operations = [
        migrations.CreateModel(
            name="OneTimePassword",
            fields=[
                ("user", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to=settings.AUTH_USER_MODEL)),
                ("fingerprint", models.CharField(max_length=64)),
                ("set_at", models.DateTimeField()),
            ],
            options={"default_permissions": ()},
        ),
        migrations.CreateModel(
            name="SignInBucket",
            fields=[
                ("key", models.CharField(max_length=80, primary_key=True, serialize=False)),
                ("full_at", models.DateTimeField(db_index=True)),
            ],
            options={"default_permissions": ()},
        ),
        migrations.CreateModel(
            name="SignIn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account", models.CharField(blank=True, max_length=150)),
                ("address", models.CharField(blank=True, max_length=43)),
                ("outcome", models.CharField(choices=[("signed_in", "Signed in"), ("wrong_password", "Wrong password"), ("throttled", "Refused: too many wrong passwords"), ("ended", "Refused: one-time password has ended")], max_length=14)),
                ("day", models.DateField()),
                ("times", models.PositiveIntegerField(default=0)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "sign-in",
                "indexes": [models.Index(fields=["last_at"], name="sign_in_by_time")],
                "constraints": [models.UniqueConstraint(fields=("account", "address", "outcome", "day"), name="sign_in_once_a_day")],
            },
        ),
        migrations.RunPython(members_have_a_day_from_now, back_into_the_group),
    ]
