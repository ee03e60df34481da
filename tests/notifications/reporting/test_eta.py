"""When the last message will be out follows from the rate, the line at the sender, and the nights."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from maintenance.models import Exemption, NoticeKind, NoticePolicy, Window
from notifications.delivery import rate_limits
from notifications.delivery.rate_limits import Sender
from notifications.models import Notice, State, Tally
from notifications.reporting import eta
from notifications.reporting.eta import Finish, Late
from tests import people

pytestmark = pytest.mark.django_db

NUMBER = "+441632960000"
TWILIO = Sender("twilio", NUMBER, 10.0)


@pytest.fixture(autouse=True)
def _roads(settings: Settings) -> None:
    """An ordinary long number at Twilio, and a mail server that takes what it is given."""
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_FROM = "AC0", NUMBER
    settings.TWILIO_MESSAGING_SERVICE_SID = ""
    settings.EMAIL_CONFIGURED, settings.EMAIL_HOST = True, "mail.example"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.RATES = {"sms": 10}


def _ahead(now: datetime, segments: int, *, due_at: datetime | None = None) -> tuple[Notice, Finish]:
    """A planned notice of so many segments, and what is expected of it."""
    notice = people.notice(people.window(), due_at=due_at or now)
    return notice, _expected(notice, now, segments)


def _expected(notice: Notice, now: datetime, segments: int = 0) -> Finish:
    [finish] = eta.expected_finishes([notice], {notice.pk: {"sms": segments}}, now=now)[notice.pk]
    return finish


def _queued(segments: int, *, of: Window | None = None, state: State = State.QUEUED) -> Notice:
    """A prepared notice of which so many segments, half as many messages, stand in this state."""
    notice = people.notice(of or people.window(), status=Notice.Status.PREPARED)
    _tally(notice, segments, state)
    return notice


def _tally(notice: Notice, segments: int, state: State = State.QUEUED) -> None:
    Tally.objects.create(
        notice=notice, channel="sms", state=state, outbox=False, deliveries=segments // 2, segments=segments
    )


def _at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def test_a_day_with_room_ends_by_the_rate_alone(now: datetime) -> None:
    _, finish = _ahead(now, 36_000)
    assert (finish.lasts, finish.ends_at) == (timedelta(hours=1), now + timedelta(hours=1))
    assert not finish.sleeps


def test_a_channel_that_cannot_be_opened_hides_no_other(now: datetime, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "no.such.Backend"
    notice = people.notice(people.window(), due_at=now)
    found = eta.expected_finishes([notice], {notice.pk: {"sms": 36_000, "email": 10}}, now=now)

    assert [finish.channel for finish in found[notice.pk]] == ["sms"]


def test_nobody_is_disturbed_at_night_so_it_goes_on_in_the_morning(now: datetime) -> None:
    """Twelve hours on Monday, thirteen on Tuesday, and eight hours and twenty minutes on Wednesday."""
    _, finish = _ahead(now, 1_200_000)
    assert finish.lasts == timedelta(hours=33, minutes=20)
    assert finish.ends_at == _at(4, 16, 20)
    assert finish.sleeps


@pytest.mark.parametrize(("due", "starts"), [(_at(2, 21), _at(3, 8)), (_at(3, 3), _at(3, 8))])
def test_what_is_due_at_night_begins_in_the_morning(now: datetime, due: datetime, starts: datetime) -> None:
    assert _ahead(now, 10, due_at=due)[1].starts_at == starts


def test_a_night_on_which_the_clock_changes_ends_by_the_banks_clock(now: datetime) -> None:
    """In summer London's eight o'clock is seven o'clock UTC."""
    notice = people.notice(
        people.window(starts_at=_at(31, 12)), due_at=datetime(2026, 3, 28, 20, 30, tzinfo=UTC)
    )
    assert _expected(notice, now, 36_000).ends_at == datetime(2026, 3, 29, 7, 30, tzinfo=UTC)


def test_without_a_rate_the_provider_alone_decides(now: datetime, settings: Settings) -> None:
    settings.RATES = {}
    assert _ahead(now, 36_000)[1].ends_at is None


