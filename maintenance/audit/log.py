"""What is asked for in; the lines of the log that it means, the newest first, a page at a time, out.

Three tables are read as one: each by its own index of time, never counted. A page begins after the last
line of the page before, so that the thousandth costs what the first one does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from maintenance import bank_time
from maintenance.audit import wording
from maintenance.audit.entries import COMMAND_LINE
from maintenance.audit.wording import LogLine
from maintenance.models import AuditEntry, Change, SignIn, Window

WINDOWS: Final = "window"
SIGN_INS: Final = "signin"
OBJECT_TYPES: Final = ((WINDOWS, wording.WINDOW), *AuditEntry.ObjectType.choices, (SIGN_INS, wording.SIGN_IN))
"""What a line may be about."""
_AT_ONCE: Final = 500
_MOST_WORDS: Final = 8
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE: Final = re.compile(r"(\d{1,16})-([0-2])-(\d{1,18})", re.ASCII)
_DIGITS: Final = re.compile(r"\d{1,3}(,\d{3})+", re.ASCII)


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which lines are meant. `sources` are the tables that the reader may see."""

    sources: frozenset[str]
    text: str = ""
    person: User | None = None
    by_command: bool = False
    object_type: str = ""
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True, order=True)
class LogPosition:
    """Where a line stands: its time, its table, its number."""

    at: datetime
    table: int
    number: int

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // timedelta(microseconds=1)}-{self.table}-{self.number}"


def position_of(text: str) -> LogPosition | None:
    """The place that an address names; None where it names none."""
    found = _PLACE.fullmatch(text)
    if found is None:
        return None
    at = _EPOCH + timedelta(microseconds=int(found[1]))
    return LogPosition(at, int(found[2]), int(found[3])) if at.year in bank_time.YEARS else None


def log_page(
    asked: LogQuery, after: LogPosition | None, size: int
) -> tuple[list[LogLine], LogPosition | None]:
    """So many lines after a place, and the place after which there are more; None at the end."""
    found: list[tuple[LogPosition, Any, _Table]] = []
    for number, table in enumerate(_TABLES):
        if table.name in asked.sources and table.holds(asked):
            rows = _after(table.rows(asked), table.time, number, after)
            # each one more than is shown, so that it is known whether there is more
            found += [
                (LogPosition(getattr(row, table.time), number, row.pk), row, table)
                for row in rows[: size + 1]
            ]
    found.sort(key=lambda one: one[0], reverse=True)
    shown = found[:size]
    return [table.line(row) for _, row, table in shown], shown[-1][0] if len(found) > size else None


def position_before(entry: AuditEntry) -> LogPosition:
    """The place of an entry: after it stands what was there when it was written."""
    return LogPosition(
        entry.at, next(n for n, table in enumerate(_TABLES) if table.name == "auditentry"), entry.pk
    )


def all_lines(asked: LogQuery, after: LogPosition) -> Iterator[Sequence[LogLine]]:
    """All of them after a place, some hundreds at a time."""
    lines, there = log_page(asked, after, _AT_ONCE)
    yield lines
    while there:
        lines, there = log_page(asked, there, _AT_ONCE)
        yield lines


def _after(rows: QuerySet[Any], time: str, table: int, place: LogPosition | None) -> QuerySet[Any]:
    """Those that stand after a place, in order."""
    if place is not None:
        earlier = Q(**{f"{time}__lt": place.at})
        if table < place.table:
            earlier = Q(**{f"{time}__lte": place.at})
        elif table == place.table:
            earlier = Q(**{f"{time}__lte": place.at}) & (earlier | Q(pk__lt=place.number))
        rows = rows.filter(earlier)
    return rows.order_by(f"-{time}", "-pk")


def _changes(asked: LogQuery) -> QuerySet[Change]:
    rows = _with_states(Change.objects.select_related("actor").prefetch_related("window__services"))
    if asked.person:
        rows = rows.filter(actor=asked.person)
    for word in _terms(asked.text):
        services = Window.objects.filter(Q(purpose__icontains=word) | Q(services__name__icontains=word))
        rows = rows.filter(
            _named("actor", word)
            | Q(what__in=_meant(Change.What.choices, word))
            | Q(reason__icontains=word)
            | Q(window__in=services.values("pk"))
            | _in_states(word)
        )
    return _within(rows, "at", asked)


