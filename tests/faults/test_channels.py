"""Every channel moves, however slow and full another one is, with workers as the README prescribes them."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from notifications.delivery.sending import TURN_SECONDS
from notifications.models import Delivery, Notice, State
from notifications.operations import heartbeats
from tests import people
from tests.faults import harness, scene
from tests.faults.bank import Bank

pytestmark = [pytest.mark.postgresql, pytest.mark.redis, pytest.mark.process]

OTHERS = ("email", "inapp", "social")
SENDERS = "lull.sms,lull.email,lull.inapp,lull.social"
SLOW_SECONDS = 28
LATEST_SECONDS = 15
"""Five are promised, and a busy machine needs more. Whoever waits for SMS waits for their slow calls, or for
the hundreds that the rate still holds back."""

SLOW = pytest.mark.environment(RATES='{"sms": 20}')
RATED = pytest.mark.environment(RATES='{"sms": 50}')


@pytest.mark.parametrize(
    ("workers", "children", "customers", "delay"),
    [
        pytest.param(1, 1, 400, SLOW_SECONDS, marks=SLOW, id="one process, slow calls"),
        pytest.param(2, 2, 400, SLOW_SECONDS, marks=SLOW, id="four processes, slow calls"),
        pytest.param(2, 2, 2_000, 0, marks=RATED, id="four processes, a rate"),
    ],
)
def test_no_channel_waits_for_a_full_queue_of_sms(
    bank: Bank, workers: int, children: int, customers: int, delay: int
) -> None:
    mails = harness.smtp(bank.bench)
    bank.behave(delay=delay)
    first = scene.notice(customers, "sms", prepared=True, mails=True)
    bank.bench.beat()
    bank.bench.worker("hands", children=1, queues="lull")
    for number in range(workers):
        bank.bench.worker(f"sender{number}", children=children, queues=SENDERS)
    bank.until(lambda: _at_work(delay) >= (workers * children if delay else 1))

    moment = datetime.now(UTC)
    second = people.notice(first.window, channels=OTHERS, due_at=moment, status=Notice.Status.PLANNED)
    scene.prepare(second)
    passed = harness.until(lambda: all(map(_has_moved, OTHERS)), seconds=LATEST_SECONDS, made=bank.bench)

    assert passed < LATEST_SECONDS
    assert harness.mailed(mails) != []
    assert bank.count(State.QUEUED, channel="sms") > 0


def test_a_worker_for_one_channel_sends_on_no_other(bank: Bank) -> None:
    scene.notice(20, "sms", "email", "inapp", prepared=True)
    bank.bench.beat()
    bank.bench.worker("hands", children=1, queues="lull")
    bank.bench.worker("sender", children=1, queues="lull.sms")
    bank.until(lambda: bank.count(State.SENT, channel="sms") == 20)
    bank.until(lambda: f"{heartbeats.SERVING}sms" in heartbeats.last_beats())

    assert bank.count(State.QUEUED, channel="email") == 20
    assert bank.count(State.QUEUED, channel="inapp") == 1
    assert [hand for hand in heartbeats.last_beats() if hand.startswith(heartbeats.SERVING)] == ["serve sms"]


@pytest.mark.environment(RATES="{}", LEASE_SECONDS="120")
def test_a_worker_that_ends_settles_what_its_turns_have_left_behind(bank: Bank) -> None:
    bank.behave(delay=TURN_SECONDS + 7)  # below the longest wait for an answer
    scene.notice(10, "sms", prepared=True)
    bank.bench.beat()
    bank.bench.worker("hands", children=1, queues="lull")
    worker = bank.bench.worker("sender", children=1, queues=SENDERS)
    bank.until(lambda: bank.count(State.SENDING) == 10)
    time.sleep(TURN_SECONDS + 4)  # the turn is over, the calls are not
    assert bank.count(State.SENDING) == 10
    worker.terminate()
    worker.wait(60)

    assert bank.count(State.SENT) == 10


def _at_work(delay: int) -> int:
    """How many processes have SMS under way; of quick calls, how many are over."""
    rows = Delivery.objects.filter(channel="sms", state=State.SENDING if delay else State.SENT)
    return rows.values("lease_token").distinct().count() if delay else rows.count()


def _has_moved(channel: str) -> bool:
    return Delivery.objects.filter(channel=channel, state=State.SENT).exists()
