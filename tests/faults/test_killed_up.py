"""kill -9 to the one process that runs everything: the next start goes on where it was."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings

from notifications.models import Delivery, State
from tests.faults import harness

pytestmark = [pytest.mark.process, pytest.mark.django_db(transaction=True)]

CUSTOMERS = 200


def _count(*states: State) -> int:
    return Delivery.objects.filter(state__in=states).count()


def test_the_next_start_finishes_what_a_killed_one_left(tmp_path: Path) -> None:
    harness.due_notice(CUSTOMERS)
    with harness.bench(tmp_path, RATES='{"sms": 0}') as bench:
        log = harness.twilio(bench, delay=1.0)
        victim = bench.up()
        harness.until(lambda: len(harness.texted(log)) >= CUSTOMERS // 4, seconds=60, made=bench)
        bench.kill(victim)
        assert len(harness.texted(log)) < CUSTOMERS

        bench.up()
        held = (State.QUEUED, State.SENDING)
        harness.until(
            lambda: Delivery.objects.count() == CUSTOMERS and not _count(*held), seconds=90, made=bench
        )

    taken = harness.texted(log)
    assert set(Counter(message.delivery for message in taken).values()) == {1}
    assert _count(State.UNKNOWN) <= settings.DELIVERIES_IN_FLIGHT
    assert _count(State.SENT) + _count(State.UNKNOWN) == CUSTOMERS
    sent = set(Delivery.objects.filter(state=State.SENT).values_list("public_id", flat=True))
    assert sent <= {message.delivery for message in taken}
