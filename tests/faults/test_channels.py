"""Every channel moves, however slow and full another one is, with workers as the README prescribes them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from notifications import heartbeats
from notifications.models import Delivery, Notice, State
from tests import people
from tests.faults import harness, scene
from tests.faults.bank import Bank

pytestmark = [pytest.mark.postgresql, pytest.mark.redis, pytest.mark.process]

CUSTOMERS = 400
OTHERS = ("email", "inapp", "social")
SENDERS = "lull.sms,lull.email,lull.inapp,lull.social"
SLOW_SECONDS = 28
LATEST_SECONDS = 15
"""Five are promised, and a busy machine needs more. Whoever waits for SMS waits for their slow calls."""


@pytest.mark.environment(RATES='{"sms": 20}')
@pytest.mark.parametrize(("workers", "children"), [(1, 1), (2, 2)])
def test_no_channel_waits_for_a_full_queue_of_slow_sms(bank: Bank, workers: int, children: int) -> None:
    mails = harness.smtp(bank.bench)
    bank.behave(delay=SLOW_SECONDS)
    first = scene.notice(CUSTOMERS, "sms", prepared=True, mails=True)
    bank.bench.beat()
    bank.bench.worker("hands", children=1, queues="lull")
    for number in range(workers):
        bank.bench.worker(f"sender{number}", children=children, queues=SENDERS)
    bank.until(lambda: _sending() == workers * children)

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
    bank.until(lambda: f"{heartbeats.SERVING}sms" in heartbeats.pulses())

    assert bank.count(State.QUEUED, channel="email") == 20
    assert bank.count(State.QUEUED, channel="inapp") == 1
    assert [hand for hand in heartbeats.pulses() if hand.startswith(heartbeats.SERVING)] == ["serve sms"]


def _sending() -> int:
    """How many processes have SMS under way."""
    held = Delivery.objects.filter(channel="sms", state=State.SENDING)
    return held.values("lease_token").distinct().count()


def _has_moved(channel: str) -> bool:
    return Delivery.objects.filter(channel=channel, state=State.SENT).exists()
