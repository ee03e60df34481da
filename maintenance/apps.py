"""Registers the app, and the three groups after every migration."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models import IntegerField
from django.db.models.signals import post_migrate

from maintenance.requests.lookups import IntegerIn


class MaintenanceConfig(AppConfig):
    """The app that knows services, windows and who may touch them."""

    name = "maintenance"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Django offers groups no other moment: permissions exist only after migration."""
        IntegerField.register_lookup(IntegerIn)
        post_migrate.connect(_make_groups, sender=self)


def _make_groups(**kwargs: Any) -> None:
    from maintenance.staff import groups  # models are not importable while apps load

    groups.make_groups()
