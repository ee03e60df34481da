"""What is wrong, and what only looks so."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from pytest_django.fixtures import Settings

from notifications import sql
from notifications.channels import open_channel
from notifications.models import IN_DOUBT, Bucket, Delivery, Heartbeat, Notice, Receipt, State
from notifications.operations import checks, heartbeats
from notifications.operations.checks import processes, queues
from notifications.operations.heartbeats import CLOCK, SENDING, SERVING
from notifications.operations.queries import backlog
from notifications.operations.schedule import JOBS
from tests import people
from tests.notifications.pulse import all_is_well, beats

pytestmark = pytest.mark.django_db

SILENCE = timedelta(seconds=settings.SILENT_SECONDS)
A_WHILE = queues.LATE + timedelta(minutes=1)


def found(now: datetime) -> list[str]:
    return [wrong.what for wrong in checks.all_findings(now=now)]


def words(now: datetime) -> str:
    (wrong,) = checks.all_findings(now=now)
    return wrong.words


def test_nothing_is_wrong_while_all_work(now: datetime) -> None:
    all_is_well()
    people.queued(people.notice(people.window(), status=Notice.Status.PREPARED), not_before=now)

    assert found(now) == []


def test_a_question_that_cannot_be_asked_silences_no_other(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(backlog, "waiting_receipts", fail)
    all_is_well()
    people.notice(people.window(), due_at=now - timedelta(minutes=5))

    assert found(now) == ["notices", "watch receipts"]


def test_a_setting_that_cannot_be_read_is_told_once_and_silences_no_sender(
    now: datetime, settings: Settings
) -> None:
    settings.CHANNELS, settings.SOCIAL_URLS = ["social", "sms"], ["mastodon://no token"]
    all_is_well()
    people.notice(people.window(), due_at=now - timedelta(minutes=5))
    due(now)
    beats(f"{SENDING}sms", idle=A_WHILE)
    bucket(failing_since=-2 * SILENCE, resting_until=timedelta(seconds=10))

    told = [what.rpartition(" ")[0] if what.startswith("settings") else what for what in found(now)]
    assert told == ["settings lull.E001", "notices", "failing outbox outbox"]


def test_the_fault_of_a_setting_keeps_its_name_when_another_is_mended(settings: Settings) -> None:
    """Or the mended one would end an alarm that goes on, and begin it again: two mails about nothing."""
    settings.BASE_URL, settings.SOCIAL_URLS = "ftp://status.example", ["x://"]
    first, second = (wrong.what for wrong in checks.setting_findings())
    settings.BASE_URL = "https://status.example"

    assert [wrong.what for wrong in checks.setting_findings()] == [second]
    assert first != second


def test_two_faults_of_one_kind_have_each_a_name(settings: Settings) -> None:
    settings.CHANNELS = ["sms", "fax", "telex"]

    assert len({wrong.what for wrong in checks.setting_findings()}) == 2


def test_a_silent_clock_is_wrong_and_its_workers_are_not_blamed(now: datetime) -> None:
    assert found(now) == [CLOCK]
    beats("tick", CLOCK, age=2 * SILENCE)
    assert found(now) == [CLOCK]
    assert "celery -A config beat" in words(now)


def test_workers_that_fell_silent_are_wrong(now: datetime) -> None:
    all_is_well()
    beats(*(job.name for job in JOBS), age=SILENCE + timedelta(seconds=5))

    assert found(now) == ["worker"]
    assert "celery -A config worker" in words(now)


def test_workers_have_time_to_begin_after_the_clock(now: datetime) -> None:
    beats(CLOCK, steady=SILENCE / 2)
    assert found(now) == []
    beats(CLOCK, steady=2 * SILENCE)
    assert found(now) == ["worker"]


def test_a_worker_that_only_sends_is_no_silent_one(now: datetime) -> None:
    all_is_well()
    beats("tick", "sweep", age=SILENCE + timedelta(seconds=5))
    beats(f"{SENDING}sms")

    assert found(now) == []


def test_one_hand_that_never_comes_to_its_end_is_named(now: datetime) -> None:
    all_is_well()
    beats("reconcile", age=timedelta(minutes=4))

    assert found(now) == ["hand reconcile"]


def test_after_a_standstill_each_hand_has_its_time_to_move_again(now: datetime) -> None:
    all_is_well()
    beats(CLOCK, steady=timedelta(minutes=1))
    beats("reconcile", "extend", age=timedelta(minutes=50))

    assert found(now) == []


def test_after_workers_came_back_their_first_hand_accuses_no_other(now: datetime) -> None:
    all_is_well()
    due(now)
    beats(*(job.name for job in JOBS), f"{SENDING}sms", age=timedelta(minutes=50))
    assert found(now) == ["worker"]
    beats("sweep", steady=timedelta(seconds=1))

    assert found(now) == []


def test_notices_that_nobody_prepares_are_wrong(now: datetime) -> None:
    all_is_well()
    people.notice(people.window(), due_at=now - timedelta(minutes=5))

    assert "notices" in found(now)


def due(now: datetime) -> Delivery:
    notice = people.notice(people.window(), status=Notice.Status.PREPARED)
    return people.queued(notice, not_before=now - A_WHILE)[0]


def test_what_is_due_and_not_sent_is_wrong(now: datetime) -> None:
    all_is_well()
    due(now)
    beats(f"{SENDING}sms", idle=A_WHILE)

    assert found(now) == ["due sms"]


def test_a_channel_that_nobody_serves_is_wrong_while_the_others_are_served(now: datetime) -> None:
    all_is_well()
    due(now)
    beats(f"{SENDING}email")

    assert found(now) == ["sender sms"]
    beats(f"{SENDING}sms", age=2 * SILENCE)
    assert found(now) == ["sender sms"]
    assert "no running worker serves this channel. Start one" in words(now)
    assert "--queues lull.sms" in words(now)


def test_a_worker_that_is_there_and_sends_nothing_is_named_and_no_other_is_asked_for(now: datetime) -> None:
    all_is_well()
    due(now)
    beats(f"{SENDING}email", f"{SERVING}sms")

    assert found(now) == ["sender sms"]
    assert "there is 1 process for this channel (elsewhere:1)" in words(now)
    assert "Start one" not in words(now)
    beats(f"{SERVING}sms", age=4 * SILENCE)
    assert "The last one fell silent 2 min ago. Start one" in words(now)


def test_of_many_workers_that_send_nothing_a_few_are_named(now: datetime) -> None:
    all_is_well()
    due(now)
    moment = sql.database_now()
    Heartbeat.objects.bulk_create(
        Heartbeat(hand=f"{SERVING}sms", process=f"host:{n}", since=moment, beat_at=moment) for n in range(5)
    )

    assert "there are 5 processes for this channel (host:0, host:1, host:2, ...)" in words(now)


def test_a_worker_that_is_only_there_has_done_nothing(now: datetime) -> None:
    all_is_well()
    beats(*(job.name for job in JOBS), age=SILENCE + timedelta(seconds=5))
    beats(f"{SERVING}sms")

    assert found(now) == ["worker"]


def test_a_long_queue_that_moves_is_no_fault(now: datetime) -> None:
    all_is_well()
    due(now)
    beats(f"{SENDING}sms", idle=timedelta(seconds=20))

    assert found(now) == []


def test_after_a_standstill_the_queue_has_time_to_move(now: datetime) -> None:
    all_is_well()
    due(now)
    beats(CLOCK, steady=queues.LATE - timedelta(seconds=5))
    beats(f"{SENDING}sms", idle=A_WHILE)
    assert found(now) == []
    beats(CLOCK, steady=SILENCE)
    beats(f"{SENDING}sms", age=A_WHILE)

    assert found(now) == []


def bucket(**times: timedelta) -> None:
    moment = sql.database_now()
    with contextlib.closing(open_channel("sms", 1, demonstration=False)) as wire:
        provider, sender = wire.provider, wire.sender
    Bucket.objects.create(
        provider=provider,
        sender=sender,
        refilled_at=moment,
        reason="+447700900001 is refused",
        **{field: moment + length for field, length in times.items()},
    )


def test_a_sender_that_fails_is_told_and_its_queue_is_not(now: datetime) -> None:
    all_is_well()
    due(now)
    beats(f"{SENDING}sms", idle=A_WHILE)
    bucket(failing_since=-2 * SILENCE, resting_until=timedelta(seconds=10))

    assert found(now)[0].split()[0] == "failing"
    assert len(found(now)) == 1
    assert "+44" not in words(now)  # what a provider answers may name a customer


def test_a_short_rest_is_how_a_pace_is_kept(now: datetime) -> None:
    all_is_well()
    due(now)
    beats(f"{SENDING}sms", idle=A_WHILE)
    bucket(resting_until=timedelta(seconds=20))

    assert found(now) == []


def test_a_long_rest_is_told(now: datetime) -> None:
    all_is_well()
    due(now)
    beats(f"{SENDING}sms")
    bucket(resting_until=timedelta(minutes=5))

    assert [what.split()[0] for what in found(now)] == ["resting"]


@pytest.mark.parametrize("state", [None, State.WITHDRAWN])
def test_a_sender_for_which_nothing_waits_keeps_nobody_waiting(now: datetime, state: State | None) -> None:
    """It was mended, say, and the window cancelled: nothing will be tried that could show it."""
    all_is_well()
    bucket(failing_since=-timedelta(days=1), resting_until=timedelta(minutes=5))
    if state is not None:
        Delivery.objects.filter(pk=due(now).pk).update(state=state)

    assert found(now) == []


def test_a_sender_that_failed_and_has_messages_for_the_morning_goes_on_being_told(now: datetime) -> None:
    all_is_well()
    bucket(failing_since=-timedelta(hours=5), resting_until=-timedelta(hours=4))
    people.queued(people.notice(people.window(), status=Notice.Status.PREPARED), not_before=now + A_WHILE)

    assert [what.split()[0] for what in found(now)] == ["failing"]


def test_a_sender_that_failed_long_ago_is_told_when_the_next_message_fails(now: datetime) -> None:
    all_is_well()
    bucket(failing_since=-timedelta(days=3), resting_until=-timedelta(days=3))
    notice = people.notice(people.window(), status=Notice.Status.PREPARED)
    people.queued(notice, not_before=now)
    assert found(now) == []
    Bucket.objects.update(resting_until=sql.database_now() + timedelta(seconds=20))

    assert [what.split()[0] for what in found(now)] == ["failing"]


def test_a_sender_between_two_tries_is_told_once(now: datetime) -> None:
    """The one message that is tried takes a minute, and its queue is not another fault."""
    all_is_well()
    due(now)
    beats(f"{SENDING}sms", idle=A_WHILE)
    bucket(failing_since=-timedelta(minutes=9), resting_until=-timedelta(seconds=50))

    assert [what.split()[0] for what in found(now)] == ["failing"]


def test_a_sender_of_earlier_settings_is_never_told(now: datetime) -> None:
    all_is_well()
    bucket(failing_since=-timedelta(days=1), resting_until=timedelta(minutes=5))
    due(now)
    beats(f"{SENDING}sms", idle=timedelta(0))
    Bucket.objects.update(sender="+15005550099")

    assert found(now) == []


def test_what_waits_for_a_person_or_is_a_demonstration_waits_for_no_sender(now: datetime) -> None:
    all_is_well()
    bucket(failing_since=-timedelta(days=1), resting_until=-timedelta(days=1))
    notice = people.notice(people.window(), status=Notice.Status.PREPARED)
    people.queued(notice, not_before=now + A_WHILE, demonstration=True)
    people.queued(notice, not_before=now + A_WHILE, state=State.BY_HAND)

    assert found(now) == []


def test_many_failures_of_one_notice_are_told_with_their_share(now: datetime) -> None:
    all_is_well()
    notice = people.notice(people.window(), due_at=now - timedelta(hours=1), status=Notice.Status.PREPARED)
    people.queued(notice, number=50, state=State.FAILED)
    people.queued(notice, number=49, state=State.SENT)

    assert found(now) == [f"failures {notice.pk} sms"]
    assert "50 of 99 failed for good" in words(now)


@pytest.mark.parametrize(
    ("notice", "left", "told"),
    [
        ({"status": Notice.Status.WITHDRAWN}, 0, False),
        ({"true_until": timedelta(minutes=-1)}, 0, False),
        ({"due_at": timedelta(hours=-7)}, 0, False),
        ({"due_at": timedelta(hours=-7)}, 1, True),
    ],
)
def test_failures_are_told_while_somebody_may_mend_them(
    now: datetime, notice: dict[str, Any], left: int, told: bool
) -> None:
    """A window is cancelled, words are no longer true; or a run lasts for two days."""
    all_is_well()
    moments = {name: now + value for name, value in notice.items() if isinstance(value, timedelta)}
    made = people.notice(
        people.window(), **{"due_at": now - A_WHILE, "status": Notice.Status.PREPARED, **notice, **moments}
    )
    people.queued(made, number=50, state=State.FAILED)
    people.queued(made, number=left, not_before=now + A_WHILE)

    assert bool(found(now)) == told


@pytest.mark.parametrize(("failed", "sent"), [(49, 0), (50, 250)])
def test_few_failures_or_a_small_share_are_wrong_numbers(now: datetime, failed: int, sent: int) -> None:
    all_is_well()
    notice = people.notice(people.window(), due_at=now - timedelta(hours=1), status=Notice.Status.PREPARED)
    people.queued(notice, number=failed, state=State.FAILED)
    people.queued(notice, number=sent, state=State.SENT)

    assert found(now) == []


def test_doubt_beyond_what_two_dead_processes_leave_is_wrong(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "DELIVERIES_IN_FLIGHT", 2)
    all_is_well()
    notice = people.notice(people.window(), status=Notice.Status.PREPARED)
    people.queued(notice, number=3, state=State.UNKNOWN, intended_at=sql.database_now())
    people.queued(notice, state=State.HELD, intended_at=sql.database_now())
    assert found(now) == []
    people.queued(notice, state=State.UNKNOWN, intended_at=sql.database_now())

    assert found(now) == ["unknown sms"]


def test_a_channel_with_more_in_flight_may_leave_more_in_doubt(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counting goes further than the bound, however high that is, and says so where it stops."""
    monkeypatch.setattr(settings, "DELIVERIES_IN_FLIGHT", 1)
    monkeypatch.setattr(settings, "IN_FLIGHT", {"email": 5})
    monkeypatch.setattr(backlog, "MOST", 4)
    all_is_well()
    notice = people.notice(people.window(), status=Notice.Status.PREPARED)
    people.queued(notice, number=10, channel="email", state=State.UNKNOWN, intended_at=sql.database_now())
    assert found(now) == []
    people.queued(notice, number=2, channel="email", state=State.UNKNOWN, intended_at=sql.database_now())

    assert found(now) == ["unknown email"]
    assert "of 11 or more nobody knows" in words(now)


