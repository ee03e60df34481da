"""What stood before and after in; what differs, as people read it in the bank's zone, out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format

from maintenance.audit.entries import HIDDEN
from maintenance.models import Approval, Change, Exemption, Impact, Window
from maintenance.templatetags.spans import figure, moment, people, span

Difference = tuple[str, str, str]
"""What it is, how it was, how it is; either may be empty."""

_LABELS: Final = {
    str(value): label
    for value, label in (
        *Window.Status.choices,
        *Impact.Level.choices,
        *Exemption.choices,
        *Approval.Subject.choices,
    )
}
_CODED: Final = ("status", "services", "exemption", "rejected")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_SHOWN_BESIDE: Final = ("booker", "overridden", "revision", "sequence")
"""Facts of a window that its page shows elsewhere, or that only machines read."""


def differences_of_window(change: Change) -> tuple[Difference, ...]:
    """What is read as one is one; what was passed over stands with its reason."""
    names = {service.key: service.name for service in change.window.services.all()}
    before, after = _named(change.before, names), _named(change.after, names)
    taken: set[str] = set(_SHOWN_BESIDE)
    found: list[Difference] = []
    for name, keys, said in _TOGETHER:
        if any(key in before or key in after for key in keys):
            taken.update(keys)
            was, is_ = said(before, keys), said(after, keys)
            as_before = change.what == Change.What.RESCHEDULED and name != "time" and was == is_ != ""
            found.append((name, "", f"{is_}, as before") if as_before else (name, was, is_))
    rest = differences_between(_labelled(_without(before, taken)), _labelled(_without(after, taken)))
    passed = [_passed(each) for each in after.get("overridden", ())]
    return (*(each for each in found if each[1] != each[2]), *rest, *passed)


def _named(facts: Mapping[str, Any], names: Mapping[str, str]) -> Mapping[str, Any]:
    """Services by their names: a log keeps their keys, which stay."""
    if "services" not in facts:
        return facts
    levels = {names.get(key, key): level for key, level in facts["services"].items()}
    return {**facts, "services": dict(sorted(levels.items()))}


def _without(facts: Mapping[str, Any], taken: set[str]) -> dict[str, Any]:
    return {key: value for key, value in facts.items() if key not in taken}


def _labelled(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Where a window keeps the value of a choice, its label."""
    return {key: _label(value) if key in _CODED else value for key, value in facts.items()}


def _label(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _label(inner) for key, inner in value.items()}
    return _LABELS.get(value, value) if isinstance(value, str) else value


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


def differences_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Of any facts, by their names."""
    keys = sorted({*before, *after})  # PostgreSQL keeps no order of them
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
            return value
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
