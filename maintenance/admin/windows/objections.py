"""Objections in; what a page needs to list them, and to ask how they are passed over, out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from maintenance.rules import SETTABLE, Objection

_FINAL: Final = ("past", "services", "length", "state")
"""What can only be mended by another time, or by another window."""


def all_objections(refused: Sequence[Objection], standing: Sequence[Objection]) -> list[Objection]:
    """What was refused, then what stands there but was answered for: its answer stays on the page."""
    return [*refused, *(objection for objection in standing if objection not in refused)]


def objection_facts(against: Sequence[Objection]) -> dict[str, Any]:
    """The objections, and which ways past them there are."""
    return {
        "objections": against,
        "rules": SETTABLE,
        "blocked": any(objection.rule in _FINAL for objection in against),
        "hard": any(objection.hard and objection.rule in SETTABLE for objection in against),
        "soft": any(not objection.hard for objection in against),
    }
