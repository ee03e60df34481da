"""The Celery app stands here too, so that every process that runs Django knows where to publish."""

from __future__ import annotations

from config.celery import app

__all__ = ["app"]
