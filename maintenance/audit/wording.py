"""A change, an entry or a sign-in in; its line as people read it, in words and in the bank's zone, out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format

from maintenance.audit.entries import HIDDEN, name_of
from maintenance.models import AuditEntry, Change, Exemption, Impact, SignIn, Window
from maintenance.templatetags.spans import figure, moment, people, span

Difference = tuple[str, str, str]
"""What it is, how it was, how it is; either may be empty."""

_LABELS: Final = {
    str(value): label for value, label in (*Window.Status.choices, *Impact.Level.choices, *Exemption.choices)
}
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
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
_TWICE: Final = {"change": "the change", "text": "the customers’ text"}
"""What was rejected; as a value it is no word of its own."""


@dataclass(frozen=True, slots=True)
class Line:
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


def of_change(change: Change, target: str = "") -> Line:
    """What was done to a window; `target` names it, where the page does not."""
    return Line(
        at=change.at,
        who=name_of(change.actor),
        label=change.get_what_display(),
        did=_DID.get(change.what, change.get_what_display().lower()),
        kind=WINDOW,
        target=target,
        row=("window", change.window_id),
        tone=_TONE_OF_CHANGE.get(change.what, "draft"),
        differences=_of_window(change),
        reason=change.reason,
    )


def of_entry(entry: AuditEntry) -> Line:
    """What was done to anything else."""
    kind = entry.get_object_type_display()
    gone = entry.action == AuditEntry.Action.DELETED
    paged = entry.object_id is not None and not gone and entry.object_type in _PAGED
    return Line(
        at=entry.at,
        who=entry.actor_name,
        label=entry.get_action_display(),
        did=f"{entry.get_action_display().lower()} {kind.lower()}",
        kind=kind,
        target=f"“{entry.object_name}”",
        row=(entry.object_type, entry.object_id) if paged and entry.object_id is not None else None,
        tone=_TONE_OF_ACTION.get(entry.action, "draft"),
        differences=_differences(entry.before, entry.after),
        reason=entry.reason,
    )


def of_sign_in(row: SignIn) -> Line:
    """Who signed in, or tried; a row counts those of a day."""
    often = f", {row.times:,} times since {moment(row.first_at)}" if row.times > 1 else ""
    failed = row.outcome != SignIn.Outcome.SIGNED_IN
    return Line(
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


_SHOWN_BESIDE: Final = ("booker", "overridden", "revision", "sequence")
"""Facts of a window that its page shows elsewhere, or that only machines read."""


def _of_window(change: Change) -> tuple[Difference, ...]:
    before, after = change.before, change.after
    taken: set[str] = set(_SHOWN_BESIDE)
    found: list[Difference] = []
    for name, keys, said in _TOGETHER:
        if any(key in before or key in after for key in keys):
            taken.update(keys)
            was, is_ = said(before, keys), said(after, keys)
            as_before = change.what == Change.What.RESCHEDULED and name != "time" and was == is_ != ""
            found.append((name, "", f"{is_}, as before") if as_before else (name, was, is_))
    rest = _differences(_without(before, taken), _without(after, taken))
    passed = [_passed(each) for each in after.get("overridden", ())]
    return (*(each for each in found if each[1] != each[2]), *rest, *passed)


def _without(facts: Mapping[str, Any], taken: set[str]) -> dict[str, Any]:
    return {key: value for key, value in facts.items() if key not in taken}


def _time(facts: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    begin, end = (_instant(str(facts.get(key))) for key in keys)
    return span(begin, end) if begin and end else ""


def _load(facts: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    expected, low, high = (facts.get(key) for key in keys)
    if expected is None:
        return ""
    between = f" ({figure(low)} to {figure(high)})" if low is not None and high is not None else ""
    return f"{figure(expected)}{between}"


def _count(facts: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    value = facts.get(keys[0])
    return "" if value is None else people(value)


_TOGETHER: Final[
    tuple[tuple[str, tuple[str, ...], Callable[[Mapping[str, Any], tuple[str, ...]], str]], ...]
] = (
    ("time", ("starts_at", "ends_at"), _time),
    ("expected traffic", ("expected_load", "expected_low", "expected_high"), _load),
    ("customers", ("expected_customers",), _count),
    ("vulnerable", ("expected_vulnerable",), _count),
)
"""What is read as one: its name, its facts, and their words."""


def _passed(override: dict[str, Any]) -> Difference:
    """One objection that was passed over, with its reason."""
    weight = "hard, as an emergency" if override["hard"] else "soft"
    return f"passed over ({weight})", "", f"{override['words']} “{override['reason']}”"


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    keys = dict.fromkeys((*before, *after))
    found = (_difference(key, before.get(key), after.get(key)) for key in keys)
    return tuple(each for each in found if each[1] != each[2])


def _difference(key: str, was: Any, is_: Any) -> Difference:
    """Of a list and of a table only what came and went."""
    name = key.removesuffix("_at").replace("_", " ")
    if was is None and is_ is False:
        return name, "", ""  # what is new and has not this or that, says nothing by it
    if was == is_ == HIDDEN:
        return name, "", "changed; what it is is not kept"
    if isinstance(was, list) and isinstance(is_, list):
        was, is_ = [one for one in was if one not in is_], [one for one in is_ if one not in was]
    if isinstance(was, dict) and isinstance(is_, dict):
        was, is_ = _only_where(was, is_), _only_where(is_, was)
    return name, _words(was), _words(is_)


def _only_where(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in one.items() if other.get(key) != value}


def _words(value: Any) -> str:
    match value:
        case str() if at := _instant(value):
            return moment(at)
        case str() if _DAY.fullmatch(value):
            return _day(value)
        case str():
            return _LABELS.get(value, _TWICE.get(value, value))
        case dict():
            return ", ".join(f"{key}: {_words(inner)}" for key, inner in value.items())
        case list():
            return ", ".join(_words(inner) for inner in value)
        case bool():
            return "yes" if value else "no"
        case int():
            return people(value)
    return "" if value is None else str(value)


def _day(value: str) -> str:
    try:
        return date_format(date.fromisoformat(value), "D j M Y")
    except ValueError:
        return value


def _instant(value: str) -> datetime | None:
    try:
        at = parse_datetime(value)
    except ValueError:
        return None
    return at if at and timezone.is_aware(at) else None
