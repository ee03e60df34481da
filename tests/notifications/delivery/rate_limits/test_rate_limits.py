"""No more goes out than a sender's rate allows, whoever asks; and nothing at all while it rests."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from pytest_django import Settings

from notifications import sql
from notifications.delivery import rate_limits
from notifications.delivery.rate_limits import Grant, Sender
from notifications.models import Bucket
from tests import people

SLOW = Sender("twilio", "+441632960000", 0.001)
"""So slow that nothing is filled while a test runs; its bucket holds ten."""
UNLIMITED = Sender("esp", "notices@bank.example", None)

pytestmark = pytest.mark.django_db


def _asked(who: Sender, sizes: list[int], *, urgent: bool = True) -> tuple[int, Any]:
    grant = rate_limits.granted(who, sizes, urgent=urgent)
    return grant.messages, grant.wait


def _bucket() -> Bucket:
    return Bucket.objects.get()


def _later(seconds: float) -> None:
    """As if so much time had passed for every bucket."""
    for row in Bucket.objects.all():
        row.refilled_at -= timedelta(seconds=seconds)
        if row.resting_until:
            row.resting_until -= timedelta(seconds=seconds)
        if row.failing_since:
            row.failing_since -= timedelta(seconds=seconds)
        row.save()


def test_the_settings_say_how_fast_a_channel_sends(settings: Settings) -> None:
    """Each sender of a channel at the channel's rate."""
    settings.RATES = {"sms": 2.5, "email": 0}
    assert rate_limits.sender("sms", provider="twilio", name="+44") == Sender("twilio", "+44", 2.5)
    assert rate_limits.sender("email", provider="smtp", name="x").rate is None
    assert rate_limits.sender("social", provider="mastodon", name="x").rate is None
    assert rate_limits.sender("sms", provider="outbox", name="outbox").rate is None


def test_a_full_bucket_grants_what_fits_and_says_when_more_will() -> None:
    """Whole messages, the first ones first, and never one out of its turn."""
    assert _asked(SLOW, [4, 3, 2, 5, 1]) == (3, pytest.approx(4_000, rel=0.01))
    assert _asked(SLOW, [2]) == (0, pytest.approx(1_000, rel=0.01))
    assert rate_limits.granted(SLOW, [1], urgent=True) == Grant(1, 0.0)


def test_a_bucket_fills_at_its_rate_and_no_higher_than_its_burst() -> None:
    """Also below one a second."""
    assert rate_limits.granted(SLOW, [10], urgent=True).messages == 1
    _later(2_100)
    assert rate_limits.granted(SLOW, [1, 1, 1], urgent=True).messages == 2
    _later(1_000_000)
    assert rate_limits.granted(SLOW, [1] * 20, urgent=True).messages == 10


def test_a_fast_sender_may_send_a_second_of_its_rate_at_once() -> None:
    """Its bucket holds more than the longest message."""
    assert rate_limits.granted(Sender("twilio", "72975", 100.0), [1] * 300, urgent=True).messages in range(
        100, 200
    )


def test_routine_messages_leave_the_reserve_to_urgent_ones() -> None:
    """A fifth of the bucket is there for an incident at any moment."""
    assert rate_limits.granted(SLOW, [1] * 20, urgent=False).messages == 8
    assert rate_limits.granted(SLOW, [1] * 20, urgent=False).messages == 0
    assert rate_limits.granted(SLOW, [1] * 20, urgent=True).messages == 2


@pytest.mark.parametrize(("size", "wait"), [(10, 10_000), (24, 24_000)])
def test_a_message_as_large_as_the_bucket_goes_when_it_is_full(size: int, wait: float) -> None:
    """Routine or not; what is larger than the bucket is paid for afterwards."""
    assert rate_limits.granted(SLOW, [size, 1], urgent=False).messages == 1
    assert rate_limits.granted(SLOW, [10], urgent=True).wait == pytest.approx(wait, rel=0.01)


def test_what_was_not_sent_is_given_back() -> None:
    """But no bucket becomes fuller than full."""
    rate_limits.granted(SLOW, [5, 5], urgent=True)
    rate_limits.give_back(SLOW, 5)
    assert rate_limits.granted(SLOW, [5, 1], urgent=True).messages == 1
    rate_limits.give_back(SLOW, 50)
    assert rate_limits.granted(SLOW, [1] * 20, urgent=True).messages == 10


def test_nothing_is_asked_and_nothing_is_granted() -> None:
    """No row is made for it."""
    assert rate_limits.granted(SLOW, [], urgent=True) == Grant(0, 0.0)
    assert not Bucket.objects.exists()


def test_without_a_rate_everything_goes() -> None:
    """As fast as the provider takes it."""
    assert rate_limits.granted(UNLIMITED, [1] * 5_000, urgent=False) == Grant(5_000, 0.0)


@pytest.mark.parametrize("who", [SLOW, UNLIMITED])
def test_while_a_sender_rests_nothing_goes(who: Sender) -> None:
    """Not even what is urgent; then everything at once, since the provider was only busy."""
    rate_limits.rest(who, 30, "429 Too Many Requests", failing=False)
    assert _asked(who, [1, 1]) == (0, pytest.approx(30, abs=2))
    _later(31)
    assert rate_limits.granted(who, [1, 1], urgent=True) == Grant(2, 0.0)


def test_a_rest_is_never_shortened() -> None:
    """The provider's longest word counts, with its reason."""
    rate_limits.rest(SLOW, 300, "queue full", failing=False)
    rate_limits.rest(SLOW, 5, "429", failing=False)
    assert rate_limits.granted(SLOW, [1], urgent=True).wait == pytest.approx(300, abs=2)
    assert _bucket().reason == "queue full"


