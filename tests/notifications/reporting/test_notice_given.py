"""How much notice each customer had: person by person, from the first message of the time that came."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from maintenance.models import Change, Customer, NoticeKind, NoticePolicy, Window
from notifications.models import Delivery, Notice, State
from notifications.reporting import notice_given, review
from notifications.reporting.notice_given import NoticeGiven
from tests import people
from tests.staff import address, reader, words

pytestmark = pytest.mark.django_db


def _told(window: Window, at: datetime | None, number: int = 1, **options: Any) -> Notice:
    """So many new customers were sent an SMS of a new notice then."""
    kind = options.pop("kind", NoticeKind.ANNOUNCED)
    notice = people.notice(
        window, kind, due_at=options.pop("due_at", people.NOW), status=Notice.Status.PREPARED
    )
    people.queued(
        notice, number=number, **({"state": State.SENT, "sent_at": at, "provider": "twilio"} | options)
    )
    return notice


def _also(notice: Notice, customer: Customer | None, channel: str, **options: Any) -> Delivery:
    """One more message of a notice, to a customer that is known, or to all."""
    times = {"not_before": notice.due_at, "expires_at": notice.true_until}
    own = {"notice": notice, "customer": customer, "channel": channel, "language": "en", "provider": "x"}
    return Delivery.objects.create(**(own | times | options))


def _parts(given: NoticeGiven) -> tuple[int, int, int]:
    return given.kept, given.late, given.not_told


def _brackets(given: NoticeGiven) -> dict[str, int]:
    return {bracket.words: bracket.people for bracket in given.brackets if bracket.people}


def test_a_post_that_went_first_keeps_no_promise_to_who_was_told_in_the_last_night(now: datetime) -> None:
    """The fault this counts for: one post in time, and every SMS fourteen hours before the start."""
    window = people.window(starts_at=now + timedelta(days=8))
    notice = _told(window, window.starts_at - timedelta(hours=14), number=3)
    _also(notice, None, "social", target="mastodon", state=State.SENT, sent_at=now)
    found = review.review_of(window, now=now)
    assert _parts(found.notice) == (0, 3, 0)
    assert found.kept is False
    assert found.notice.shortest == timedelta(hours=14)


def test_each_customer_stands_in_the_bracket_of_her_own_first_message(now: datetime) -> None:
    window = people.window(starts_at=now + timedelta(days=20))
    begins = window.starts_at
    for days in (8, 6, 4, 2, 0.5, -0.1):
        _told(window, begins - timedelta(days=days), due_at=now + timedelta(minutes=days))
    given = notice_given.notice_given(window)
    assert _parts(given) == (1, 5, 0)
    assert _brackets(given) == {
        "7 days or more": 1,
        "5 to 7 days": 1,
        "3 to 5 days": 1,
        "1 to 3 days": 1,
        "Less than 1 day": 1,
        "After the start": 1,
    }
    assert (given.longest, given.shortest) == (timedelta(days=8), timedelta(days=-0.1))


def test_the_first_of_her_messages_counts(now: datetime) -> None:
    window = people.window(starts_at=now + timedelta(days=8))
    notice = _told(window, now + timedelta(days=6))
    _also(notice, Customer.objects.get(), "email", state=State.DELIVERED, sent_at=now)
    assert _parts(notice_given.notice_given(window)) == (1, 0, 0)


def test_who_first_heard_by_the_reminder_was_told_then(now: datetime) -> None:
    window = people.window(starts_at=now + timedelta(days=8))
    _told(window, None, state=State.FAILED)
    reminder = people.notice(window, NoticeKind.REMINDER, due_at=now + timedelta(days=7))
    _also(reminder, Customer.objects.get(), "sms", state=State.SENT, sent_at=now + timedelta(days=7))
    assert _parts(notice_given.notice_given(window)) == (0, 1, 0)


@pytest.mark.parametrize(
    "options",
    [
        {"state": State.FAILED},
        {"state": State.EXPIRED},
        {"state": State.QUEUED},
        {"state": State.UNKNOWN},
        {"state": State.SENT, "provider": "outbox", "sent_at": people.NOW},
        {"state": State.FAILED, "sent_at": people.NOW},
    ],
    ids=["failed", "expired", "waiting", "unknown", "outbox", "bounced"],
)
def test_who_got_nothing_was_not_told(now: datetime, options: dict[str, Any]) -> None:
    window = people.window(starts_at=now + timedelta(days=8))
    notice = _told(window, None, **options)
    _also(notice, None, "inapp", target="app", state=State.SENT, sent_at=now)
    given = notice_given.notice_given(window)
    assert _parts(given) == (0, 0, 1)
    assert (given.first_at, given.last_at) == (None, None)


@pytest.mark.parametrize("state", [State.NO_ADDRESS, State.SUPPRESSED])
def test_who_has_no_other_road_is_told_by_the_app(now: datetime, state: State) -> None:
    window = people.window(starts_at=now + timedelta(days=8))
    notice = _told(window, None, state=state)
    _also(notice, Customer.objects.get(), "email", state=State.NO_ADDRESS)
    assert _parts(notice_given.notice_given(window)) == (0, 0, 1)
    _also(notice, None, "inapp", target="app", state=State.SENT, sent_at=now)
    given = notice_given.notice_given(window)
    assert _parts(given) == (1, 0, 0)
    assert given.app_at == given.first_at == now


def test_the_notice_is_counted_to_the_start_as_it_came(now: datetime) -> None:
    window = people.window(starts_at=now + timedelta(days=7), status=Window.Status.STARTED)
    NoticePolicy.objects.update(unit="hours")
    _told(window, now + timedelta(minutes=10))
    assert _parts(notice_given.notice_given(window)) == (0, 1, 0)
    window.started_at = window.starts_at + timedelta(minutes=30)
    given = notice_given.notice_given(window)
    assert _parts(given) == (1, 0, 0)
    assert given.shortest == timedelta(days=7, minutes=20)


def test_a_message_on_the_promised_day_keeps_the_promise(now: datetime) -> None:
    """The announcement goes out at ten, the window begins at two: a week of calendar days, not of hours."""
    window = people.window(starts_at=now.replace(hour=2) + timedelta(days=7))
    _told(window, now.replace(hour=23, minute=59))
    _told(window, now.replace(hour=0) + timedelta(days=1), due_at=now + timedelta(days=1))
    assert _brackets(notice_given.notice_given(window)) == {"7 days or more": 1, "5 to 7 days": 1}


def test_a_promise_in_working_days_is_judged_and_read_as_one(now: datetime) -> None:
    """Seven working days before Wednesday the 11th are this Monday; five are Wednesday."""
    NoticePolicy.objects.update(unit="working_days")
    window = people.window(starts_at=now.replace(hour=2) + timedelta(days=9))
    for days in (0, 1, 4):
        _told(window, now + timedelta(days=days, hours=1), due_at=now + timedelta(days=days))
    found = review.review_of(window, now=now)
    assert _brackets(found.notice) == {
        "7 working days or more": 1,
        "5 to 7 working days": 1,
        "3 days to 5 working days": 1,
    }
    assert (found.promised, found.least) == ("7 working days", "5 working days")


def test_before_anybody_was_told_nothing_is_kept_or_broken(now: datetime) -> None:
    found = review.review_of(people.window(), now=now)
    assert (found.kept, found.notice.all) == (None, 0)


def _moved(window: Window, revision: int, starts_at: datetime) -> None:
    """As booking and moving write it down."""
    ends_at = starts_at + window.length
    what = Change.What.RESCHEDULED if revision > 1 else Change.What.BOOKED
    after = {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
    Change.objects.filter(window=window, revision=revision).delete()
    Change.objects.create(
        window=window, what=what, at=people.NOW, actor=window.booker, revision=revision, after=after
    )
    window.revision, window.starts_at, window.ends_at = revision, starts_at, ends_at
    window.save()


def test_who_was_told_of_another_time_first_is_counted_from_the_message_of_this_one(now: datetime) -> None:
    window = people.window(starts_at=now + timedelta(days=10))
    _moved(window, 1, window.starts_at)
    _told(window, now)
    _moved(window, 2, now + timedelta(days=12))
    news = people.notice(window, NoticeKind.RESCHEDULED, due_at=now + timedelta(days=8))
    _also(news, Customer.objects.get(), "sms", state=State.SENT, sent_at=now + timedelta(days=8))
    given = notice_given.notice_given(window)
    assert _parts(given) == (0, 1, 0)
    assert given.shortest == timedelta(days=4)


def test_of_a_time_nobody_has_heard_nobody_was_told(now: datetime) -> None:
    window = people.window(starts_at=now + timedelta(days=10))
    _moved(window, 1, window.starts_at)
    _told(window, now)
    _moved(window, 2, now + timedelta(days=12))
    assert notice_given.notice_given(window).all == 0


def test_back_at_a_time_that_was_told_before_what_was_told_still_holds(now: datetime) -> None:
    """Nobody had heard of the time between, so nobody is told again."""
    window = people.window(starts_at=now + timedelta(days=10))
    first = window.starts_at
    _moved(window, 1, first)
    _told(window, now)
    _moved(window, 2, now + timedelta(days=12))
    _moved(window, 3, first)
    assert _parts(notice_given.notice_given(window)) == (1, 0, 0)


def test_a_time_told_before_another_one_holds_no_more_when_it_comes_back(now: datetime) -> None:
    window = people.window(starts_at=now + timedelta(days=10))
    first = window.starts_at
    _moved(window, 1, first)
    _told(window, now)
    for revision, starts_at in ((2, now + timedelta(days=12)), (3, first)):
        _moved(window, revision, starts_at)
        news = people.notice(window, NoticeKind.RESCHEDULED, due_at=now + timedelta(days=2 * revision))
        _also(news, Customer.objects.get(), "sms", state=State.SENT, sent_at=news.due_at)
    given = notice_given.notice_given(window)
    assert _parts(given) == (0, 1, 0)
    assert given.shortest == timedelta(days=4)


def test_the_page_says_for_how_many_it_was_kept_and_how_late_the_last_was_told(now: datetime) -> None:
    window = people.window(starts_at=now + timedelta(days=8), status=Window.Status.APPROVED)
    _told(window, now, number=2)
    _told(window, window.starts_at - timedelta(hours=14), due_at=now + timedelta(days=7))
    _told(window, None, state=State.FAILED, due_at=now + timedelta(days=2))
    page = words(reader(), address("maintenance_window_review", window.pk))
    assert "Kept for 2 of 4" in page
    assert "Late for 1" in page
    assert "last Mon 9 Mar 2026, 19:00: <bdi>14 h before the start</bdi>." in page
    card = page.split('aria-label="Notice by customer"')[1].split("</section>")[0]
    assert "Not told</span>" in card
