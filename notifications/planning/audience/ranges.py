"""A notice in; the customers it is for, walked by index and never read as a whole, out.

They stand in lists that an index keeps sorted by customer: each affected service's users, and each
earlier notice's deliveries on a channel. A piece of these lists costs what the piece costs, however
many customers there are and whatever the planner believes of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.db.models import Sum

from maintenance.models import Use, Window
from notifications import channels
from notifications.models import IN_DOUBT, Delivery, Notice, State, Tally
from notifications.sql import Sql

TOLD: Final = (State.SENDING, *IN_DOUBT, State.SENT, State.DELIVERED)
"""States in which a customer has, or may have, read the words."""

_USE: Final = Use._meta.db_table
_DELIVERY: Final = Delivery._meta.db_table
_ENOUGH: Final = 10_000
"""People looked at before the rest is taken to be like them: of 5 %, that is right to 0.5 either way."""
_PLACES: Final = 64
"""Where in the register they are looked for: who was brought in together is alike."""


@dataclass(frozen=True, slots=True)
class Span:
    """Customers by their primary key: `after` < key <= `upto`."""

    after: int
    upto: int


@dataclass(frozen=True, slots=True)
class AudienceSample:
    """The part of a notice's people that is looked at; each stands for `each` of them."""

    spans: tuple[Span, ...]
    each: int