@pytest.mark.parametrize("who", [SLOW, UNLIMITED])
def test_a_failing_provider_is_tried_with_one_message_at_a_time(who: Sender) -> None:
    """Whoever asks meanwhile waits for what becomes of it; once one is taken, all go."""
    rate_limits.rest(who, 60, "503", failing=True)
    _later(61)
    assert rate_limits.granted(who, [1, 1, 1], urgent=False).messages == 1
    assert _asked(who, [1, 1, 1]) == (0, pytest.approx(rate_limits.PATIENCE, abs=2))
    rate_limits.note_taken(who, now=people.NOW)
    assert rate_limits.granted(who, [1, 1, 1], urgent=False) == Grant(3, 0.0)
    assert (_bucket().failing_since, _bucket().failures, _bucket().reason) == (None, 0, "")


def test_when_nobody_says_what_became_of_the_one_tried_another_is_tried() -> None:
    """The process that had it may be dead."""
    rate_limits.rest(SLOW, 60, "503", failing=True)
    _later(61)
    assert rate_limits.granted(SLOW, [1], urgent=False).messages == 1
    _later(rate_limits.PATIENCE + 1)
    assert rate_limits.granted(SLOW, [1], urgent=False).messages == 1


def test_rests_double_with_each_failure_up_to_ten_minutes() -> None:
    """An hour of outage costs a dozen messages and not a million."""
    waits = []
    for _ in range(6):
        rate_limits.rest(SLOW, 60, "503", failing=True)
        waits.append(round(rate_limits.granted(SLOW, [1], urgent=True).wait))
        _later(3_600)
        assert rate_limits.granted(SLOW, [1], urgent=True).messages == 1
    assert waits == pytest.approx([60, 120, 240, 480, 600, 600], abs=2)


def test_what_failed_together_is_one_failure() -> None:
    """Sixty-four messages were under way when the provider went away."""
    for _ in range(64):
        rate_limits.rest(SLOW, 60, "503", failing=True)
    assert _bucket().failures == 1
    assert rate_limits.granted(SLOW, [1], urgent=True).wait == pytest.approx(60, abs=2)


def test_a_message_taken_before_the_failure_does_not_end_the_rest() -> None:
    """Its answer only came late."""
    rate_limits.rest(SLOW, 60, "503", failing=True)
    rate_limits.note_taken(SLOW, now=people.NOW)
    _later(61)
    assert rate_limits.granted(SLOW, [1, 1], urgent=True).messages == 1


def test_a_longer_rest_asked_for_by_a_failing_provider_is_kept() -> None:
    """Retry-After may name more than ours would be."""
    rate_limits.rest(SLOW, 1_800, "503", failing=True)
    assert rate_limits.granted(SLOW, [1], urgent=True).wait == pytest.approx(1_800, abs=2)


def test_a_person_may_say_try_now() -> None:
    """A failing provider is then tried with one message; the others do not follow on a person's word."""
    rate_limits.rest(SLOW, 600, "401", failing=True)
    assert rate_limits.end_rest(SLOW)
    assert rate_limits.granted(SLOW, [1, 1], urgent=False).messages == 1
    assert rate_limits.granted(SLOW, [1, 1], urgent=False).messages == 0
    assert not rate_limits.end_rest(SLOW)


def test_a_clock_set_back_stops_nobody() -> None:
    """The bucket was filled in what is now the future."""
    rate_limits.granted(SLOW, [10], urgent=True)
    _later(-3_600)
    rate_limits.granted(SLOW, [1], urgent=True)
    _later(1_100)
    assert rate_limits.granted(SLOW, [1], urgent=True).messages == 1


def test_senders_have_buckets_of_their_own() -> None:
    """One that rests leaves the other alone."""
    rate_limits.rest(SLOW, 60, "429", failing=False)
    assert rate_limits.granted(Sender("twilio", "+441632960001", 0.001), [1], urgent=False).messages == 1


def test_an_error_of_the_database_is_no_grant() -> None:
    """Nothing is sent of which nobody knows whether it may be."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE notifications_bucket RENAME TO notifications_bucket_away")
    with pytest.raises(DatabaseError):
        rate_limits.granted(UNLIMITED, [1], urgent=True)


@pytest.mark.django_db(transaction=True)
def test_many_that_take_at_once_never_take_more_than_there_is() -> None:
    """Eight connections at one bucket for a second: the burst and what was filled meanwhile, no more."""
    who = Sender("twilio", "72975", 200.0)
    begun = sql.database_now()
    taken = [0] * 8

    def work(place: int) -> None:
        try:
            until = time.monotonic() + 1
            while time.monotonic() < until:
                grant = rate_limits.granted(who, [2, 1, 3, 1], urgent=place == 0)
                taken[place] += sum([2, 1, 3, 1][: grant.messages])
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = (sql.database_now() - begun).total_seconds()
    assert 200 <= sum(taken) <= 200 + 200 * seconds


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_what_a_provider_says_of_itself_outlives_a_lost_connection() -> None:
    _lose_connection()
    rate_limits.rest(SLOW, 60, "no", failing=True)
    assert _bucket().failures == 1

    rate_limits.end_rest(SLOW)
    _lose_connection()
    rate_limits.note_taken(SLOW, now=people.NOW)
    assert _bucket().failing_since is None


def _lose_connection() -> None:
    """As by a database that was restarted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (ours,) = cursor.fetchone()

    def end() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [ours])
        connection.close()

    other = threading.Thread(target=end)
    other.start()
    other.join()
