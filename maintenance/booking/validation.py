"""What somebody asks to do with a window in; what is wrong with it, beside the rules of its time, out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.contrib.auth.models import User

from maintenance.models import Exemption, Impact, Window
from maintenance.proposals import Emergency, Proposal
from maintenance.rules import SETTABLE, Objection

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


class Refusal(ValueError):
    """What the domain refuses somebody. The message is for that person: why, and what to do.

    Nothing else may be shown as a refusal: any other error is a fault of ours, and belongs into the log.
    """


class Refused(Refusal):
    """A window that must not be; `objections` are all that stand against it, the message their words."""

    def __init__(self, objections: Sequence[Objection]) -> None:
        """At least one objection."""
        super().__init__(" ".join([*(objection.words for objection in objections), *_ways(objections)]))
        self.objections = tuple(objections)


def _ways(objections: Sequence[Objection]) -> list[str]:
    """What can be done about what rules object to; the other faults say so themselves."""
    if any(objection.rule not in SETTABLE for objection in objections):
        return []
    soft = dict.fromkeys(SETTABLE[objection.rule].title for objection in objections if not objection.hard)
    if any(objection.hard for objection in objections):
        return ["Choose another time, or book it as an emergency with a reason and a named approver."]
    return [f"Choose another time, or give a reason to pass over: {', '.join(soft).lower()}."]


def refuse(objections: Sequence[Objection]) -> None:
    """Raise Refused where anything stands against it."""
    if objections:
        raise Refused(objections)


def state_objections(window: Window, *allowed: str) -> list[Objection]:
    """What to say where the window's status is none of those in which this can be done."""
    if window.status in allowed:
        return []
    return [Objection("state", _OTHERWISE[Window.Status(window.status)])]


def text_objections(name: str, text: str) -> list[Objection]:
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
    found = text_objections("emergency's reason", emergency.reason)
    name = emergency.approver.get_username()
    if emergency.approver.pk == by.pk:
        found.append(Objection("emergency", "Somebody else than you must answer for the emergency."))
    elif not emergency.approver.has_perm("maintenance.approve_window"):
        found.append(Objection("emergency", f"{name} may not approve windows: name somebody who may."))
    return found


def level_objections(proposal: Proposal) -> list[Objection]:
    """What to say of levels that are none, or of services that are not in the window."""
    keys = {service.key for service in proposal.services}
    wrong = [
        f"{key}: {level}"
        for key, level in proposal.levels.items()
        if key not in keys or level not in Impact.Level
    ]
    known = ", ".join(Impact.Level.values)
    return [
        Objection("level", f"{pair} is not one of the window's services with one of {known}.")
        for pair in wrong
    ]


def exemption_objections(proposal: Proposal) -> list[Objection]:
    """What to say of an exemption that does not exist."""
    if not proposal.exemption or proposal.exemption in Exemption:
        return []
    given, known = proposal.exemption, ", ".join(Exemption.values)
    return [Objection("exemption", f"{given} is no exemption: write one of {known}, or nothing.")]


def unmoved_objections(window: Window, proposal: Proposal) -> list[Objection]:
    """What to say of a move to where the window is.

    Only what was rejected is put forward again as it is, and what something has come to stand against: so
    that it can be passed over, and both approve of that.
    """
    same = (proposal.starts_at, proposal.ends_at) == (window.starts_at, window.ends_at)
    again = window.status == Window.Status.REJECTED or window.conflicts.filter(gone_at=None).exists()
    return [Objection("unmoved", "It is planned for this time already.")] if same and not again else []
