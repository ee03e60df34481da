"""Registers the app."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class NotificationsConfig(AppConfig):
    """The app that knows words, roads and arrival."""

    name = "notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Checks of the settings; and receivers of the mail library's events, with the other webhooks."""
        post_migrate.connect(_make_groups, sender=self)
        # importable only once apps are loaded
        from notifications import checks  # noqa: F401
        from notifications.delivery import webhooks  # noqa: F401


def _make_groups(**kwargs: Any) -> None:
    """Again: when maintenance made them, the permissions to read notices did not exist yet."""
    from maintenance.staff import groups  # models are not importable while apps load

    groups.make_groups()
