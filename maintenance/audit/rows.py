"""A row in; its facts as plain values that stay readable when the tables have changed, out.

Instants are ISO 8601 strings in UTC; choices, lengths and other rows are the words that people read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import CASCADE, Field, ForeignKey, Model, QuerySet

from maintenance.templatetags.spans import duration


def row_facts(row: Model, parts: Iterable[ForeignKey[Any, Any]] = ()) -> dict[str, Any]:
    """What says something of a row; `parts` are the keys by which rows of other tables belong to it."""
    found = _columns(row)
    for many in row._meta.many_to_many:
        found[_name(many)] = sorted(str(one) for one in getattr(row, many.name).all())
    for key in parts:
        theirs: QuerySet[Any] = QuerySet(key.model).filter(**{key.name: row}).order_by("pk")
        found[str(key.model._meta.verbose_name_plural)] = [_in_line(part, key) for part in theirs]
    return {name: value for name, value in found.items() if value not in (None, "", [], {})}


def gone_with(row: Model) -> dict[str, Any]:
    """How many rows of other tables a deletion takes with it."""
    lost: Counter[str] = Counter()
    for relation in row._meta.related_objects:
        if relation.on_delete is CASCADE:
            theirs: QuerySet[Any] = QuerySet(relation.related_model).filter(**{relation.field.name: row})
            lost[str(relation.related_model._meta.verbose_name_plural)] += theirs.count()
    return {"deleted with it": dict(+lost)} if +lost else {}


def _columns(row: Model) -> dict[str, Any]:
    return {_name(field): _plain(row, field) for field in row._meta.concrete_fields if not field.primary_key}


def _name(field: Field[Any, Any] | Any) -> str:
    return str(field.verbose_name)


def _plain(row: Model, field: Field[Any, Any] | Any) -> Any:
    if field.is_relation:
        other = getattr(row, field.name)
        return None if other is None else str(other)
    if field.choices:
        return str(getattr(row, f"get_{field.name}_display")())
    value = getattr(row, field.attname)
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case time():
            return f"{value:%H:%M}"
        case timedelta():
            return duration(value)
        case None | bool() | int() | float() | str() | list() | dict():
            return value
    return str(value)


def _in_line(part: Model, key: ForeignKey[Any, Any]) -> str:
    """`kind: Reminder, lead: 1 day, channels: sms, email`."""
    told = {name: value for name, value in _columns(part).items() if name != _name(key)}
    return "; ".join(
        f"{name}: {_listed(value)}" for name, value in told.items() if value not in (None, "", [], {}, False)
    )


def _listed(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_listed(inner)}" for name, inner in value.items())
    return "yes" if value is True else str(value)
