"""Who works, and who has fallen silent, by the database's clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from notifications import sql
from notifications.models import Heartbeat
from notifications.operations import heartbeats

pytestmark = pytest.mark.django_db


def earlier(**changes: Any) -> None:
    """Move the times of all heartbeats into the past, by so much for each field."""
    for field, length in changes.items():
        Heartbeat.objects.update(**{field: sql.database_now() - length})


def test_a_beat_is_known_to_everybody() -> None:
    heartbeats.record_beat("tick")

    pulse = heartbeats.last_beats()["tick"]
    assert pulse.age < heartbeats.silence_limit()
    assert (pulse.processes, pulse.idle) == (1, None)


def test_beats_close_together_are_one_row_written_once() -> None:
    heartbeats.record_beat("tick")
    written = Heartbeat.objects.get()
    heartbeats.record_beat("tick")

    assert Heartbeat.objects.get().beat_at == written.beat_at


def test_a_later_beat_moves_the_row_and_goes_on_without_a_gap() -> None:
    heartbeats.record_beat("tick")
    earlier(since=timedelta(hours=2), beat_at=heartbeats.silence_limit() / 2)
    heartbeats.record_beat("tick")

    pulse = heartbeats.last_beats()["tick"]
    assert pulse.age < heartbeats.beat_interval()
    assert pulse.steady >= timedelta(hours=2)


def test_after_a_silence_it_begins_anew() -> None:
    heartbeats.record_beat("tick")
    earlier(since=timedelta(hours=2), beat_at=2 * heartbeats.silence_limit())
    assert heartbeats.last_beats()["tick"].processes == 0
    heartbeats.record_beat("tick")

    assert heartbeats.last_beats()["tick"].steady < heartbeats.silence_limit()


def test_one_living_process_is_enough() -> None:
    heartbeats.record_beat("tick")
    Heartbeat.objects.update(process="elsewhere:1")
    earlier(since=timedelta(hours=1), beat_at=2 * heartbeats.silence_limit())
    heartbeats.record_beat("tick")

    pulse = heartbeats.last_beats()["tick"]
    assert (pulse.processes, Heartbeat.objects.count()) == (1, 2)
    assert pulse.age < heartbeats.silence_limit()
    assert pulse.steady < heartbeats.silence_limit()  # the dead one's hour counts for nothing


def test_work_is_told_apart_from_looking_for_it() -> None:
    heartbeats.record_beat("deliver sms", worked=True)
    earlier(worked_at=timedelta(minutes=10), beat_at=heartbeats.silence_limit() / 2)
    heartbeats.record_beat("deliver sms")

    pulse = heartbeats.last_beats()["deliver sms"]
    assert pulse.idle is not None
    assert pulse.idle >= timedelta(minutes=10)
    heartbeats.record_beat("deliver sms", worked=True)
    idle = heartbeats.last_beats()["deliver sms"].idle
    assert idle is not None
    assert idle < heartbeats.silence_limit()


def test_processes_long_gone_are_forgotten() -> None:
    heartbeats.record_beat("tick")
    earlier(beat_at=timedelta(hours=2))
    heartbeats.record_beat("sweep")
    heartbeats.forget_dead()

    assert list(heartbeats.last_beats()) == ["sweep"]


def test_a_heart_beats_several_times_before_its_silence_alarms() -> None:
    assert 5 * heartbeats.beat_interval() < timedelta(seconds=settings.SILENT_SECONDS)
