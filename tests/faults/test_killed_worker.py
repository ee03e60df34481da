"""SIGKILL to a Celery worker in the middle of a run: nothing lost, nothing doubled, doubt bounded."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings

from notifications import reconciliation
from notifications.models import Attempt, Delivery, State
from tests.faults import harness

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.redis,
    pytest.mark.process,
    pytest.mark.django_db(transaction=True),
]

CUSTOMERS = 400
CHILDREN = 2


def _count(*states: State) -> int:
    return Delivery.objects.filter(state__in=states).count()


def test_a_worker_killed_in_mid_run_loses_nothing_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.due_notice(CUSTOMERS)
    with harness.bench(tmp_path) as bench:
        log = harness.twilio(bench, delay=0.1)
        bench.beat()
        victim = bench.worker(children=CHILDREN)
        harness.until(lambda: len(harness.texted(log)) >= CUSTOMERS // 4, seconds=60, made=bench)
        bench.kill(victim)
        taken_at_death = {message.delivery for message in harness.texted(log)}
        assert len(taken_at_death) < CUSTOMERS  # killed in the middle, not after the end

        bench.worker(children=CHILDREN)
        held = (State.QUEUED, State.CLAIMED, State.SENDING)
        harness.until(
            lambda: Delivery.objects.count() == CUSTOMERS and not _count(*held), seconds=90, made=bench
        )

        unknown = _count(State.UNKNOWN)
        assert unknown <= CHILDREN * settings.DELIVERIES_IN_FLIGHT
        assert _count(State.SENT) + unknown == CUSTOMERS
        assert Attempt.objects.filter(outcome="lease lapsed").count() == unknown

        # the provider is asked: what it took is sent, what it did not take a person may send again
        for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM", "TWILIO_API_BASE"):
            monkeypatch.setattr(settings, name, bench.environment[name])
        monkeypatch.setattr(reconciliation, "_RECEIPT_FIRST", timedelta(0))
        monkeypatch.setattr(reconciliation, "_BATCH", CUSTOMERS)
        reconciliation.reconcile(now=datetime.now(UTC))
        sent = set(Delivery.objects.filter(state=State.SENT).values_list("public_id", flat=True))
        assert sent == {message.delivery for message in harness.texted(log)}

        lost_on_the_way = list(Delivery.objects.filter(state=State.UNKNOWN))
        for row in lost_on_the_way:
            assert row.public_id not in taken_at_death
            reconciliation.release(row, sent=False, by="olga", now=datetime.now(UTC))
        harness.until(lambda: _count(State.SENT) == CUSTOMERS, seconds=60, made=bench)

        times_taken = Counter(message.to for message in harness.texted(log))
        assert set(times_taken.values()) == {1}
        assert len(times_taken) == CUSTOMERS
        print(  # noqa: T201  # the figures of the run, for `pytest -s`
            f"\n{CUSTOMERS} deliveries, killed with {len(taken_at_death)} at the provider: {unknown} unknown,"
            f" {unknown - len(lost_on_the_way)} found there, {len(lost_on_the_way)} sent again by hand,"
            " 0 lost, 0 doubled"
        )
