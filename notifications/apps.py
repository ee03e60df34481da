"""Registers the app."""

from __future__ import annotations

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """The app that knows words, roads and arrival."""

    name = "notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Receivers of the mail library's tracking events live with the other webhooks."""
        from notifications import webhooks  # noqa: F401  # importable only once apps are loaded
