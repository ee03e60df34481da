"""An alarm is opened once, told once and again, and ended; whatever number of clocks look."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.test import override_settings

from notifications import sql
from notifications.delivery import rate_limits
from notifications.models import Alarm, Bucket, Delivery, Notice, Receipt, State
from notifications.operations import alerts, checks, heartbeats
from notifications.operations.checks import processes
from notifications.operations.heartbeats import CLOCK, SENDING
from notifications.operations.queries import backlog
from notifications.operations.schedule import JOBS
from tests import people
from tests.notifications.pulse import all_is_well, beats

pytestmark = pytest.mark.django_db

SILENCE = timedelta(seconds=settings.SILENT_SECONDS)


class Postbox:
    """Keeps what is mailed, or refuses it."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, str]] = []
        self.refuses = False

    def __call__(self, subject: str, body: str) -> None:
        if self.refuses:
            raise OSError("no route to host")
        self.mails.append((subject, body))

    @property
    def subjects(self) -> list[str]:
        return [subject for subject, _ in self.mails]


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


def silent_workers() -> None:
    all_is_well()
    beats(*(job.name for job in JOBS), age=2 * SILENCE)


def test_an_alarm_is_one_row_however_often_it_is_seen(now: datetime) -> None:
    silent_workers()
    alerts.update_alarms(now=now)
    alerts.update_alarms(now=now + timedelta(seconds=15))

    alarm = Alarm.objects.get()
    assert (alarm.what, alarm.since, alarm.ended_at) == ("worker", now, None)


