"""A delivery makes the moves that the table has, and no other, whoever asks for it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings

from notifications.admin import lists, progress
from notifications.delivery import transitions
from notifications.delivery.transitions import MOVES, RANK, Act, Fence, IllegalMove, Step, Terms
from notifications.models import Delivery, State, WaitsFor
from tests import people
from tests.notifications.delivery import state_diagram

DOCUMENT = Path(settings.ROOT) / "docs" / "delivery_states.md"


def _one(state: State, **options: Any) -> Delivery:
    token = {"lease_token": people.TOKEN} if state == State.SENDING else {}
    values: dict[str, Any] = {"state": state, "attempt": 1, "rank": RANK.get(state, 0), **token, **options}
    return people.queued(people.notice(people.window()), **values)[0]


def _stands(row: Delivery) -> State:
    return State(Delivery.objects.get(pk=row.pk).state)


def test_the_diagram_in_the_documents_is_the_table() -> None:
    kept = DOCUMENT.read_text().split("```mermaid\n")[1].split("\n```")[0]

    assert kept == state_diagram.drawn()


def test_every_state_is_drawn() -> None:
    ends = {state for line in MOVES for state in (*line.before, *line.after)}

    assert ends == set(State)


def test_every_state_has_its_place_in_a_bar_and_its_colour() -> None:
    assert set(progress.ORDER) == set(State)
    assert set(lists._TONES) == set(State)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("act", "before", "after"),
    [
        (Act.WITHDRAW, State.SENT, State.WITHDRAWN),
        (Act.CONFIRM, State.QUEUED, State.SENT),
        (Act.PUT_BACK, State.DELIVERED, State.QUEUED),
        (Act.LAPSE, State.SENDING, State.QUEUED),
    ],
)
def test_a_move_that_is_not_in_the_table_is_refused(act: Act, before: State, after: State) -> None:
    row = _one(before)

    with pytest.raises(IllegalMove, match=f"{act.name}: no delivery moves"):
        transitions.move(Delivery.objects.all(), act, before, after)
    assert _stands(row) == before


@pytest.mark.django_db
def test_one_that_is_to_stand_where_its_act_leads_nobody_keeps_all_where_they_are() -> None:
    rows = [_one(State.UNKNOWN), _one(State.UNKNOWN)]
    steps = [Step(rows[0].pk, State.SENT, 1), Step(rows[1].pk, State.EXPIRED, 1)]

    with pytest.raises(IllegalMove):
        transitions.move_each(Act.DECIDE, steps)
    assert [_stands(row) for row in rows] == [State.UNKNOWN] * 2


@pytest.mark.django_db
@pytest.mark.parametrize("before", State)
def test_an_answer_moves_only_what_stands_where_the_table_says(now: datetime, before: State) -> None:
    row = _one(before)
    transitions.move_each(
        Act.SETTLE,
        [Step(row.pk, State.UNKNOWN, 1, reason="no answer")],
        Terms(token=people.TOKEN, late=now),
    )

    assert _stands(row) == (State.UNKNOWN if before == State.SENDING else before)


@pytest.mark.django_db
@pytest.mark.parametrize("before", frozenset(State) - {State.DELIVERED})
def test_a_receipt_of_this_attempt_counts_wherever_the_delivery_stands(before: State) -> None:
    row = _one(before)
    transitions.move_each(Act.RECEIPT, [Step(row.pk, State.DELIVERED, 1, RANK[State.DELIVERED])])

    assert _stands(row) == State.DELIVERED


@pytest.mark.django_db
def test_a_fence_keeps_out_another_lease_another_attempt_and_a_lower_rank(now: datetime) -> None:
    sending, doubt, arrived = _one(State.SENDING), _one(State.HELD, attempt=2), _one(State.FAILED)
    terms = Terms(token=UUID(int=2), late=now)

    transitions.move_each(Act.SETTLE, [Step(sending.pk, State.SENT, 1)], terms)
    transitions.move_each(Act.DECIDE, [Step(doubt.pk, State.SENT, 1)])
    transitions.move_each(Act.RECEIPT, [Step(arrived.pk, State.SENT, 1, RANK[State.SENT])])
    assert [_stands(row) for row in (sending, doubt, arrived)] == [State.SENDING, State.HELD, State.FAILED]


@pytest.mark.django_db
def test_what_moves_waits_for_nothing_unless_it_says_for_what(now: datetime) -> None:
    first, second = _one(State.FAILED), _one(State.FAILED)
    rows = Delivery.objects.filter(pk=first.pk)
    transitions.move(rows, Act.PUT_BACK, State.FAILED, State.QUEUED, waits_for=WaitsFor.SENDER)
    transitions.move(Delivery.objects.filter(pk=second.pk), Act.SEND_AGAIN, State.FAILED, State.QUEUED)

    found = Delivery.objects.order_by("pk").values_list("waits_for", flat=True)
    assert list(found) == [WaitsFor.SENDER, WaitsFor.NOTHING]


def test_whoever_may_be_somebody_elses_is_fenced() -> None:
    """An act that starts with the provider's answer, or ends a doubt, finds rows that have moved on."""
    open_ended = {Act.SETTLE, Act.RECEIPT, Act.ASK, Act.DECIDE}

    assert {line.act for line in MOVES if line.fence != Fence.NONE} == open_ended
