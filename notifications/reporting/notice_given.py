"""A window in; how long before it began each of its customers was told of it, out.

**Counted person by person.** A customer was told when the first SMS or email to her went out that is taken
for sent, or delivered, now. Who has neither (no address, or opted out of both) was told when the notice
stood in the app, where the app is used. What went to the outbox has told nobody.

**Of the time that counts.** A window that was moved is counted from the first message that named the present
start and end, to those who heard of an older time, too: until then they had no notice of this one. Where it
was moved back to a time that was told before, and nobody had heard of the one between, what was told before
still holds.

**To the start as it came**, or as it is planned. What is promised is the customers' policy, since Lull writes
to nobody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import Min

from maintenance import policies
from maintenance.models import NoticeKind, Window
from maintenance.policies import Promise
from notifications import channels, sql
from notifications.models import Delivery, State
from notifications.planning.audience import ranges
from notifications.wording import facts

_TELLS: Final = (NoticeKind.ANNOUNCED, NoticeKind.RESCHEDULED, NoticeKind.REMINDER, NoticeKind.STARTED)
"""Kinds that name the time of what is ahead, or has just begun."""
_SHORT: Final = (timedelta(days=3), timedelta(days=1))
"""Where what is shorter than any promise is told apart."""
_TOLD: Final = (State.SENT, State.DELIVERED)
_NO_ROAD: Final = (State.SUPPRESSED, State.NO_ADDRESS)
_DELIVERY: Final = Delivery._meta.db_table


@dataclass(frozen=True, slots=True)
class Bracket:
    """So many customers were told so long before the start; `late` is less than was promised."""

    words: str
    late: bool
    people: int


@dataclass(frozen=True, slots=True)
class NoticeGiven:
    """Every customer of a window in exactly one bracket, or not told. Times are UTC; None is nobody."""

    promise: Promise
    begins_at: datetime
    brackets: tuple[Bracket, ...]
    """From the longest notice to none at all, the empty ones too."""
    not_told: int
    first_at: datetime | None
    last_at: datetime | None
    app_at: datetime | None
    """When the notice stood in the app."""

    @property
    def kept(self) -> int:
        """Customers who had all the notice that is promised."""
        return sum(bracket.people for bracket in self.brackets if not bracket.late)

    @property
    def late(self) -> int:
        """Customers who were told, and later than is promised."""
        return sum(bracket.people for bracket in self.brackets if bracket.late)

    @property
    def told(self) -> int:
        """Customers who were told, in time or not."""
        return self.kept + self.late

    @property
    def all(self) -> int:
        """Every customer to whom it was to be told."""
        return self.told + self.not_told

    @property
    def longest(self) -> timedelta | None:
        """How long before the start the first of them was told."""
        return self.begins_at - self.first_at if self.first_at else None

    @property
    def shortest(self) -> timedelta | None:
        """How long before the start the last of them was told; negative after it."""
        return self.begins_at - self.last_at if self.last_at else None


def notice_given(window: Window) -> NoticeGiven:
    """Look at every message that told of the window's present time."""
    begins_at = window.started_at or window.starts_at
    promise = policies.promise()
    told = window.notices.filter(kind__in=_TELLS, revision__in=_revisions(window))
    notices = list(told.values_list("pk", flat=True))
    app_at = _in_the_app(notices)
    edges = _edges(promise, begins_at)
    found = _people(notices, [edge.until for edge in edges], app_at)
    return NoticeGiven(
        promise=promise,
        begins_at=begins_at,
        brackets=tuple(
            Bracket(words, place > 0, found[place].people if place in found else 0)
            for place, words in enumerate([*(edge.words for edge in edges), "After the start"])
        ),
        not_told=found[None].people if None in found else 0,
        first_at=min((group.first_at for group in found.values() if group.first_at), default=None),
        last_at=max((group.last_at for group in found.values() if group.last_at), default=None),
        app_at=app_at,
    )


