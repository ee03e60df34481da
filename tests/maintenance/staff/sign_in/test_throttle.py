"""Tries are taken from rows, by all processes together."""

from __future__ import annotations

import threading
from datetime import datetime

import pytest
from django.db import connection

from maintenance.models import SignInBucket
from maintenance.staff.sign_in import throttle
from maintenance.staff.sign_in.throttle import Bucket

BUCKETS = (Bucket("account 1", 20), Bucket("address 192.0.2.1", 5))


@pytest.mark.django_db(transaction=True)
def test_guesses_sent_at_once_do_not_pass_together(now: datetime) -> None:
    """Sixteen threads, five tries."""
    passed: list[bool] = []
    together = threading.Barrier(16)

    def guess() -> None:
        try:
            together.wait(timeout=30)
            passed.append(throttle.take_try(BUCKETS, now=now) is None)
        finally:
            connection.close()

    threads = [threading.Thread(target=guess) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(passed), sum(passed)) == (16, 5)


@pytest.mark.django_db
def test_a_try_is_taken_from_all_buckets_or_from_none(now: datetime) -> None:
    for _ in range(8):
        throttle.take_try(BUCKETS, now=now)
    full = dict(SignInBucket.objects.values_list("key", "full_at"))
    assert {key: (at - now) / throttle.REFILL for key, at in full.items()} == {
        "account 1": 5,
        "address 192.0.2.1": 5,
    }


@pytest.mark.django_db
def test_a_try_that_was_given_back_can_be_taken_again(now: datetime) -> None:
    for _ in range(5):
        assert throttle.take_try(BUCKETS, now=now) is None
    throttle.give_back(BUCKETS)
    assert throttle.take_try(BUCKETS, now=now) is None
    assert throttle.take_try(BUCKETS, now=now) == now + throttle.REFILL


@pytest.mark.django_db
def test_a_full_bucket_is_not_kept(now: datetime) -> None:
    throttle.take_try(BUCKETS, now=now)
    throttle.take_try(BUCKETS[:1], now=now)
    throttle.delete_full(now=now + throttle.REFILL)
    assert [bucket.key for bucket in SignInBucket.objects.all()] == ["account 1"]
