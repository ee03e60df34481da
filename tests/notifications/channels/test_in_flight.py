"""The window of calls: kept filled, never overfilled, and never waiting for the slowest."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Iterator, Sequence

import pytest

from notifications.channels import in_flight
from notifications.channels.providers import outcome_of
from notifications.channels.providers.http import client, loops
from notifications.channels.types import Message, Outcome, Verdict
from tests.notifications import messages


class Held:
    """A wire whose calls end only when they are let go."""

    def __init__(self) -> None:
        self.gates: dict[str, asyncio.Event] = {}

    def hold(self, message: Message) -> None:
        """Make the call of a message wait."""
        self.gates[message.address] = asyncio.Event()

    async def __call__(self, group: Sequence[Message]) -> Sequence[Outcome]:
        for message in group:
            if message.address in self.gates:
                await asyncio.wait_for(self.gates[message.address].wait(), 5)
        return [outcome_of(message, Verdict.ACCEPTED, "held") for message in group]


def _messages(number: int) -> list[Message]:
    return [messages.sms(f"+4477009{which:05}") for which in range(number)]


@pytest.fixture(params=[loops._new, asyncio.new_event_loop], ids=["ours", "asyncio"])
def _each_loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """They differ in what they still call after an error, and in when they hear of a line."""
    loops.close_loops()
    monkeypatch.setattr(loops, "_new", request.param)
    yield
    loops.close_loops()


def test_every_message_has_one_outcome() -> None:
    sent = _messages(50)
    outcomes = list(in_flight.carry(iter(sent), Held(), in_flight=8, provider="held"))
    assert sorted(one.delivery for one in outcomes) == sorted(message.delivery for message in sent)


def test_a_slow_call_holds_up_no_other() -> None:
    sent, wire = _messages(50), Held()
    wire.hold(sent[0])
    outcomes = in_flight.carry(iter(sent), wire, in_flight=4, provider="held")
    others = [next(outcomes).delivery for _ in range(49)]
    assert set(others) == {message.delivery for message in sent[1:]}
    wire.gates[sent[0].address].set()
    assert [one.delivery for one in outcomes] == [sent[0].delivery]


def test_never_more_are_pulled_than_may_be_in_flight() -> None:
    sent, wire = _messages(30), Held()
    pulled, answered, most = 0, 0, 0

    def source() -> Iterator[Message]:
        nonlocal pulled, most
        for message in sent:
            pulled += 1
            most = max(most, pulled - answered)
            yield message

    for _ in in_flight.carry(source(), wire, in_flight=4, provider="held"):
        answered += 1
    assert (pulled, most) == (30, 4)


def test_the_window_is_filled() -> None:
    sent, wire = _messages(8), Held()
    for message in sent:
        wire.hold(message)
    outcomes = in_flight.carry(iter(sent), wire, in_flight=8, provider="held")
    wire.gates[sent[7].address].set()
    assert next(outcomes).delivery == sent[7].delivery  # the eighth was under way behind seven that were not
    for gate in wire.gates.values():
        gate.set()
    assert len(list(outcomes)) == 7


@pytest.mark.parametrize(("first", "many"), [(0.0, True), (0.1, False)], ids=["quick", "slow"])
def test_the_quicker_answers_come_the_more_places_are_filled_together(first: float, many: bool) -> None:
    """They trickle in: to write down each few of them would take longer than to wait for the others."""
    answered, bursts = 0, []

    def source() -> Iterator[Message]:
        nonlocal answered
        for message in _messages(160):
            if answered:
                bursts.append(answered)
                answered = 0
            yield message

    turn = asyncio.Lock()

    async def one_after_the_other(group: Sequence[Message]) -> Sequence[Outcome]:
        await asyncio.sleep(first)
        async with turn:
            for _ in range(3):
                await asyncio.sleep(0)
        return [outcome_of(message, Verdict.ACCEPTED, "held") for message in group]

    for _ in in_flight.carry(source(), one_after_the_other, in_flight=16, provider="held"):
        answered += 1

    assert (sorted(bursts)[len(bursts) // 2] >= 12) is many


def test_messages_are_asked_for_only_in_the_callers_thread() -> None:
    asked, wire = set(), Held()

    def source() -> Iterator[Message]:
        for message in _messages(10):
            asked.add(threading.current_thread())
            yield message

    list(in_flight.carry(source(), wire, in_flight=4, provider="held"))
    assert asked == {threading.current_thread()}


def test_a_fault_in_one_call_leaves_that_message_unknown_and_the_others_sent(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sent = _messages(3)

    async def call(group: Sequence[Message]) -> Sequence[Outcome]:
        if group[0] is sent[1]:
            raise RuntimeError(f"no idea what {group[0].address} is")
        return [outcome_of(message, Verdict.ACCEPTED, "held") for message in group]

    with caplog.at_level(logging.CRITICAL, "notifications.channels.in_flight"):
        results = {
            one.delivery: one for one in in_flight.carry(iter(sent), call, in_flight=2, provider="held")
        }
    assert [results[message.delivery].result for message in sent] == [
        Verdict.ACCEPTED,
        Verdict.UNKNOWN,
        Verdict.ACCEPTED,
    ]
    assert results[sent[1].delivery].detail == "RuntimeError: no idea what (address) is"


def test_an_error_of_the_source_comes_after_the_outcomes_of_what_was_handed_out() -> None:
    sent = _messages(3)

    def source() -> Iterator[Message]:
        yield from sent
        raise RuntimeError("the database went away")

    outcomes = in_flight.carry(source(), Held(), in_flight=8, provider="held")
    assert {next(outcomes).delivery for _ in sent} == {message.delivery for message in sent}
    with pytest.raises(RuntimeError, match="the database went away"):
        next(outcomes)


def test_a_caller_that_goes_away_does_not_wait() -> None:
    sent, wire = _messages(2), Held()
    wire.hold(sent[0])
    outcomes = in_flight.carry(iter(sent), wire, in_flight=2, provider="held")
    next(outcomes)
    assert isinstance(outcomes, Iterator)
    outcomes.close()  # type: ignore[attr-defined]  # it is a generator
    wire.gates[sent[0].address].set()


@pytest.mark.usefixtures("_each_loop")
def test_what_was_not_begun_when_the_process_was_interrupted_is_never_sent() -> None:
    begun: list[Message] = []

    def interrupt() -> None:
        raise KeyboardInterrupt

    def source() -> Iterator[Message]:
        loops.current_loop().call_soon(interrupt)
        yield from _messages(2)

    async def call(group: Sequence[Message]) -> Sequence[Outcome]:
        begun.extend(group)
        return [outcome_of(message, Verdict.ACCEPTED, "wire") for message in group]

    with pytest.raises(KeyboardInterrupt):
        list(in_flight.carry(source(), call, in_flight=2, provider="wire"))
    loops.run_on_loop(asyncio.sleep(0.01))
    assert begun == []


def test_places_that_are_few_are_filled_while_the_other_calls_are_slow() -> None:
    sent, wire = _messages(20), Held()
    for message in sent[:14]:
        wire.hold(message)
    outcomes = in_flight.carry(iter(sent), wire, in_flight=16, provider="held")
    first = [next(outcomes).delivery for _ in range(6)]
    for gate in wire.gates.values():
        gate.set()

    assert set(first) == {message.delivery for message in sent[14:]}
    assert len(list(outcomes)) == 14


def test_a_call_that_is_given_up_from_within_is_in_doubt_and_holds_up_no_other() -> None:
    sent = _messages(3)

    async def call(group: Sequence[Message]) -> Sequence[Outcome]:
        if group[0] is sent[1]:
            raise asyncio.CancelledError
        return [outcome_of(message, Verdict.ACCEPTED, "wire") for message in group]

    outcomes = in_flight.carry(iter(sent), call, in_flight=2, provider="wire")
    assert {one.delivery: one.result for one in outcomes} == {
        sent[0].delivery: Verdict.ACCEPTED,
        sent[1].delivery: Verdict.UNKNOWN,
        sent[2].delivery: Verdict.ACCEPTED,
    }


@pytest.mark.usefixtures("_each_loop")
def test_a_line_that_was_closed_while_the_loop_stood_still_is_not_used_again() -> None:
    closed = threading.Event()

    def serve(door: socket.socket) -> None:
        for _ in range(2):
            line, _address = door.accept()
            with line:
                line.recv(65_536)
                line.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}")
                heard.wait(5)
            closed.set()

    async def call(group: Sequence[Message]) -> Sequence[Outcome]:
        await client.async_session("line").post(f"http://127.0.0.1:{door.getsockname()[1]}/", b"", {})
        return [outcome_of(message, Verdict.ACCEPTED, "line") for message in group]

    with socket.create_server(("127.0.0.1", 0)) as door:
        heard = threading.Event()
        server = threading.Thread(target=serve, args=[door], daemon=True)
        server.start()
        results = []
        for message in _messages(2):
            (one,) = in_flight.carry(iter([message]), call, in_flight=1, provider="line")
            results.append(one.result)
            heard.set()
            closed.wait(5)
        server.join(5)

    assert results == [Verdict.ACCEPTED, Verdict.ACCEPTED]
