"""Deliveries and where they are to stand in; moved, where the table allows it and nobody was quicker, out.

Nothing else writes a delivery's state once the row is made. A claim is no move: it is a row lock of the
transaction that also commits the intent. `sending` is committed before the provider is called, so after a
crash it is known which messages are in doubt.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import F, QuerySet

from notifications import sql
from notifications.models import Delivery, State, WaitsFor
from notifications.sql import Sql

RANK: Final = {State.UNKNOWN: 1, State.HELD: 1, State.SENT: 2, State.FAILED: 3, State.DELIVERED: 4}
"""Within one attempt the rank may only rise, which makes receipts commutative."""


class Act(enum.Enum):
    """Why a delivery moves, in the words of the diagram."""

    INTEND = "claimed, composed, intended"
    PUT_OFF = "put off"
    REFUSE = "opted out"
    GIVE_UP = "cannot be composed, or no address left"
    SETTLE = "the provider answers"
    LAPSE = "its process died"
    RECEIPT = "receipt"
    ASK = "found at the provider, or left to the policy"
    DECIDE = "a person decides"
    CONFIRM = "a person has posted it"
    PUT_BACK = "the fault was ours"
    SEND_AGAIN = "a person sends it again"
    WITHDRAW = "withdrawn"
    EXPIRE = "true no longer"
    BACKFILL = "written by an earlier version"


class Fence(enum.Flag):
    """What must still be so, besides the state, for a move to be made."""

    NONE = 0
    LEASE = enum.auto()
    """It is held under the token of whoever moves it: one that was thought dead changes nothing."""
    ATTEMPT = enum.auto()
    """No later attempt was made: that is another question."""
    RANK = enum.auto()
    """What is known of the attempt is less than this."""


class Move(NamedTuple):
    """A line of the table: from any of these states to any of those."""

    act: Act
    before: frozenset[State]
    after: frozenset[State]
    fence: Fence = Fence.NONE


def _states(*states: State) -> frozenset[State]:
    return frozenset(states)


NO_LONGER_TRUE: Final = "its words are no longer true"
"""The reason of what came too late."""
_WAITING: Final = _states(State.QUEUED, State.BY_HAND)
_DOUBTFUL: Final = _states(State.UNKNOWN, State.HELD)
_HEARD: Final = _states(State.SENT, State.FAILED, State.DELIVERED)

MOVES: Final = (
    Move(Act.INTEND, _states(State.QUEUED), _states(State.SENDING)),
    Move(Act.PUT_OFF, _states(State.QUEUED), _states(State.QUEUED)),
    Move(Act.REFUSE, _states(State.QUEUED), _states(State.SUPPRESSED)),
    Move(Act.GIVE_UP, _states(State.QUEUED), _states(State.FAILED, State.NO_ADDRESS)),
    Move(
        Act.SETTLE,
        _states(State.SENDING),
        _states(State.SENT, State.FAILED, State.UNKNOWN, State.QUEUED, State.BY_HAND, State.EXPIRED),
        Fence.LEASE,
    ),
    # swept as in doubt meanwhile, and no doubt any more: as good as a receipt of this attempt
    Move(Act.SETTLE, _DOUBTFUL, _states(State.SENT, State.FAILED), Fence.ATTEMPT),
    Move(Act.LAPSE, _states(State.SENDING), _states(State.UNKNOWN)),
    # in the queue again, ended or held: what a provider says of its last attempt counts
    Move(Act.RECEIPT, frozenset(State) - {State.DELIVERED}, _HEARD, Fence.ATTEMPT | Fence.RANK),
    Move(
        Act.ASK,
        _states(State.UNKNOWN),
        _states(State.SENT, State.QUEUED, State.HELD),
        Fence.ATTEMPT,
    ),
    Move(Act.DECIDE, _DOUBTFUL, _states(State.SENT, State.QUEUED), Fence.ATTEMPT),
    Move(Act.CONFIRM, _states(State.BY_HAND), _states(State.SENT)),
    Move(Act.PUT_BACK, _states(State.FAILED), _states(State.QUEUED)),
    Move(Act.SEND_AGAIN, _states(State.FAILED), _states(State.QUEUED)),
    Move(Act.WITHDRAW, _WAITING, _states(State.WITHDRAWN)),
    Move(Act.EXPIRE, _WAITING, _states(State.EXPIRED)),
    Move(Act.BACKFILL, _states(State.QUEUED), _states(State.QUEUED, State.BY_HAND)),
    Move(Act.BACKFILL, _states(State.UNKNOWN), _states(State.UNKNOWN, State.HELD)),
)
"""Every move that a delivery may make once its row is there."""


class IllegalMove(Exception):
    """A move that the table does not have: a fault of whoever asked for it."""

    def __init__(self, act: Act, before: Collection[State], after: State) -> None:
        """From any of these states to that one."""
        names = ", ".join(sorted(state.name for state in before))
        super().__init__(f"{act.name}: no delivery moves from {names or 'anywhere'} to {after.name}")


def move(rows: QuerySet[Delivery], act: Act, before: State, after: State, **values: object) -> int:
    """Move those of the rows that still stand there, with these columns; how many.

    A sum, because the planner takes a small partial index by state for better than the primary key: whoever
    wants that index names the state as well.
    """
    if not any(line.act == act and before in line.before and after in line.after for line in MOVES):
        raise IllegalMove(act, [before], after)
    standing = rows.alias(stands=F("state") + 0).filter(stands=before)
    return standing.update(state=after, **{"waits_for": WaitsFor.NOTHING, **values})


class Step(NamedTuple):
    """Where one delivery is to stand, and with which columns. None leaves a column as it is."""

    id: int
    state: State
    attempt: int | None = None
    rank: int | None = None
    waits_for: WaitsFor = WaitsFor.NOTHING
    reason: str | None = None
    code: str | None = None
    not_before: datetime | None = None
    provider: str | None = None
    provider_ref: str | None = None
    sent_at: datetime | None = None
    settled_at: datetime | None = None
    text_hash: bytes | None = None
    segments: int | None = None


_KINDS: Final = {
    "id": "bigint",
    "state": "smallint",
    "attempt": "integer",
    "rank": "smallint",
    "waits_for": "smallint",
    "reason": "text",
    "code": "text",
    "not_before": "timestamptz",
    "provider": "text",
    "provider_ref": "text",
    "sent_at": "timestamptz",
    "settled_at": "timestamptz",
    "text_hash": "bytea",
    "segments": "integer",
}
"""PostgreSQL's types of what a step gives."""
_CONDITIONS: Final = ("id", "state", "attempt")
_TABLE: Final = Delivery._meta.db_table


