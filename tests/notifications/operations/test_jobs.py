"""The clock's jobs are the same for Celery and for `dispatch`."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from celery import current_app
from django.conf import settings
from django.utils import timezone
from pytest_django.fixtures import Settings

from maintenance.models import Customer, NoticeKind
from notifications import sql, tasks
from notifications.delivery import sending
from notifications.management.commands import dispatch
from notifications.models import Delivery, Heartbeat, Notice, PlannedChange, State
from notifications.operations import heartbeats, jobs, monitor
from notifications.operations.schedule import JOBS
from notifications.planning import preparation
from tests import people


def test_celery_hands_out_what_dispatch_moves() -> None:
    scheduled = current_app.conf.beat_schedule

    assert {name: entry["task"] for name, entry in scheduled.items()} == {job.name: job.task for job in JOBS}
    assert set(jobs.JOBS) == set(scheduled)


def test_every_hand_has_its_task() -> None:
    current_app.loader.import_default_modules()

    assert [job.task for job in JOBS if job.task not in current_app.tasks] == []


def test_orders_expire_before_they_pile_up() -> None:
    """A worker that comes back after an hour finds a few of each, not an hour's."""
    assert [job.name for job in JOBS if not job.seconds < job.expires <= 10 * job.seconds] == []


def test_no_task_is_interrupted_in_the_middle_of_what_it_does() -> None:
    """A soft limit raises wherever the task is, in a transaction or a call; what hangs is killed at last."""
    current_app.loader.import_default_modules()
    ours = [task for name, task in current_app.tasks.items() if not name.startswith("celery.")]

    assert current_app.conf.task_soft_time_limit is None
    assert [task.name for task in ours if task.soft_time_limit] == []


@pytest.mark.django_db
@pytest.mark.parametrize("name", [job.name for job in JOBS])
def test_every_hand_leaves_a_heartbeat_as_a_task(name: str) -> None:
    current_app.loader.import_default_modules()
    (task,) = [job.task for job in JOBS if job.name == name]
    current_app.tasks[task].apply().get()

    assert Heartbeat.objects.filter(hand=name).count() == 1


@pytest.mark.django_db
def test_a_hand_that_fails_leaves_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(jobs, "sweep", fails)
    assert tasks.sweep.apply().failed()
    assert not Heartbeat.objects.exists()


@pytest.mark.django_db
def test_sending_says_whether_there_was_something_to_send() -> None:
    now = timezone.now()
    window = people.window(starts_at=now + timedelta(days=7), booked_at=now)
    notice = people.notice(window, due_at=now, status=Notice.Status.PREPARED)
    jobs.deliver("sms")
    assert heartbeats.last_beats()["deliver sms"].idle is None
    (row,) = people.queued(notice)
    noon = f"Etc/GMT{now.hour - 12:+d}"  # nobody sleeps there
    Customer.objects.filter(deliveries=row).update(time_zone=noon)
    jobs.deliver("sms")

    row.refresh_from_db()
    assert row.state == State.SENT
    idle = heartbeats.last_beats()["deliver sms"].idle
    assert idle is not None
    assert idle < timedelta(seconds=settings.SILENT_SECONDS)


DAY = timedelta(days=1)


@pytest.fixture
def moment() -> datetime:
    """The database's."""
    return sql.database_now()


def waiting(moment: datetime, *, due_in: timedelta, true_for: timedelta) -> Delivery:
    """A prepared message to somebody who is awake all day."""
    window = people.window(starts_at=moment + timedelta(days=7), booked_at=moment)
    notice = people.notice(window, due_at=moment, true_until=moment + true_for, status=Notice.Status.PREPARED)
    (row,) = people.queued(notice, not_before=moment + due_in, expires_at=moment + true_for)
    Customer.objects.filter(deliveries=row).update(time_zone=f"Etc/GMT{moment.hour - 12:+d}")
    return row