def _revisions(window: Window) -> set[int]:
    """The revisions whose notices told of the present time, back to the last that told of another."""
    times = facts.times_by_revision(window)
    newest = max((revision for revision in times if revision <= window.revision), default=window.revision)
    mine = {window.revision, newest}
    for revision in sorted(ranges.revisions_told(window), reverse=True):
        if revision < newest and (newest not in times or times.get(revision) != times[newest]):
            break
        mine.add(revision)
    return mine


def _in_the_app(notices: Sequence[int]) -> datetime | None:
    rows = Delivery.objects.filter(notice__in=notices, channel__in=channels.in_app_names(), customer=None)
    first: datetime | None = (
        rows.filter(state__in=_TOLD).exclude(provider="outbox").aggregate(first=Min("sent_at"))["first"]
    )
    return first


@dataclass(frozen=True, slots=True)
class _Edge:
    """Who is told until then has so much notice."""

    until: datetime
    words: str


def _edges(promise: Promise, begins_at: datetime) -> list[_Edge]:
    """Where the brackets end, the longest notice first; the first of them is what is promised."""
    policy = promise.policy
    longer = policies.lead_words(policy.promised, policy.unit)
    edges = [_Edge(promise.kept_until(begins_at), f"{longer} or more")]
    least = (promise.least_until(begins_at), policies.lead_words(policy.least, policy.unit))
    shorter = [(begins_at - lead, policies.lead_words(lead)) for lead in _SHORT]
    for until, words in [least, *shorter]:
        if edges[-1].until < until < begins_at:
            edges.append(_Edge(until, _between(words, longer)))
            longer = words
    return [*edges, _Edge(begins_at, f"Less than {longer}")]


def _between(shorter: str, longer: str) -> str:
    """`5 to 7 days`, `1 day to 36 hours`."""
    number, unit = shorter.split(" ", 1)
    same = unit.removesuffix("s") == longer.split(" ", 1)[1].removesuffix("s")
    return f"{number if same else shorter} to {longer}"


@dataclass(frozen=True, slots=True)
class _Group:
    people: int
    first_at: datetime | None
    last_at: datetime | None


def _people(
    notices: Sequence[int], edges: Sequence[datetime], app_at: datetime | None
) -> dict[int | None, _Group]:
    """How many were told until each edge, by its place, or after the last; None is for who was not told."""
    marks = ", ".join(["%s"] * len(notices)) or "NULL"
    sent = f"MIN(CASE WHEN state IN ({_numbers(_TOLD)}) AND provider <> 'outbox' THEN sent_at END)"
    app = [] if app_at is None else [sql.stored_value(Delivery, "sent_at", app_at)]
    if app:
        no_road = f"MIN(CASE WHEN state IN ({_numbers(_NO_ROAD)}) THEN 1 ELSE 0 END) = 1"
        sent = f"COALESCE({sent}, CASE WHEN {no_road} THEN %s END)"
    places = " ".join(f"WHEN told_at <= %s THEN {place}" for place in range(len(edges)))
    statement = f"""
        SELECT CASE WHEN told_at IS NULL THEN NULL {places} ELSE {len(edges)} END AS place,
               COUNT(*), MIN(told_at), MAX(told_at)
          FROM (SELECT {sent} AS told_at FROM {_DELIVERY}
                 WHERE notice_id IN ({marks}) AND customer_id IS NOT NULL GROUP BY customer_id) AS person
         GROUP BY 1"""
    until = [sql.stored_value(Delivery, "sent_at", edge) for edge in edges]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*until, *app, *notices])
        rows = cursor.fetchall()
    times = sql.converted(Delivery, ("sent_at", "sent_at"), [row[2:] for row in rows])
    return {
        place: _Group(int(people), first, last)
        for (place, people, _, _), (first, last) in zip(rows, times, strict=True)
    }


def _numbers(states: Sequence[State]) -> str:
    return ", ".join(str(int(state)) for state in states)
