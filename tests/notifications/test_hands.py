"""The clock's hands are the same for Celery and for `dispatch`."""

from __future__ import annotations

from datetime import timedelta

import pytest
from celery import current_app
from django.conf import settings
from django.utils import timezone

from maintenance.models import Customer
from notifications import hands, heartbeats, tasks
from notifications.models import Heartbeat, Notice, State
from notifications.timetable import HANDS
from tests import people


def test_celery_hands_out_what_dispatch_moves() -> None:
    scheduled = current_app.conf.beat_schedule

    assert {name: entry["task"] for name, entry in scheduled.items()} == {
        hand.name: hand.task for hand in HANDS
    }
    assert set(hands.HANDS) == set(scheduled)


def test_every_hand_has_its_task() -> None:
    current_app.loader.import_default_modules()

    assert [hand.task for hand in HANDS if hand.task not in current_app.tasks] == []


def test_orders_expire_before_they_pile_up() -> None:
    """A worker that comes back after an hour finds a few of each, not an hour's."""
    assert [hand.name for hand in HANDS if not hand.seconds < hand.expires <= 10 * hand.seconds] == []


@pytest.mark.django_db
@pytest.mark.parametrize("name", [hand.name for hand in HANDS])
def test_every_hand_leaves_a_heartbeat_as_a_task(name: str) -> None:
    current_app.loader.import_default_modules()
    (task,) = [hand.task for hand in HANDS if hand.name == name]
    current_app.tasks[task].apply().get()

    assert Heartbeat.objects.filter(hand=name).count() == 1


@pytest.mark.django_db
def test_a_hand_that_fails_leaves_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(clock: hands.Clock) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(hands, "sweep", fails)
    assert tasks.sweep.apply().failed()
    assert not Heartbeat.objects.exists()


@pytest.mark.django_db
def test_sending_says_whether_there_was_something_to_send() -> None:
    now = timezone.now()
    window = people.window(starts_at=now + timedelta(days=7), booked_at=now)
    notice = people.notice(window, due_at=now, status=Notice.Status.PREPARED)
    hands.deliver("sms", timezone.now)
    assert heartbeats.pulses()["deliver sms"].idle is None
    (row,) = people.queued(notice)
    noon = f"Etc/GMT{now.hour - 12:+d}"  # nobody sleeps there
    Customer.objects.filter(deliveries=row).update(time_zone=noon)
    hands.deliver("sms", timezone.now)

    row.refresh_from_db()
    assert row.state == State.SENT
    idle = heartbeats.pulses()["deliver sms"].idle
    assert idle is not None
    assert idle < timedelta(seconds=settings.SILENT_SECONDS)
