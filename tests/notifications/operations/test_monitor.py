"""What stands beside a clock: a heartbeat while it ticks, and mails even where no row can be written."""

from __future__ import annotations

import threading
import time

import pytest
from celery import current_app
from django.conf import settings
from django.db import OperationalError

from config.scheduler import Scheduler
from notifications.models import Alarm
from notifications.operations import alerts, heartbeats, operator_mail
from notifications.operations.monitor import Monitor
from notifications.operations.schedule import JOBS
from tests.notifications.pulse import all_is_well, beats


@pytest.fixture
def mails(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The subjects of what is mailed, without the bank's name."""
    sent: list[str] = []

    def mail(subject: str, body: str) -> None:
        sent.append(subject.removeprefix(f"{settings.BANK_NAME}: "))

    monkeypatch.setattr(operator_mail, "mail_operators", mail)
    return sent


@pytest.mark.django_db
def test_a_clock_that_stands_leaves_no_heartbeat() -> None:
    monitor = Monitor()
    monitor._ticked_at = time.monotonic() - settings.SILENT_SECONDS
    monitor._beat()
    assert heartbeats.last_beats() == {}
    monitor._ticked_at = time.monotonic()
    monitor._beat()
    assert list(heartbeats.last_beats()) == [heartbeats.CLOCK]


@pytest.mark.django_db
def test_each_look_writes_and_tells(mails: list[str]) -> None:
    all_is_well()
    beats(*(job.name for job in JOBS), age=2 * heartbeats.silence_limit())
    monitor = Monitor()
    monitor._look()
    monitor._look()

    assert Alarm.objects.get().what == "worker"
    assert len(mails) == 1


@pytest.mark.django_db
def test_a_database_that_is_away_is_told_without_it_and_so_is_its_return(
    mails: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_: object) -> None:
        raise OperationalError("connection refused")

    all_is_well()
    monitor = Monitor()
    monkeypatch.setattr(monitor, "_let_go", lambda: None)  # the test's own connection
    with monkeypatch.context() as broken:
        broken.setattr(alerts, "update_alarms", away)
        monitor._look()
        assert mails == []  # it may only restart
        monitor._lost_at = time.monotonic() - settings.SILENT_SECONDS
        monitor._look()
        monitor._look()
        assert mails == ["the database does not answer"]
        monitor._told_at = time.monotonic() - alerts.AGAIN.total_seconds()
        monitor._look()
        assert len(mails) == 2
    monitor._look()
    monitor._look()

    assert mails[2:] == ["over: the database answers again"]


def test_a_clock_that_is_only_asked_for_its_plan_starts_nothing() -> None:
    before = threading.active_count()
    scheduler = Scheduler(app=current_app, lazy=True)
    assert threading.active_count() == before
    scheduler.close()


def test_it_is_the_clock_of_beat_and_of_up() -> None:
    assert current_app.conf.beat_scheduler == "config.scheduler:Scheduler"
