"""SOCIAL_URLS in; what is wrong with it out."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from notifications.configuration.fault import Fault
from notifications.providers import social


def faults() -> Iterator[Fault]:
    """Each entry can be read, and names its account once."""
    try:
        social.read(settings.SOCIAL_URLS)
    except ImproperlyConfigured as error:
        hint = "Entries are separated by commas. Without SOCIAL_URLS, posts go to the outbox."
        yield Fault("lull.E001", str(error), hint)