def test_each_direct_channel_has_its_own_end(now: datetime, settings: Settings) -> None:
    settings.RATES = {"sms": 10, "email": 100}
    notice = people.notice(people.window())
    found = eta.expected_finishes([notice], {notice.pk: {"sms": 36_000, "email": 36_000}}, now=now)[notice.pk]
    assert [(one.channel, one.ends_at) for one in found] == [
        ("sms", now + timedelta(hours=1)),
        ("email", now + timedelta(minutes=6)),
    ]


def test_the_outbox_takes_everything_at_once(now: datetime, settings: Settings) -> None:
    settings.TWILIO_ACCOUNT_SID = ""
    _, finish = _ahead(now, 36_000)
    assert (finish.outbox, finish.ends_at, finish.lasts) == (True, None, timedelta(hours=1))


def test_the_demonstration_bank_never_waits_for_a_provider(now: datetime) -> None:
    shown = people.service("shown")
    shown.demonstration = True
    shown.save()
    notice = people.notice(people.window(shown))
    assert _expected(notice, now, 36_000).outbox


def test_what_is_in_the_queue_already_goes_first(now: datetime) -> None:
    _queued(36_000)
    _, finish = _ahead(now, 36_000)
    assert (finish.before, finish.ends_at) == (36_000, now + timedelta(hours=2))


def test_messages_whose_segments_are_not_counted_yet_are_one_each(now: datetime) -> None:
    notice = people.notice(people.window(), status=Notice.Status.PREPARED)
    people.queued(notice, number=3)
    Tally.objects.update(segments=0)
    assert _expected(notice, now).pieces == 3


def test_what_is_through_by_then_is_not_waited_for(now: datetime) -> None:
    _queued(36_000)
    due = now + timedelta(hours=3)
    finish = _ahead(now, 36_000, due_at=due)[1]
    assert (finish.before, finish.ends_at) == (0, due + timedelta(hours=1))


def test_what_is_still_left_by_then_is_waited_for(now: datetime) -> None:
    _queued(72_000)
    finish = _ahead(now, 36_000, due_at=now + timedelta(hours=1))[1]
    assert (finish.before, finish.ends_at) == (36_000, now + timedelta(hours=3))


def test_a_cancellation_overtakes_what_is_in_the_queue(now: datetime) -> None:
    _queued(360_000)
    urgent = people.notice(people.window(), NoticeKind.CANCELLED, status=Notice.Status.PREPARED)
    _tally(urgent, 36_000)
    assert _expected(urgent, now).ends_at == now + timedelta(hours=1)


def test_earlier_plans_of_other_windows_go_first(now: datetime) -> None:
    """Each of those expected to be affected gets as many segments as the longest words have."""
    other = people.window()
    Window.objects.filter(pk=other.pk).update(expected_customers=18_000)
    people.notice(other, due_at=now + timedelta(minutes=1))
    finish = _ahead(now, 36_000, due_at=now + timedelta(minutes=1))[1]
    assert finish.before == pytest.approx(18_000, abs=1)
    later = people.notice(people.window(), due_at=now + timedelta(days=2))
    people.notice(other, NoticeKind.REMINDER, due_at=now + timedelta(days=3))
    assert _expected(later, now, 36_000).before == 0


def test_what_is_expired_or_ended_stands_in_nobodys_way(now: datetime) -> None:
    _queued(36_000, state=State.WITHDRAWN)
    Notice.objects.filter(pk=_queued(36_000).pk).update(true_until=now)
    assert _ahead(now, 36_000)[1].before == 0


def test_while_it_goes_out_the_rest_of_it_counts(now: datetime) -> None:
    notice = _queued(36_000)
    _tally(notice, 50, State.SENT)
    finish = _expected(notice, now)
    assert (finish.pieces, finish.measured, finish.ends_at) == (36_000, None, now + timedelta(hours=1))