def end_of_slice(notice: Notice, *, customers: int) -> int | None:
    """The last customer of the notice's next slice; None where nobody is left.

    The nearest at which one of the lists has had so many: of no list the slice holds more.
    """
    lists = _lists(notice)
    walked = " UNION ALL ".join(
        f"SELECT (SELECT customer_id {one.sql} AND customer_id > %s"
        " ORDER BY customer_id LIMIT 1 OFFSET %s) AS nth,"
        f" (SELECT MAX(customer_id) {one.sql} AND customer_id > %s) AS last"
        for one in lists
    )
    after = notice.cursor
    values = [
        value for one in lists for value in (*one.parameters, after, customers - 1, *one.parameters, after)
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT MIN(nth), MAX(last) FROM ({walked}) AS walked", values)
        nth, last = cursor.fetchone()
        end: int | None = last if nth is None else nth
        return end


def audience_sample(notice: Notice) -> AudienceSample:
    """Everybody, where they are few; else enough of them, from all over the register."""
    everybody = _bounds(notice)
    each = _PLACES
    while each > 1:
        spans = _spread(everybody, each)
        if spans and _number(members_sql(notice, spans)) >= _ENOUGH:
            return AudienceSample(spans, each)
        each //= 2
    return AudienceSample((everybody,), 1)


def members_sql(notice: Notice, spans: Sequence[Span]) -> Sql:
    """The notice's customers in these spans as rows of `customer_id`, each once."""
    earlier = _earlier(notice)
    told = _told(earlier, channels.direct_names(), spans)
    if notice.only_told:
        return Sql(f"SELECT DISTINCT customer_id {told.sql}", told.parameters)
    services, place = _services(notice), within_spans("customer_id", spans)
    each = "customer_id" if len(services) == 1 else "DISTINCT customer_id"
    users = Sql(
        f"SELECT {each} FROM {_USE} WHERE service_id IN ({marks_of(services)}) AND {place.sql}",
        (*services, *place.parameters),
    )
    if not earlier:
        return users
    return Sql(f"{users.sql} UNION SELECT customer_id {told.sql}", (*users.parameters, *told.parameters))


def told_by(notice: Notice, by: Sequence[str], spans: Sequence[Span]) -> Sql:
    """Who has heard of the window by which of these channels: rows of `customer_id` and `channel`."""
    told = _told(_earlier(notice), by, spans)
    return Sql(f"SELECT DISTINCT customer_id, channel {told.sql}", told.parameters)


def within_spans(column: str, spans: Sequence[Span]) -> Sql:
    """Whether a customer's key lies in one of the spans."""
    one = f"{column} > %s AND {column} <= %s"
    places = " OR ".join([f"({one})"] * len(spans)) if len(spans) > 1 else one
    return Sql(f"({places})", [value for span in spans for value in (span.after, span.upto)])


def marks_of(values: Sequence[object]) -> str:
    """A placeholder for each value."""
    return ", ".join(["%s"] * len(values))


def _lists(notice: Notice) -> list[Sql]:
    """Each list as the rest of a SELECT of `customer_id`, whether or not its deliveries went out."""
    told = [
        Sql(f"FROM {_DELIVERY} WHERE notice_id = %s AND channel = %s", (earlier, channel))
        for earlier in _earlier(notice)
        for channel in channels.direct_names()
    ]
    uses = [Sql(f"FROM {_USE} WHERE service_id = %s", (service,)) for service in _services(notice)]
    return told or [Sql(f"FROM {_USE} WHERE 1 = 0", ())] if notice.only_told else uses + told


def _told(earlier: Sequence[int], by: Sequence[str], spans: Sequence[Span]) -> Sql:
    """The deliveries of these notices by which somebody has, or may have, heard.

    The plus keeps SQLite from the indexes by state, which know nothing of customers.
    """
    if not (earlier and by):
        return Sql(f"FROM {_DELIVERY} WHERE 1 = 0", ())
    place = within_spans("customer_id", spans)
    states = ", ".join(str(int(state)) for state in TOLD)
    return Sql(
        f"FROM {_DELIVERY} WHERE notice_id IN ({marks_of(earlier)}) AND channel IN ({marks_of(by)})"
        f" AND {place.sql} AND +state IN ({states})",
        (*earlier, *by, *place.parameters),
    )


def _services(notice: Notice) -> list[int]:
    return list(notice.window.impacts.values_list("service_id", flat=True)) or [0]


def _earlier(notice: Notice) -> list[int]:
    """The window's other notices of which there are deliveries."""
    prepared = Notice.objects.filter(window_id=notice.window_id, prepared_at__isnull=False)
    return list(prepared.exclude(pk=notice.pk).order_by("pk").values_list("pk", flat=True))


def _bounds(notice: Notice) -> Span:
    """From the first of the notice's people to the last."""
    lists = _lists(notice)
    ends = " UNION ALL ".join(
        f"SELECT (SELECT MIN(customer_id) {one.sql} AND customer_id > 0) AS first,"
        f" (SELECT MAX(customer_id) {one.sql} AND customer_id > 0) AS last"
        for one in lists
    )
    values = [value for one in lists for value in (*one.parameters, *one.parameters)]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT MIN(first), MAX(last) FROM ({ends}) AS ends", values)
        first, last = cursor.fetchone()
        return Span(0, 0) if first is None else Span(first - 1, last)


def _spread(everybody: Span, each: int) -> tuple[Span, ...]:
    """Spans that together hold one of so many keys; none where they would be too short to tell."""
    apart = (everybody.upto - everybody.after) // _PLACES
    width = apart // each
    starts = range(everybody.after, everybody.after + _PLACES * apart, max(apart, 1))
    return tuple(Span(start, start + width) for start in starts) if width else ()


def _number(people: Sql) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM ({people.sql}) AS person", people.parameters)
        return int(cursor.fetchone()[0])


def reached_by(window: Window) -> set[tuple[str, int]]:
    """By which channels and in which revisions a notice of the window may have reached somebody."""
    told = Tally.objects.filter(notice__window=window, state__in=TOLD)
    sums = told.values("channel", "notice__revision").annotate(people=Sum("deliveries")).filter(people__gt=0)
    return {(row["channel"], row["notice__revision"]) for row in sums}


def revisions_told(window: Window) -> set[int]:
    """The revisions of the window of which a notice may have reached somebody."""
    return {revision for _, revision in reached_by(window)}
