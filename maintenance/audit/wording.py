"""A change, an entry or a sign-in in; its line as people read it, in words and in the bank's zone, out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from maintenance.audit import differences
from maintenance.audit.differences import Difference
from maintenance.audit.entries import person_name
from maintenance.models import AuditEntry, Change, SignIn
from maintenance.templatetags.spans import moment

_TONE_OF_CHANGE: Final[dict[str, str]] = {
    Change.What.BOOKED: "booked",
    Change.What.RESCHEDULED: "booked",
    Change.What.CHANGE_APPROVED: "approved",
    Change.What.TEXT_APPROVED: "approved",
    Change.What.REJECTED: "rejected",
    Change.What.STARTED: "started",
    Change.What.FINISHED: "finished",
    Change.What.CANCELLED: "cancelled",
}
_DID: Final[dict[str, str]] = {
    Change.What.BOOKED: "booked",
    Change.What.RESCHEDULED: "moved",
    Change.What.CHANGE_APPROVED: "approved the change of",
    Change.What.TEXT_APPROVED: "approved the customers’ text of",
    Change.What.REJECTED: "rejected",
    Change.What.STARTED: "started",
    Change.What.FINISHED: "confirmed the end of",
    Change.What.CANCELLED: "cancelled",
}
_TRIED: Final[dict[str, str]] = {
    SignIn.Outcome.SIGNED_IN: "signed in",
    SignIn.Outcome.WRONG_PASSWORD: "gave a wrong password",
    SignIn.Outcome.THROTTLED: "was refused after too many wrong passwords",
    SignIn.Outcome.ENDED: "was refused: the one-time password has ended",
}
_TONE_OF_ACTION: Final[dict[str, str]] = {
    AuditEntry.Action.ADDED: "finished",
    AuditEntry.Action.DELETED: "rejected",
    AuditEntry.Action.CHANGED: "booked",
    AuditEntry.Action.PASSWORD_SET: "booked",
}
NOBODY: Final = "No such account"
WINDOW: Final = "Window"
SIGN_IN: Final = "Sign-in"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the log. `{who} {did} {target}` is a sentence."""

    at: datetime
    who: str
    label: str
    """What was done, in a word."""
    did: str
    kind: str
    target: str
    row: tuple[str, int] | None
    """The model and the id of what it is about, where that has a page."""
    tone: str
    differences: tuple[Difference, ...]
    reason: str = ""

    @property
    def sentence(self) -> str:
        """Without what was before and after."""
        return f"{self.who} {self.did} {self.target}".strip()

    @property
    def details(self) -> str:
        """What was before and after, in one line."""
        return "; ".join(f"{name}: {_arrow(before, after)}" for name, before, after in self.differences)


def line_of_change(change: Change, target: str = "") -> LogLine:
    """What was done to a window; `target` names it, where the page does not."""
    return LogLine(
        at=change.at,
        who=person_name(change.actor),
        label=change.get_what_display(),
        did=_DID.get(change.what, change.get_what_display().lower()),
        kind=WINDOW,
        target=target,
        row=("window", change.window_id),
        tone=_TONE_OF_CHANGE.get(change.what, "draft"),
        differences=differences.differences_of_window(change),
        reason=change.reason,
    )


def line_of_entry(entry: AuditEntry) -> LogLine:
    """What was done to anything else."""
    kind = entry.get_object_type_display()
    gone = entry.action == AuditEntry.Action.DELETED
    exported = entry.action == AuditEntry.Action.EXPORTED
    paged = entry.object_id is not None and not gone and entry.object_type in _PAGED
    return LogLine(
        at=entry.at,
        who=entry.actor_name,
        label=entry.get_action_display(),
        did=f"{entry.get_action_display().lower()} {kind.lower()}",
        kind=kind,
        target=entry.object_name if exported else f"“{entry.object_name}”",
        row=(entry.object_type, entry.object_id) if paged and entry.object_id is not None else None,
        tone=_TONE_OF_ACTION.get(entry.action, "draft"),
        differences=differences.differences_between(entry.before, entry.after),
        reason=entry.reason,
    )


def line_of_sign_in(row: SignIn) -> LogLine:
    """Who signed in, or tried; a row counts those of a day."""
    often = f", {row.times:,} times since {moment(row.first_at)}" if row.times > 1 else ""
    failed = row.outcome != SignIn.Outcome.SIGNED_IN
    return LogLine(
        at=row.last_at,
        who=row.account or NOBODY,
        label=row.get_outcome_display(),
        did=_TRIED.get(row.outcome, row.get_outcome_display().lower()),
        kind=SIGN_IN,
        target=f"from {row.address or 'an unknown address'}{often}",
        row=None,
        tone="rejected" if failed else "draft",
        differences=(),
    )


_ObjectType = AuditEntry.ObjectType
_PAGED: Final = frozenset(_ObjectType) - {
    _ObjectType.RULE,
    _ObjectType.TRAFFIC,
    _ObjectType.CUSTOMER,
    _ObjectType.LOG,
}


def _arrow(before: str, after: str) -> str:
    return f"{before} → {after}" if before and after else after or f"{before} → –"