@dataclass(frozen=True, slots=True)
class Terms:
    """What is the same for all steps of one statement."""

    token: UUID | None = None
    """Of the lease under which they are held, where a line of the act is fenced by it."""
    sets: Mapping[str, Sql] | None = None
    """Columns that all of them get."""
    late: datetime | None = None
    """What would wait again though its words are true no longer at this time expires instead: it was
    withdrawn while it was with the provider."""
    locked: bool = False
    """They are locked by this transaction: none need be waited for."""


_PLAIN: Final = Terms()


def move_each(act: Act, steps: Sequence[Step], terms: Terms = _PLAIN) -> set[int]:
    """Move these in one statement; the ids of those that moved.

    Raises IllegalMove where one of them is to stand where the act leads nobody; one that has moved on
    meanwhile, or that its fence keeps out, is left as it is.
    """
    if not steps:
        return set()
    lines = [line for line in MOVES if line.act == act]
    allowed = frozenset[State]().union(*(line.after for line in lines))
    if unheard := {step.state for step in steps} - allowed:
        raise IllegalMove(act, frozenset().union(*(line.before for line in lines)), min(unheard))
    columns, values = _given(steps)
    given = sql.rows_of_values({name: _KINDS[name] for name in columns}, values)
    mine = _mine(lines, [step.id for step in steps], terms)
    still = " OR ".join(_still(line, allowed) for line in lines)
    sets = _sets(columns, terms)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH given AS MATERIALIZED ({given.sql}), mine AS MATERIALIZED ({mine.sql})"
            f" UPDATE {_TABLE} SET {sets.sql} FROM mine JOIN given ON given.id = mine.id"
            f" WHERE {_TABLE}.id = mine.id AND ({still}) RETURNING {_TABLE}.id",
            [*given.parameters, *mine.parameters, *sets.parameters],
        )
        return {row[0] for row in cursor.fetchall()}


