"""The roads, one file each, with one class `Channel`, found by its dotted path."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from notifications import contract

UNREADABLE: Final = (ImproperlyConfigured, ImportError)
"""Raised where a setting of a channel cannot be read. Whoever goes through several channels leaves such a
one out: what is wrong with it is told by `configuration`, and the others must not wait for it."""


def open_channel(name: str, in_flight: int, *, demonstration: bool) -> contract.Channel:
    """The channel of this name; `in_flight` is the most messages handed out and not yet answered.

    The demonstration bank's people have one road only, which ends in the outbox, whatever is set.
    Raises one of UNREADABLE where there is no such channel, or its settings cannot be read.
    """
    path = f"{__name__}.{'outbox' if demonstration else name}.Channel"
    made: contract.Channel = import_string(path)(in_flight)
    return made


def in_flight(name: str) -> int:
    """The most messages of this channel that one process has handed out and not yet settled.

    So many a kill can leave in doubt.
    """
    most: int = settings.IN_FLIGHT.get(name, settings.DELIVERIES_IN_FLIGHT)
    return most


def targets(name: str) -> list[str]:
    """What a broadcast on this channel has one delivery each for: the app, or each network.

    Raises as `open_channel`.
    """
    found: list[str] = import_string(f"{__name__}.{name}.targets")()
    return found
