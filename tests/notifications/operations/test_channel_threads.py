"""Each channel of a process is sent on by a thread of its own: none waits for another."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from notifications.channels import open_channel
from notifications.channels.providers.http import loops
from notifications.channels.types import Channel, Message, Outcome, Pause, Verdict
from notifications.delivery import sending
from notifications.models import Delivery, Notice, State
from notifications.operations import channel_threads
from notifications.reporting import progress
from tests import people
from tests.faults import harness

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 60.0


class Wire(Channel):
    """A wire that takes what it is given, and answers once `goes_on` is set."""

    provider = "wire"

    def __init__(self, goes_on: threading.Event, *, fails: bool = False) -> None:
        super().__init__(in_flight=2)
        self.goes_on, self.fails = goes_on, fails
        self.taken = threading.Event()
        self.threads: list[int] = []
        self.loops: set[int] = set()

    def send(self, messages: Iterator[Message | Pause]) -> Iterator[Outcome]:
        self.threads.append(threading.get_ident())
        self.loops.add(id(loops.current_loop()))
        for message in messages:
            if isinstance(message, Pause):
                continue
            self.taken.set()
            if self.fails:
                raise RuntimeError("no such road")
            assert self.goes_on.wait(PATIENCE)
            yield Outcome(message.delivery, message.attempt, Verdict.ACCEPTED, self.provider, "ref")


Road = Callable[[str, Wire], Wire]


@pytest.fixture
def road(monkeypatch: pytest.MonkeyPatch) -> Iterator[Road]:
    """Puts a wire behind a channel; the others lead to the outbox."""
    wires: dict[str, Wire] = {}

    def opened(name: str, in_flight: int, *, demonstration: bool) -> Channel:
        if name in wires and not demonstration:
            return wires[name]
        return open_channel(name, in_flight, demonstration=demonstration)

    def put(channel: str, wire: Wire) -> Wire:
        wires[channel] = wire
        return wire

    monkeypatch.setattr(sending, "open_channel", opened)
    yield put
    for wire in wires.values():
        wire.goes_on.set()
    channel_threads.close_threads(PATIENCE)


def due(*channels: str, number: int = 1) -> None:
    """So many deliveries on each of these, to customers who are awake."""
    moment = timezone.now()
    notice = people.notice(people.window(), channels=channels, due_at=moment, status=Notice.Status.PREPARED)
    for channel in channels:
        for row in people.queued(notice, number=number, channel=channel):
            row.customer.time_zone = harness.awake()  # type: ignore[union-attr]
            row.customer.save()  # type: ignore[union-attr]
    Delivery.objects.update(expires_at=moment + timedelta(days=1))


def sent(channel: str) -> int:
    """How many of its deliveries are out."""
    return Delivery.objects.filter(channel=channel, state=State.SENT).count()


def until(condition: Callable[[], bool]) -> None:
    """Wait until it holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, list(Delivery.objects.values_list("channel", "state", "reason"))
        time.sleep(0.02)


@contextlib.contextmanager
def serving(*channels: str, **options: Any) -> Iterator[None]:
    """A turn beside the test, which ends with the block."""

    def serve() -> None:
        try:
            channel_threads.serve(channels, **options)
        finally:
            connection.close()

    turn = threading.Thread(target=serve)
    turn.start()
    yield
    turn.join(PATIENCE)
    assert not turn.is_alive()


def test_a_channel_that_waits_for_its_answers_keeps_no_other_waiting(road: Road) -> None:
    due("sms", "email")
    slow = road("sms", Wire(threading.Event()))
    with serving("sms", "email"):
        assert slow.taken.wait(PATIENCE)
        until(lambda: sent("email") == 1)
        assert sent("sms") == 0
        slow.goes_on.set()

    assert sent("sms") == 1


def test_what_becomes_due_while_another_channel_waits_is_sent_in_the_same_turn(road: Road) -> None:
    due("sms")
    slow = road("sms", Wire(threading.Event()))
    with serving("sms", "email", "inapp"):
        assert slow.taken.wait(PATIENCE)
        due("email", "inapp")
        until(lambda: sent("email") == sent("inapp") == 1)
        slow.goes_on.set()