def test_an_alarm_cannot_be_open_twice(now: datetime) -> None:
    silent_workers()
    alerts.update_alarms(now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Alarm.objects.create(what="worker", words="again", since=now, seen_at=now)


def test_it_ends_when_it_was_not_seen_for_two_looks(now: datetime) -> None:
    silent_workers()
    alerts.update_alarms(now=now)
    all_is_well()
    alerts.update_alarms(now=now + SILENCE / 2)
    assert Alarm.objects.get().ended_at is None
    alerts.update_alarms(now=now + SILENCE)

    assert Alarm.objects.get().ended_at == now + SILENCE


def test_what_comes_again_after_its_end_is_another_alarm(now: datetime) -> None:
    silent_workers()
    alerts.update_alarms(now=now)
    all_is_well()
    alerts.update_alarms(now=now + SILENCE)
    silent_workers()
    alerts.update_alarms(now=now + timedelta(hours=1))

    assert list(Alarm.objects.order_by("since").values_list("since", flat=True)) == [
        now,
        now + timedelta(hours=1),
    ]


def test_operators_hear_once_and_again_after_an_hour_and_when_it_is_over(
    now: datetime, postbox: Postbox
) -> None:
    silent_workers()
    alerts.update_alarms(now=now)
    for minutes in (0, 1, 59, 60, 61):
        alerts.tell_alarms(postbox, now=now + timedelta(minutes=minutes))
    all_is_well()
    for minutes in (62, 63):
        alerts.update_alarms(now=now + timedelta(minutes=minutes))
        alerts.tell_alarms(postbox, now=now + timedelta(minutes=minutes))

    bank = settings.BANK_NAME
    assert [subject.split("No worker")[0] for subject in postbox.subjects] == [
        f"{bank}: ",
        f"{bank}: still: ",
        f"{bank}: over: ",
    ]


def test_what_begins_together_is_one_mail_with_what_to_do(now: datetime, postbox: Postbox) -> None:
    for what in ("one", "two"):
        Alarm.objects.create(what=what, words=f"{what} fails. Mend it.", since=now, seen_at=now)
    alerts.tell_alarms(postbox, now=now)

    ((subject, body),) = postbox.mails
    assert subject == f"{settings.BANK_NAME}: one fails (and 1 more)"
    assert "- one fails. Mend it.\n- two fails. Mend it.\n" in body
    assert f"{settings.BASE_URL}/admin/" in body


def test_several_clocks_send_one_mail(now: datetime, postbox: Postbox) -> None:
    """The second comes while the first is still at it."""
    silent_workers()
    alerts.update_alarms(now=now)

    def slowly(subject: str, body: str) -> None:
        assert alerts.tell_alarms(postbox, now=now) == 0
        postbox(subject, body)

    assert alerts.tell_alarms(slowly, now=now) == 1
    assert alerts.tell_alarms(postbox, now=now) == 0
    assert len(postbox.mails) == 1


def test_a_mail_that_is_refused_is_tried_at_the_next_look(now: datetime, postbox: Postbox) -> None:
    silent_workers()
    alerts.update_alarms(now=now)
    postbox.refuses = True
    with pytest.raises(OSError, match="no route"):
        alerts.tell_alarms(postbox, now=now)
    postbox.refuses = False
    alerts.tell_alarms(postbox, now=now + timedelta(seconds=15))

    assert len(postbox.mails) == 1
    assert Alarm.objects.get().told_at == now + timedelta(seconds=15)


def test_a_clock_that_died_while_telling_is_replaced(now: datetime, postbox: Postbox) -> None:
    silent_workers()
    alerts.update_alarms(now=now)
    Alarm.objects.update(telling_until=sql.database_now() + timedelta(minutes=1))
    assert alerts.tell_alarms(postbox, now=now) == 0
    Alarm.objects.update(telling_until=sql.database_now() - timedelta(seconds=1))

    assert alerts.tell_alarms(postbox, now=now) == 1


def test_the_end_of_what_nobody_heard_of_is_not_told(now: datetime, postbox: Postbox) -> None:
    silent_workers()
    alerts.update_alarms(now=now)
    all_is_well()
    alerts.update_alarms(now=now + SILENCE)

    assert alerts.tell_alarms(postbox, now=now + SILENCE) == 0
    assert postbox.mails == []


NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
AN_HOUR = timedelta(hours=1)


def _due() -> Notice:
    """A prepared notice with a message that has been due for an hour."""
    notice = people.notice(people.window(), due_at=NOW - AN_HOUR, status=Notice.Status.PREPARED)
    people.queued(notice, not_before=NOW - AN_HOUR)
    return notice


def _stuck() -> None:
    _due()
    beats(f"{SENDING}sms", idle=AN_HOUR)


def _cancel() -> None:
    """As a cancelled window leaves it."""
    Notice.objects.update(status=Notice.Status.WITHDRAWN, withdrawn=True)
    Delivery.objects.filter(state=State.QUEUED).update(state=State.WITHDRAWN)


def _bad_sender(**times: timedelta) -> None:
    _due()
    who, moment = rate_limits.sender_of("sms"), sql.database_now()
    assert who is not None
    at = {name: moment + length for name, length in times.items()}
    Bucket.objects.create(provider=who.provider, sender=who.name, refilled_at=moment, **at)
    beats(f"{SENDING}sms", idle=timedelta(0))


def _failed() -> None:
    people.queued(_due(), number=60, state=State.FAILED)
    beats(f"{SENDING}sms", idle=timedelta(0))


def _early_receipt() -> None:
    Receipt.objects.create(
        provider="twilio",
        event_key="a",
        delivery_public_id=uuid4(),
        attempt=1,
        state=State.DELIVERED,
        received_at=NOW - AN_HOUR,
    )


def _doubt() -> None:
    notice = people.notice(people.window(), status=Notice.Status.PREPARED)
    people.queued(notice, state=State.UNKNOWN, intended_at=sql.database_now() - AN_HOUR)


_UNREADABLE = override_settings(SOCIAL_URLS=["mastodon://no token"])
_UNASKED = mock.patch.object(backlog, "waiting_receipts", side_effect=RuntimeError("a fault of ours"))

BEGINNINGS: Mapping[str, tuple[Callable[[], object], Callable[[], object]]] = {
    "clock": (lambda: beats(CLOCK, age=2 * SILENCE), all_is_well),
    "worker": (silent_workers, all_is_well),
    "hand": (lambda: beats("reconcile", age=AN_HOUR), all_is_well),
    "notices": (
        lambda: people.notice(people.window(), due_at=NOW - AN_HOUR),
        lambda: Notice.objects.update(status=Notice.Status.PREPARED),
    ),
    "sender": (_due, lambda: beats(f"{SENDING}sms", idle=timedelta(0))),
    "due": (_stuck, lambda: beats(f"{SENDING}sms", idle=timedelta(0))),
    "failing": (lambda: _bad_sender(failing_since=-AN_HOUR, resting_until=SILENCE), _cancel),
    "resting": (lambda: _bad_sender(resting_until=AN_HOUR), _cancel),
    "failures": (_failed, _cancel),
    "unknown": (_doubt, lambda: Delivery.objects.update(state=State.SENT)),
    "settings": (_UNREADABLE.enable, _UNREADABLE.disable),
    "watch": (_UNASKED.start, _UNASKED.stop),
    "receipts": (_early_receipt, lambda: Receipt.objects.update(processed_at=NOW)),
}
"""Each kind of alarm: how it begins, and what a person does about it, or takes away that it is about."""


@pytest.mark.parametrize("kind", BEGINNINGS)
def test_every_alarm_is_over_once_its_cause_is_gone(kind: str) -> None:
    begin, mend = BEGINNINGS[kind]
    all_is_well()
    begin()
    try:
        alerts.update_alarms(now=NOW)
        assert [alarm.what.split()[0] for alarm in Alarm.objects.all()] == [kind]
    finally:
        mend()
    alerts.update_alarms(now=NOW + SILENCE / 2)
    alerts.update_alarms(now=NOW + SILENCE)

    assert Alarm.objects.get().ended_at == NOW + SILENCE


def test_no_kind_of_alarm_is_left_out() -> None:
    (folder,) = checks.__path__
    source = "".join(path.read_text() for path in Path(folder).glob("*.py"))
    kinds = re.findall(r'Finding\(\s*f?"?(\w+)', source)

    # that the database refuses is told by pages and probes: an alarm would be a row
    assert {kind.lower() for kind in kinds} - {processes.DATABASE} == set(BEGINNINGS)


def test_a_dead_clock_stands_beside_what_it_last_found(now: datetime) -> None:
    silent_workers()
    alerts.update_alarms(now=now)
    assert [standing.since for standing in alerts.open_alarms()] == [now]
    beats(CLOCK, age=heartbeats.silence_limit() + timedelta(seconds=1))

    assert [standing.words.split(" has ")[0] for standing in alerts.open_alarms()] == [
        "The clock",
        "No worker",
    ]
