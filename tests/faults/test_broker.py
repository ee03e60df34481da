"""A broker that forgets, falls silent, dies, or is full of the past: it costs time and nothing else."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
import requests

from notifications.models import State
from tests.faults import scene
from tests.faults.bank import Bank
from tests.faults.conftest import Report

pytestmark = [pytest.mark.postgresql, pytest.mark.redis, pytest.mark.process]

CUSTOMERS = 600


@pytest.mark.environment(LEASE_SECONDS="20")
def test_wiped_paused_and_killed_in_mid_run(bank: Bank, report: Report) -> None:
    """F10: one after the other, and the pages answer while it is away."""
    scene.notice(CUSTOMERS, prepared=True)
    bank.behave(delay=1)
    bank.web()
    bank.bench.quick_beat()
    bank.bench.worker()
    bank.until(lambda: bank.texted() > 0)
    bank.redis.wipe()
    bank.until(lambda: bank.texted() > CUSTOMERS // 4)
    bank.redis.pause(4)
    bank.until(lambda: bank.texted() > CUSTOMERS // 2)
    bank.redis.kill()
    try:
        # the patience of the reader is the test: nothing that a page does waits for the broker
        for path in ("/healthz", "/readyz", "/"):
            assert requests.get(f"http://127.0.0.1:{bank.port}{path}", timeout=2).status_code == 200
    finally:
        bank.redis.start()
    bank.strike()

    assert report(bank.whole("F10 Redis wiped, paused, killed", CUSTOMERS)).unknown == 0


def test_what_the_dead_have_left_behind_is_in_nobodys_way(bank: Bank, report: Report) -> None:
    """F29: leases in the database, unfinished tasks and a queue of old ones in Redis; nobody clears them."""
    scene.notice(100, prepared=True)
    bank.behave(delay=30)
    clock = bank.bench.quick_beat()
    worker = bank.bench.worker()
    bank.until(lambda: bank.texted() > 0 and bank.texted() == bank.count(State.SENDING))
    bank.kill(worker)
    bank.kill(clock)
    with bank.redis.line() as line:
        assert line.hlen("unacked") > 0
        [left, *_] = line.hvals("unacked")
        line.rpush("lull", *[_another(json.loads(left)[0]) for _ in range(2_000)])
    bank.behave()

    bank.bench.quick_beat()
    bank.bench.worker()
    figures = report(bank.whole("F29 leases and tasks of the dead", 100))
    assert figures.unknown <= 2 * bank.in_flight


def _another(message: dict[str, Any]) -> str:
    """The same order once more: a message of its own, as the clock would have made it."""
    own = str(uuid4())
    headers = {**message["headers"], "id": own}
    properties = {**message["properties"], "correlation_id": own, "delivery_tag": str(uuid4())}
    return json.dumps({**message, "headers": headers, "properties": properties})