def _entries(asked: LogQuery) -> QuerySet[AuditEntry]:
    rows = _with_states(AuditEntry.objects.all())
    if asked.person:
        rows = rows.filter(actor=asked.person)
    if asked.by_command:
        rows = rows.filter(actor=None, actor_name=COMMAND_LINE)
    if asked.object_type:
        rows = rows.filter(object_type=asked.object_type)
    for word in _terms(asked.text):
        rows = rows.filter(
            Q(actor_name__icontains=word)
            | Q(action__in=_meant(AuditEntry.Action.choices, word))
            | Q(object_type__in=_meant(AuditEntry.ObjectType.choices, word))
            | Q(object_name__icontains=word)
            | Q(reason__icontains=word)
            | _in_states(word)
        )
    return _within(rows, "at", asked)


def _sign_ins(asked: LogQuery) -> QuerySet[SignIn]:
    rows = SignIn.objects.all()
    if asked.person:
        rows = rows.filter(account=asked.person.get_username())
    for word in _terms(asked.text):
        rows = rows.filter(
            Q(account__icontains=word)
            | Q(address__icontains=word)
            | Q(outcome__in=_meant(SignIn.Outcome.choices, word))
        )
    return _within(rows, "last_at", asked)


_Rows = Callable[[LogQuery], QuerySet[Any]]


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    """What a reader must be allowed to see."""
    time: str
    rows: _Rows
    line: Callable[[Any], LogLine]
    holds: Callable[[LogQuery], bool]
    """Whether it has any such line."""


def _line_of_change(change: Change) -> LogLine:
    return wording.line_of_change(change, ", ".join(service.name for service in change.window.services.all()))


_TABLES: Final = (
    _Table(
        "signin",
        "last_at",
        _sign_ins,
        wording.line_of_sign_in,
        lambda asked: asked.object_type in ("", SIGN_INS) and not asked.by_command,
    ),
    _Table(
        "auditentry",
        "at",
        _entries,
        wording.line_of_entry,
        lambda asked: asked.object_type not in (WINDOWS, SIGN_INS),
    ),
    _Table(
        "change",
        "at",
        _changes,
        _line_of_change,
        lambda asked: asked.object_type in ("", WINDOWS) and not asked.by_command,
    ),
)
SOURCES: Final = frozenset(table.name for table in _TABLES)


def _within(rows: QuerySet[Any], time: str, asked: LogQuery) -> QuerySet[Any]:
    if asked.since:
        rows = rows.filter(**{f"{time}__gte": asked.since})
    return rows.filter(**{f"{time}__lt": asked.before}) if asked.before else rows


def _terms(text: str) -> list[str]:
    """Each must be found somewhere; a number is stored without its commas."""
    return [term.replace(",", "") if _DIGITS.fullmatch(term) else term for term in text.split()[:_MOST_WORDS]]


def _meant(choices: Sequence[tuple[Any, Any]], word: str) -> list[str]:
    return [value for value, label in choices if word.lower() in str(label).lower()]


def _named(key: str, word: str) -> Q:
    names = ("username", "first_name", "last_name")
    return Q(*((f"{key}__{name}__icontains", word) for name in names), _connector=Q.OR)


def _with_states(rows: QuerySet[Any]) -> QuerySet[Any]:
    """What was before and after, as text that can be searched."""
    found: QuerySet[Any] = rows.annotate(was=Cast("before", TextField()), became=Cast("after", TextField()))
    return found


def _in_states(word: str) -> Q:
    """SQLite stores JSON in ASCII, PostgreSQL as it reads."""
    spelled = {word, json.dumps(word)[1:-1]}
    return Q(
        *((f"{state}__icontains", one) for state in ("was", "became") for one in spelled), _connector=Q.OR
    )