@pytest.mark.parametrize("state", IN_DOUBT)
def test_doubt_that_reconciliation_does_not_end_is_wrong(now: datetime, state: State) -> None:
    all_is_well()
    notice = people.notice(people.window(), status=Notice.Status.PREPARED)
    old = sql.database_now() - queues.unsettled_notices() - timedelta(minutes=1)
    people.queued(notice, state=state, intended_at=old)

    assert found(now) == ["unknown sms"]


@pytest.mark.parametrize(("age", "what"), [(timedelta(0), []), (timedelta(minutes=11), ["receipts"])])
def test_receipts_nobody_works_on_are_wrong(now: datetime, age: timedelta, what: list[str]) -> None:
    all_is_well()
    row = people.queued(people.notice(people.window(), status=Notice.Status.PREPARED), not_before=now)[0]
    Receipt.objects.create(
        provider="twilio",
        event_key="a",
        delivery_public_id=row.public_id,
        attempt=1,
        state=State.DELIVERED,
        received_at=now - age,
    )

    assert found(now) == what


def test_silence_is_told_within_a_minute() -> None:
    """Until the last worker could have been busy, and until the next look; a mail takes a moment."""
    assert processes.silence_while_busy() + heartbeats.silence_limit() / 2 < timedelta(minutes=1)