@pytest.mark.parametrize(("rate", "hours"), [(10, 2), (2, 5), (0, 2)])
def test_the_pace_that_was_measured_counts_where_it_is_the_slower_one(
    now: datetime, settings: Settings, rate: float, hours: int
) -> None:
    """Five a second since an hour ago: what would take one hour at the rate takes two."""
    settings.RATES = {"sms": rate}
    notice = _queued(36_000)
    _tally(notice, 18_000, State.DELIVERED)
    Notice.objects.filter(pk=notice.pk).update(prepared_at=now - timedelta(hours=1))
    finish = _expected(notice, now)
    assert finish.measured == 5
    assert finish.ends_at == now + timedelta(hours=hours)


def test_the_night_does_not_spoil_the_pace(now: datetime) -> None:
    """Prepared yesterday at eight in the evening: one hour then, one this morning."""
    notice = _queued(36_000)
    _tally(notice, 36_000, State.SENT)
    Notice.objects.filter(pk=notice.pk).update(prepared_at=now - timedelta(hours=13))
    assert _expected(notice, now).measured == 5


def test_while_the_sender_rests_everything_ends_later(now: datetime) -> None:
    rate_limits.rest(TWILIO, 3_600, "queue full", failing=False)
    finish = _ahead(now, 36_000)[1]
    assert finish.ends_at is not None
    assert abs(finish.ends_at - (now + timedelta(hours=2))) < timedelta(seconds=30)
    assert finish.standing is not None
    assert finish.standing.reason == "queue full"


def test_an_end_that_is_soon_enough_is_not_late(now: datetime) -> None:
    assert _ahead(now, 36_000)[1].late is Late.NO


def test_what_ends_after_the_words_are_true_is_said(now: datetime) -> None:
    notice = people.notice(people.window(), true_until=now + timedelta(minutes=59))
    assert _expected(notice, now, 36_000).late is Late.UNTRUE


def test_who_hears_last_has_less_notice_than_is_promised(now: datetime) -> None:
    """A week is promised and nothing is the least: told on the day before, within the words' truth."""
    NoticePolicy.objects.update(promised=timedelta(days=7), least=timedelta(0))
    window = people.window(starts_at=now + timedelta(days=8))
    assert _expected(people.notice(window), now, 36_000).late is Late.NO
    assert _expected(people.notice(window, channels=["sms"]), now, 1_200_000).late is Late.PROMISE


def test_who_hears_last_has_less_notice_than_must_be_given(now: datetime) -> None:
    NoticePolicy.objects.update(promised=timedelta(days=7), least=timedelta(days=7))
    window = people.window(starts_at=now + timedelta(days=8))
    assert _expected(people.notice(window), now, 1_200_000).late is Late.LEAST


def test_reminders_and_exempt_work_break_no_promise(now: datetime) -> None:
    NoticePolicy.objects.update(promised=timedelta(days=7), least=timedelta(days=7))
    window = people.window(starts_at=now + timedelta(days=8))
    assert _expected(people.notice(window, NoticeKind.REMINDER), now, 1_200_000).late is Late.NO
    NoticePolicy.objects.update(exempt=[Exemption.values[0]])
    exempt = people.window(starts_at=now + timedelta(days=8))
    Window.objects.filter(pk=exempt.pk).update(exemption=Exemption.values[0])
    exempt.refresh_from_db()
    assert _expected(people.notice(exempt), now, 1_200_000).late is Late.NO


def test_a_rate_so_small_that_it_never_ends_is_not_worked_out_to_its_end(
    now: datetime, settings: Settings
) -> None:
    settings.RATES = {"sms": 1e-300}
    ends = _ahead(now, 36_000)[1].ends_at
    assert ends is not None
    assert ends > now + timedelta(days=1_000)


def test_three_notices_take_the_queries_of_one(now: datetime) -> None:
    first = _queued(36_000)
    with CaptureQueriesContext(connection) as one:
        eta.expected_finishes([first], {}, now=now)
    every = [first, _queued(36_000), _queued(36_000)]
    with CaptureQueriesContext(connection) as three:
        eta.expected_finishes(every, {}, now=now)
    assert len(three) == len(one)
