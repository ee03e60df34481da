"""The roads, one file each, with one class `Channel`, found by the listing of this folder.

Whoever must know what is special about a channel asks its class.
"""

from __future__ import annotations

import logging
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from notifications.channels import types

log = logging.getLogger(__name__)

UNREADABLE: Final = (ImproperlyConfigured, ImportError)
"""Raised where a setting of a channel cannot be read. Whoever goes through several channels leaves such a
one out: what is wrong with it is told by `configuration`, and the others must not wait for it."""

_NONE: Final = "it is no channel: there is no such file, or it cannot be read"


@cache
def _classes() -> Mapping[str, type[types.Channel]]:
    """By name, in the order of their places."""
    modules = filter(None, (_module(one.name) for one in pkgutil.iter_modules(__path__)))
    found: list[type[types.Channel]] = [module.Channel for module in modules if hasattr(module, "Channel")]
    named = {kind.__module__.rpartition(".")[2]: kind for kind in found if kind.label}
    return dict(sorted(named.items(), key=lambda one: (one[1].place, one[0])))


def _module(name: str) -> ModuleType | None:
    """None where it cannot be read: the other channels must not wait for it."""
    try:
        return import_module(f"{__name__}.{name}")
    except Exception:  # whatever it is, it is told as a channel that there is not
        log.exception("the channel %s is left out: its file cannot be read", name)
        return None


class _Gone(types.Channel):
    """One whose file is gone, or cannot be read: what it once carried is still looked at."""

    @classmethod
    def targets(cls) -> list[str]:
        """None."""
        raise ImproperlyConfigured(_NONE)


def class_of(name: str) -> type[types.Channel]:
    """The class that says what is special about a channel; nothing is about one whose file is gone."""
    return _classes().get(name, _Gone)


def channel_names(fits: Callable[[type[types.Channel]], bool] = lambda kind: True) -> list[str]:
    """All channels there are, switched on or not, whose class fits."""
    return [name for name, kind in _classes().items() if fits(kind)]


def direct_names() -> list[str]:
    """Those with one delivery per person; the others are broadcasts with one delivery per target."""
    return channel_names(lambda kind: kind.address is not None)


def in_app_names() -> list[str]:
    """Those that are read in the bank's own app."""
    return channel_names(lambda kind: kind.is_in_app)


def label_of(name: str) -> str:
    """As staff call it; one whose file is gone, by its name."""
    return _classes()[name].label if name in _classes() else name


def channel_choices() -> list[tuple[str, str]]:
    """All of them with their labels, as fields of models and forms take them."""
    return [(name, kind.label) for name, kind in _classes().items()]


def open_channel(name: str, in_flight: int, *, demonstration: bool) -> types.Channel:
    """The channel of this name; `in_flight` is the most messages handed out and not yet answered.

    The demonstration bank's people have one road only, which ends in the outbox, whatever is set.
    Raises one of UNREADABLE where there is no such channel, or its settings cannot be read.
    """
    if name not in _classes():
        raise ImportError(_NONE)
    path = f"{__name__}.{'outbox' if demonstration else name}.Channel"
    made: types.Channel = import_string(path)(in_flight)
    return made


def most_in_flight(name: str) -> int:
    """The most messages of this channel that one process has handed out and not yet settled.

    So many a kill can leave in doubt.
    """
    most: int = settings.IN_FLIGHT.get(name, settings.DELIVERIES_IN_FLIGHT)
    return most
