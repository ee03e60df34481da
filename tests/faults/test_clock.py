"""Clocks that stop for an hour, that are wrong, and that come to the customers' night in mid-run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from maintenance.models import Customer
from notifications import sql
from notifications.models import Delivery, Notice, State
from notifications.operations import heartbeats
from notifications.planning.preparation import SLICE
from tests import people
from tests.faults import scene
from tests.faults.bank import Bank
from tests.faults.conftest import Report
from tests.faults.test_killed_preparation import _place_taken

pytestmark = [pytest.mark.postgresql, pytest.mark.redis, pytest.mark.process]

CUSTOMERS = 150
REFUSED = 20
_TIMES = {
    Notice: ("due_at", "prepared_at", "progress_at"),
    Delivery: ("not_before", "lease_until", "intended_at", "sent_at"),
}


def test_an_hour_without_a_clock_is_made_up_for(bank: Bank, report: Report) -> None:
    """F11: it stopped while deliveries were being made, sent, refused for now, and in doubt."""
    notice = scene.notice(CUSTOMERS)
    scene.customers(SLICE - CUSTOMERS, phones=False, first=CUSTOMERS)
    scene.customers(CUSTOMERS, first=SLICE)
    everybody = list(Customer.objects.order_by("pk").values_list("pk", flat=True))
    bank.behave(status=429, code=20429, every=4, delay=2)
    clock = bank.bench.quick_beat()
    preparing = bank.bench.worker(children=1)
    with _place_taken(notice, everybody[SLICE + 1]):
        bank.until(lambda: bool(bank.postgres.waiting()))
        bank.kill(clock)
        bank.kill(preparing)
        bank.postgres.hang_up(bank.postgres.waiting())
    bank.redis.wipe()  # of ticks that would go on with it
    sending = bank.bench.worker("sending", children=1)
    bank.bench.start("-m", "celery", "-A", "config", "call", "notifications.tasks.deliver", "-a", '["sms"]')
    bank.until(lambda: bank.texted() > 0 and bank.count(State.QUEUED, attempt=1) > 0)
    bank.kill(sending)
    assert Notice.objects.get(pk=notice.pk).status == Notice.Status.PREPARING
    _an_hour_passes(bank)
    bank.behave()

    bank.strike()
    bank.bench.quick_beat()
    bank.bench.worker("third", children=2)
    report(
        bank.whole("F11 an hour without a clock", SLICE + CUSTOMERS, ended=[State.NO_ADDRESS], by_hand=True)
    )
    assert bank.count(State.SENT) == 2 * CUSTOMERS


def _an_hour_passes(bank: Bank) -> None:
    for model, columns in _TIMES.items():
        moved = ", ".join(f"{column} = {column} - interval '1 hour'" for column in columns)
        bank.postgres.ask(f"UPDATE {model._meta.db_table} SET {moved}")  # noqa: S608


@pytest.mark.environment(LEASE_SECONDS="20")
def test_workers_whose_clocks_are_an_hour_apart_leave_each_others_leases_alone(
    bank: Bank, report: Report
) -> None:
    """F20: who is ahead takes nobody for dead, and who is behind holds nothing too long."""
    scene.notice(CUSTOMERS, prepared=True)
    bank.behave(delay=1)
    for name, minutes in (("ahead", 55), ("right", 0), ("behind", -55)):
        bank.bench.clocked(name, timedelta(minutes=minutes))

    assert report(bank.whole("F20 clocks an hour apart", CUSTOMERS)).unknown == 0


@pytest.mark.environment(RETRY_SECONDS="5")
@pytest.mark.parametrize("days", [1, -1])
def test_a_worker_a_day_off_puts_nothing_off_by_a_day(bank: Bank, report: Report, days: int) -> None:
    """F20: what is refused for now is tried again in seconds, by the database's clock, whoever heard it."""
    scene.notice(REFUSED, prepared=True)
    bank.behave(status=429, code=20429)
    off = bank.bench.clocked("off", timedelta(days=days))
    bank.until(lambda: bank.count(State.QUEUED, attempt=1) == REFUSED)
    bank.kill(*off)
    soon = sql.database_now() + timedelta(minutes=1)
    assert bank.count(State.QUEUED, not_before__lte=soon) == REFUSED
    bank.behave()

    bank.bench.clocked("right", timedelta(0))
    assert report(bank.whole(f"F20 a clock {days:+d} day off", REFUSED)).seconds < 60


def test_a_worker_a_day_ahead_sends_nothing_early_and_ends_nothing(bank: Bank, report: Report) -> None:
    """F20: neither what is due tomorrow nor what is true until this evening."""
    scene.notice(REFUSED, prepared=True)
    moment = sql.database_now()
    hours = timedelta(hours=1)
    Delivery.objects.update(not_before=moment + 2 * hours, expires_at=moment + 4 * hours)
    Notice.objects.update(true_until=moment + 4 * hours)
    coming = people.notice(scene.window(), due_at=moment + hours, true_until=moment + 4 * hours)
    bank.bench.clocked("ahead", timedelta(days=1))
    bank.until(lambda: {"tick", "sweep"} <= heartbeats.last_beats().keys())

    assert bank.count(State.QUEUED) == REFUSED
    assert Notice.objects.get(pk=coming.pk).status == Notice.Status.PLANNED
    assert bank.texted() == 0


@pytest.mark.environment(LEASE_SECONDS="20")
def test_the_night_begins_in_mid_run_and_the_morning_goes_on(bank: Bank, report: Report) -> None:
    """F20: whoever had not been written to at nine in the evening is written to from eight on."""
    now = datetime.now(UTC)
    evening = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    ahead = evening - now - timedelta(seconds=9)
    zone = f"Etc/GMT{evening.hour - 21:+d}" if evening.hour >= 9 else f"Etc/GMT{evening.hour + 3:+d}"
    made = people.notice(scene.window(), channels=["sms"], due_at=now)
    scene.customers(2 * CUSTOMERS, time_zone=zone)
    scene.prepare(made)
    Delivery.objects.update(not_before=now)
    bank.behave(delay=3)
    late = bank.at("late", ahead)
    bank.until(lambda: bank.count(State.QUEUED, not_before__gt=now) == 2 * CUSTOMERS - bank.count(State.SENT))
    assert bank.count(State.SENT) < 2 * CUSTOMERS
    for row in Delivery.objects.filter(state=State.SENT):
        assert row.intended_at
        assert row.intended_at < evening + timedelta(seconds=1)

    bank.kill(*late)
    bank.behave()
    bank.at("early", ahead + timedelta(hours=11, seconds=1))
    assert report(bank.whole("F20 the night begins", 2 * CUSTOMERS)).unknown == 0