def test_a_turn_leaves_a_channel_that_still_waits_for_its_answers_and_others_are_sent_on_in_the_next(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_threads, "_GRACE_SECONDS", 0.1)
    due("sms", number=2)
    slow = road("sms", Wire(threading.Event()))
    with serving("sms", "email", seconds=0.5):
        assert slow.taken.wait(PATIENCE)
    assert sent("sms") == 0
    due("email")
    with serving("sms", "email"):
        until(lambda: sent("email") == 1)
    assert sent("sms") == 0
    slow.goes_on.set()

    until(lambda: sent("sms") > 0)


def test_a_channel_that_fails_is_logged_and_the_others_go_on(
    road: Road, caplog: pytest.LogCaptureFixture
) -> None:
    due("sms", "email", number=3)
    road("sms", Wire(threading.Event(), fails=True))
    with caplog.at_level(logging.ERROR, "notifications.operations.channel_threads"):
        channel_threads.serve(["sms", "email"])

    assert sent("email") == 3
    assert "sending on sms failed" in caplog.text


def test_only_the_channels_that_are_named_are_sent_on(road: Road) -> None:
    due("sms", "email")
    channel_threads.serve(["sms"])

    assert (sent("sms"), sent("email")) == (1, 0)


def test_without_anything_due_a_turn_ends_at_once() -> None:
    begun = time.monotonic()
    assert channel_threads.serve(["sms", "email"]) == 0
    assert time.monotonic() - begun < sending.TURN_SECONDS / 2


def test_what_is_due_and_cannot_be_sent_holds_no_worker_for_a_turn(road: Road) -> None:
    due("sms")
    with sending._busy["sms"]:
        begun = time.monotonic()
        assert channel_threads.serve(["sms"]) == 0
    assert time.monotonic() - begun < sending.TURN_SECONDS / 2


def test_a_worker_that_leaves_takes_no_more_and_settles_what_is_under_way(road: Road) -> None:
    due("sms", number=20)
    leaving = threading.Event()
    slow = road("sms", Wire(threading.Event()))
    with serving("sms", "email", stopping=leaving.is_set):
        assert slow.taken.wait(PATIENCE)
        leaving.set()
        due("email")
        slow.goes_on.set()

    states = set(Delivery.objects.values_list("state", flat=True))
    assert states == {State.SENT, State.QUEUED}
    assert sent("email") == 0


def test_from_one_turn_to_the_next_a_channel_keeps_its_thread_and_its_loop(road: Road) -> None:
    wire = road("sms", Wire(threading.Event()))
    wire.goes_on.set()
    for _ in range(3):
        due("sms")
        channel_threads.serve(["sms"])

    assert (len(wire.threads), len(set(wire.threads)), len(wire.loops)) == (3, 1, 1)


def test_what_a_thread_has_open_is_closed_with_it(road: Road) -> None:
    wire = road("sms", Wire(threading.Event()))
    wire.goes_on.set()
    due("sms")
    before = set(loops._loops)
    channel_threads.serve(["sms"])
    assert set(loops._loops) - before != set()
    channel_threads.close_threads(PATIENCE)

    assert set(loops._loops) == before


def test_a_thread_that_has_nothing_to_do_lets_go_of_what_it_has_open(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_threads, "_KEPT_SECONDS", 0.05)
    wire = road("sms", Wire(threading.Event()))
    wire.goes_on.set()
    due("sms")
    before = set(loops._loops)
    channel_threads.serve(["sms"])
    until(lambda: set(loops._loops) == before)
    due("sms")
    channel_threads.serve(["sms"])

    assert sent("sms") == 2
    assert len(set(wire.threads)) == 1


def test_a_database_that_is_away_for_a_look_ends_no_turn(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_threads, "LOOK_SECONDS", 0.1)
    due("sms")
    slow = road("sms", Wire(threading.Event()))
    waiting, away = progress.waiting_channels, threading.Event()

    def fails(*args: object, **options: object) -> list[str]:
        if slow.taken.is_set() and not away.is_set():
            away.set()
            raise OperationalError("the server closed the connection")
        return waiting(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(progress, "waiting_channels", fails)
    with serving("sms", "email"):
        assert away.wait(PATIENCE)
        due("email")
        until(lambda: sent("email") == 1)
        slow.goes_on.set()
