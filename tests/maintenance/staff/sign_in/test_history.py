"""What is kept of sign-ins ends after ninety days, and never fills a disk."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from maintenance.models import SignIn, SignInBucket
from maintenance.staff.sign_in import delete_outdated, history
from tests import people
from tests.maintenance.staff.sign_in.browser import HERE, guess, member, sign_in
from tests.staff import address, reader, words

pytestmark = pytest.mark.django_db

Outcome = SignIn.Outcome


def test_rows_older_than_ninety_days_are_deleted(now: datetime) -> None:
    ada = people.user("ada")
    history.record_sign_in(Outcome.SIGNED_IN, ada, HERE, now=now - history.KEPT)
    history.record_sign_in(Outcome.SIGNED_IN, ada, HERE, now=now - timedelta(days=1))
    delete_outdated(now=now)
    assert [row.last_at for row in SignIn.objects.all()] == [now - timedelta(days=1)]


def test_of_many_refusals_the_newest_are_kept(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """And every right sign-in, however old."""
    monkeypatch.setattr(history, "MOST_REFUSED", 3)
    history.record_sign_in(Outcome.SIGNED_IN, people.user("ada"), HERE, now=now - timedelta(days=2))
    for minute in range(6):
        history.record_sign_in(
            Outcome.WRONG_PASSWORD, None, f"198.51.100.{minute}", now=now + minute * timedelta(minutes=1)
        )
    delete_outdated(now=now + timedelta(hours=1))
    kept = SignIn.objects.filter(outcome=Outcome.WRONG_PASSWORD).order_by("id")
    assert [row.address for row in kept] == ["198.51.100.3", "198.51.100.4", "198.51.100.5"]
    assert SignIn.objects.filter(outcome=Outcome.SIGNED_IN).count() == 1


def test_one_row_counts_a_day(now: datetime) -> None:
    ada = people.user("ada")
    for hour in (0, 1, 2, 24):
        history.record_sign_in(Outcome.WRONG_PASSWORD, ada, HERE, now=now + hour * timedelta(hours=1))
    rows = SignIn.objects.order_by("id").values_list("times", "first_at", "last_at")
    tomorrow = now + timedelta(days=1)
    assert list(rows) == [(3, now, now + timedelta(hours=2)), (1, tomorrow, tomorrow)]


def test_an_ipv6_network_is_one_row(now: datetime) -> None:
    for number in range(3):
        history.record_sign_in(Outcome.WRONG_PASSWORD, None, f"2001:db8:1:2::{number}", now=now)
    assert [(row.address, row.times) for row in SignIn.objects.all()] == [("2001:db8:1:2::/64", 3)]


def test_refusals_are_counted_once_a_minute(now: datetime) -> None:
    """They must not cost a write each."""
    ada = people.user("ada")
    for second in (0, 1, 59, 60, 61):
        history.record_sign_in(Outcome.THROTTLED, ada, HERE, now=now + timedelta(seconds=second))
    assert [row.times for row in SignIn.objects.all()] == [2]


@pytest.mark.usefixtures("clock")
def test_buckets_are_forgotten_when_they_are_full_again(now: datetime) -> None:
    member()
    guess(3)
    delete_outdated(now=now)
    assert SignInBucket.objects.count() == 2
    delete_outdated(now=now + timedelta(minutes=15))
    assert not SignInBucket.objects.exists()


@pytest.mark.usefixtures("clock")
def test_olga_sees_who_tried_and_from_where() -> None:
    member()
    guess(12)
    guess(1, "nobody")
    sign_in(at="203.0.113.9")
    page = words(reader(), address("maintenance_signin_changelist"))
    seen = ("ada", HERE, "Wrong password", "Refused: too many wrong passwords", "203.0.113.9", "Signed in")
    assert [each for each in (*seen, "No such account") if each not in page] == []
