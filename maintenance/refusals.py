"""What somebody asks to do with a window in; what is wrong with it, beside the rules of its time, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.contrib.auth.models import User

from maintenance.models import Window
from maintenance.rules import Objection

_LONGEST_WORDS: Final = 200
_OTHERWISE: Final = {
    Window.Status.BOOKED: "It still waits for its approvals.",
    Window.Status.APPROVED: "It is approved already; it has not begun.",
    Window.Status.REJECTED: "It was rejected: move it, to put it forward again, or cancel it.",
    Window.Status.STARTED: "It is under way: confirm its end when it is over.",
    Window.Status.FINISHED: "It is over: book a new window.",
    Window.Status.CANCELLED: "It is cancelled: book a new window.",
}
"""What to say of a window on which nothing of the kind can be done now."""


class Refused(ValueError):
    """A window that must not be; `objections` are all that stand against it, the message their words."""

    def __init__(self, objections: Sequence[Objection]) -> None:
        """At least one objection."""
        super().__init__(" ".join(objection.words for objection in objections))
        self.objections = tuple(objections)


@dataclass(frozen=True, slots=True)
class Emergency:
    """The only way past what is hard: why it cannot wait, and who answers for it."""

    reason: str
    approver: User


def refuse(objections: Sequence[Objection]) -> None:
    """Raise Refused where anything stands against it."""
    if objections:
        raise Refused(objections)


def state(window: Window, *allowed: str) -> list[Objection]:
    """What to say where the window's status is none of those in which this can be done."""
    if window.status in allowed:
        return []
    return [Objection("state", _OTHERWISE[Window.Status(window.status)])]


def words(name: str, text: str) -> list[Objection]:
    """What to say of a text that must be given, and fit."""
    if not text.strip():
        return [Objection(name, f"Give the {name}.")]
    if len(text.strip()) > _LONGEST_WORDS:
        return [Objection(name, f"The {name} is longer than {_LONGEST_WORDS} characters: shorten it.")]
    return []


def emergency_faults(emergency: Emergency | None, by: User) -> list[Objection]:
    """What to say of an emergency without a reason, or whose approver may not answer for it."""
    if emergency is None:
        return []
    found = words("emergency's reason", emergency.reason)
    name = emergency.approver.get_username()
    if emergency.approver.pk == by.pk:
        found.append(Objection("emergency", "Somebody else than you must answer for the emergency."))
    elif not emergency.approver.has_perm("maintenance.approve_window"):
        found.append(Objection("emergency", f"{name} may not approve windows: name somebody who may."))
    return found