@pytest.mark.postgresql
@pytest.mark.django_db
def test_a_process_a_day_ahead_ends_nothing_that_is_true(moment: datetime) -> None:
    row = waiting(moment, due_in=timedelta(hours=1), true_for=timedelta(hours=4))
    with time_machine.travel(moment + DAY):
        jobs.sweep()
    row.refresh_from_db()

    assert row.state == State.QUEUED


@pytest.mark.postgresql
@pytest.mark.django_db
def test_a_process_a_day_ahead_prepares_and_sends_nothing_early(moment: datetime) -> None:
    row = waiting(moment, due_in=timedelta(hours=1), true_for=timedelta(days=3))
    coming = people.notice(
        people.window(starts_at=moment + timedelta(days=7), booked_at=moment),
        NoticeKind.REMINDER,
        due_at=moment + timedelta(hours=1),
    )
    with time_machine.travel(moment + DAY):
        assert jobs.waiting_channels() == []
        jobs.tick()
        assert jobs.deliver("sms") == 0
    row.refresh_from_db()
    coming.refresh_from_db()

    assert (row.state, row.not_before) == (State.QUEUED, moment + timedelta(hours=1))
    assert coming.status == Notice.Status.PLANNED


@pytest.mark.postgresql
@pytest.mark.django_db
@pytest.mark.parametrize("off", [DAY, -DAY])
def test_a_process_a_day_off_sends_what_is_due_at_the_right_time(moment: datetime, off: timedelta) -> None:
    row = waiting(moment, due_in=timedelta(0), true_for=timedelta(hours=4))
    with time_machine.travel(moment + off):
        assert jobs.waiting_channels() == ["sms"]
        assert jobs.deliver("sms") == 1
    row.refresh_from_db()

    assert row.state == State.SENT
    assert row.sent_at is not None
    assert abs(row.sent_at - moment) < timedelta(minutes=1)


def test_no_hand_of_the_clock_asks_its_machine_what_time_it_is() -> None:
    """Machines' clocks differ; the database's is the one that all rows are compared with."""
    rooms = [Path(str(module.__file__)) for module in (jobs, tasks, monitor, dispatch)]
    asking = [room.name for room in rooms if re.search(r"timezone|datetime\.now", room.read_text())]

    assert asking == []


@pytest.mark.django_db
def test_senders_are_woken_before_a_large_notice_is_prepared_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(preparation, "SLICE", 1)
    monkeypatch.setattr(jobs, "_WAKE_SECONDS", 0.0)
    now = timezone.now()
    bank = people.service()
    window = people.window(bank, starts_at=now + timedelta(days=7), booked_at=now)
    PlannedChange.objects.create(change=window.changes.get(), at=now)
    people.notice(window, channels=["sms"], due_at=now)
    for number in range(3):
        people.customer(f"c{number}", uses=[bank], phone=f"+4477009{number:05d}")
    prepared: list[int] = []
    jobs.tick(wake=lambda: prepared.append(Delivery.objects.count()))

    assert prepared == [0, 1, 2, 3, 3]


@pytest.mark.django_db
def test_a_channel_that_cannot_be_opened_keeps_its_messages_and_the_demonstrations_go(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_CONFIGURED, settings.EMAIL_BACKEND = True, "no.such.Backend"
    now = sql.database_now()
    notice = people.notice(people.window(), due_at=now, true_until=now + timedelta(days=1))
    (waits,) = people.queued(notice, channel="email")
    (invented,) = people.queued(notice, channel="email", demonstration=True)
    Customer.objects.update(time_zone=f"Etc/GMT{now.hour - 12:+d}")  # where it is noon
    jobs.deliver("email")

    states = dict(Delivery.objects.values_list("pk", "state"))
    assert (states[waits.pk], states[invented.pk]) == (State.QUEUED, State.SENT)
    (told,) = [record.getMessage() for record in caplog.records if record.name == sending.log.name]
    assert told.startswith("email cannot be sent on until its settings are mended")