def _given(steps: Sequence[Step]) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The columns that any of the steps gives, and the values of each step."""
    places = [
        place
        for place, name in enumerate(Step._fields)
        if name in _CONDITIONS or any(step[place] is not None for step in steps)
    ]
    values = itemgetter(*places)
    return [Step._fields[place] for place in places], [values(step) for step in steps]


def _mine(lines: Sequence[Move], ids: Sequence[int], terms: Terms) -> Sql:
    """The rows that stand where one of the lines begins, locked in their order unless they are already.

    A sum, as above.
    """
    conditions, values = [], []
    for line in lines:
        stands = f"state + 0 IN ({_numbers(line.before)})"
        if Fence.LEASE in line.fence:
            stands = f"(lease_token = %s AND {stands})"
            values.append(sql.stored_value(Delivery, "lease_token", terms.token))
        conditions.append(stands)
    rows = sql.among("id", ids) if terms.locked else sql.in_order(sorted(ids))
    return Sql(
        f"SELECT id FROM {_TABLE} WHERE ({' OR '.join(conditions)}) AND {rows.sql}",
        [*values, *rows.parameters],
    )


def _still(line: Move, allowed: frozenset[State]) -> str:
    """The condition under which a row makes this move, looked at again once it is locked."""
    parts = [f"{_TABLE}.state + 0 IN ({_numbers(line.before)})"]
    if line.after != allowed:
        parts.append(f"given.state IN ({_numbers(line.after)})")
    if Fence.ATTEMPT in line.fence:
        parts.append(f"{_TABLE}.attempt = given.attempt")
    if Fence.RANK in line.fence:
        parts.append(f"{_TABLE}.rank < given.rank")
    return f"({' AND '.join(parts)})"


def _sets(columns: Sequence[str], terms: Terms) -> Sql:
    """Who held them holds them no longer, unless the terms say who does."""
    shared = {"lease_token": Sql("NULL", ()), "lease_until": Sql("NULL", ()), **(terms.sets or {})}
    sets = [f"{name} = {value.sql}" for name, value in shared.items()]
    values = [one for value in shared.values() for one in value.parameters]
    own = [name for name in columns if name not in {"id", "attempt", *shared}]
    if terms.late is None:
        sets += [f"{name} = {_or_as_it_was(name)}" for name in own]
        return Sql(", ".join(sets), values)
    true = f"given.state NOT IN ({_numbers(_WAITING)}) OR {_TABLE}.expires_at > %s"
    instead = {"state": f"{State.EXPIRED:d}", "reason": f"'{NO_LONGER_TRUE}'"}
    for name in own:
        value = _or_as_it_was(name)
        if name in instead:
            value = f"CASE WHEN {true} THEN {value} ELSE {instead[name]} END"
            values.append(sql.stored_value(Delivery, "expires_at", terms.late))
        sets.append(f"{name} = {value}")
    return Sql(", ".join(sets), values)


def _or_as_it_was(column: str) -> str:
    return "given.state" if column == "state" else f"COALESCE(given.{column}, {_TABLE}.{column})"


def _numbers(states: Collection[State]) -> str:
    return ", ".join(str(int(state)) for state in sorted(states))
