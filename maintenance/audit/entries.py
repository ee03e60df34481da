"""What a person did to something that is no window, in; its line in the log out.

Written in the transaction of what was done: neither stands without the other. This is the only place
that makes lines, so that what may not be kept is left out here, whoever asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models import Model

from maintenance.models import AuditEntry

COMMAND_LINE: Final = "Command line"
HIDDEN: Final = "(not kept)"
_SECRET: Final = re.compile(r"password|token|secret|hmac|phone|e-?mail|address", re.IGNORECASE)
"""Of these facts the log says that they changed, never what they are."""
_MOST_TEXT: Final = 1_000
_MOST_NAME: Final = 310
"""Characters of whoever did it: a full name and an account may have more together."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who, and when. Nobody is a command of the shell, that knows no account."""

    person: User | None
    at: datetime

    @property
    def name(self) -> str:
        """As the log says it, also when the account has gone."""
        return person_name(self.person) if self.person else COMMAND_LINE


@dataclass(frozen=True, slots=True)
class States:
    """What was, and what is, as plain values that JSON can hold."""

    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)

    @property
    def differ(self) -> bool:
        """Whether there is anything to say."""
        return dict(self.before) != dict(self.after)


def person_name(person: User) -> str:
    """The full name, and the account where they differ: names are not unique."""
    full, account = person.get_full_name(), person.get_username()
    return f"{full} ({account})" if full and full.lower() != account.lower() else full or account


def append_entry(
    action: AuditEntry.Action,
    row: Model | type[Model],
    stamp: Stamp,
    *,
    states: States,
    name: str = "",
    reason: str = "",
) -> AuditEntry:
    """Append one line. A model stands for all of its rows, and needs a `name`: that of a file, say."""
    entry = _entry(action, row, stamp, states=states, name=name, reason=reason)
    entry.save(force_insert=True)
    return entry


def record_all(
    action: AuditEntry.Action, rows: Iterable[tuple[Model, States]], stamp: Stamp, *, reason: str
) -> None:
    """Append a line for each row: those that one act has touched."""
    AuditEntry.objects.bulk_create(
        [_entry(action, row, stamp, states=states, name="", reason=reason) for row, states in rows],
        batch_size=500,
    )


def _entry(
    action: AuditEntry.Action,
    row: Model | type[Model],
    stamp: Stamp,
    *,
    states: States,
    name: str,
    reason: str,
) -> AuditEntry:
    """Raises ValueError for a model that AuditEntry.ObjectType does not name."""
    before, after = _told(states.before, states.after), _told(states.after, states.before)
    return AuditEntry(
        at=stamp.at,
        actor=stamp.person,
        actor_name=stamp.name[:_MOST_NAME],
        action=action,
        object_type=AuditEntry.ObjectType(str(row._meta.model_name)),
        object_id=row.pk if isinstance(row, Model) else None,
        object_name=_storable(name or str(row))[:300],
        before=before,
        after=after,
        reason=_storable(reason).strip()[:200],
    )


def _storable(text: str) -> str:
    """The name of a file may hold what no database takes."""
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


def _told(facts: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """Those that the other state has otherwise, without what may not be kept."""
    return {key: _kept(key, value) for key, value in facts.items() if value != others.get(key)}


def _kept(key: str, value: Any) -> Any:
    if value in (None, "", [], {}):
        return value
    if _SECRET.search(key):
        return HIDDEN
    if isinstance(value, dict):
        return {inner: _kept(inner, one) for inner, one in value.items()}
    if isinstance(value, list):
        return [_kept(key, one) for one in value]
    if isinstance(value, str) and len(value) > _MOST_TEXT:
        return f"{value[:_MOST_TEXT]}…"
    return value
