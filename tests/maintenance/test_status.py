"""What the public may know, and when a service is said to be well."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from maintenance import status
from maintenance.models import Alternative, Approval, Impact, Service, Window
from maintenance.status import Phase, State
from tests import people

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def phases(now: datetime, service: Service | None = None) -> list[Phase]:
    return [seen.phase for seen in status.public_windows(now, service)]


def state_of(service: Service, now: datetime) -> State:
    standings = status.standings(status.public_windows(now))
    return next(standing.state for standing in standings if standing.service == service)


@pytest.mark.parametrize(
    "unapproved", [Window.Status.BOOKED, Window.Status.REJECTED, Window.Status.CANCELLED]
)
def test_what_was_never_approved_is_nobodys_business(now: datetime, unapproved: Window.Status) -> None:
    people.window(status=unapproved)
    assert phases(now) == []


def test_one_approval_alone_makes_nothing_public(now: datetime) -> None:
    people.approve(people.window(), Approval.Subject.CHANGE)
    assert phases(now) == []


def test_approvals_of_different_revisions_do_not_add_up(now: datetime) -> None:
    window = people.window()
    people.approve(window, Approval.Subject.CHANGE, revision=1)
    people.approve(window, Approval.Subject.TEXT, revision=2)
    assert phases(now) == []


@pytest.mark.parametrize("waiting", [Window.Status.BOOKED, Window.Status.REJECTED])
def test_a_known_window_that_was_moved_stays_visible_unconfirmed(
    now: datetime, waiting: Window.Status
) -> None:
    people.approve(people.window(status=waiting), revision=1)
    assert phases(now) == [Phase.UNCONFIRMED]


def test_a_known_window_that_was_cancelled_stays_visible_until_its_end(now: datetime) -> None:
    window = people.window(status=Window.Status.CANCELLED, starts_at=now + DAY)
    people.approve(window)
    assert phases(now) == [Phase.CANCELLED]
    assert phases(window.ends_at - HOUR) == [Phase.CANCELLED]
    assert phases(window.ends_at + DAY) == []


def test_a_started_window_is_under_way_until_a_person_finishes_it(now: datetime) -> None:
    service = people.service()
    window = people.window(service, starts_at=now - HOUR, status=Window.Status.STARTED)
    assert state_of(service, now) is State.MAINTENANCE
    assert state_of(service, window.ends_at + 90 * DAY) is State.MAINTENANCE
    Window.objects.update(status=Window.Status.FINISHED, started_at=window.starts_at, finished_at=now)
    assert state_of(service, now) is State.OPERATIONAL


def test_a_started_window_past_its_planned_end_is_overrun(now: datetime) -> None:
    window = people.window(starts_at=now - HOUR, status=Window.Status.STARTED)
    assert phases(window.ends_at - timedelta(seconds=1)) == [Phase.UNDER_WAY]
    assert phases(window.ends_at) == [Phase.OVERRUN]


def test_a_window_whose_time_has_come_without_word_may_have_begun(now: datetime) -> None:
    service = people.service()
    people.window(service, starts_at=now, status=Window.Status.APPROVED)
    assert state_of(service, now) is State.EXPECTED
    assert phases(now) == [Phase.DUE]


def test_a_window_that_nobody_began_says_nothing_of_the_service_afterwards(now: datetime) -> None:
    service = people.service()
    window = people.window(service, starts_at=now, status=Window.Status.APPROVED)
    assert phases(window.ends_at) == [Phase.UNREPORTED]
    assert state_of(service, window.ends_at) is State.OPERATIONAL


def test_a_finished_window_stays_visible_for_a_month(now: datetime) -> None:
    people.window(starts_at=now - 3 * HOUR, status=Window.Status.FINISHED)
    Window.objects.update(started_at=now - 3 * HOUR, finished_at=now)
    assert phases(now + status.FINISHED_KEPT) == [Phase.OVER]
    assert phases(now + status.FINISHED_KEPT + DAY) == []


def test_nothing_drops_out_within_a_day(now: datetime) -> None:
    window = people.window(starts_at=now, status=Window.Status.CANCELLED)
    people.approve(window)
    midnight = status.start_of_day(now) + DAY
    assert phases(midnight - timedelta(seconds=1)) == [Phase.CANCELLED]
    assert phases(midnight) == []


def test_only_confirmed_windows_are_planned_or_under_way(now: datetime) -> None:
    later = people.window(status=Window.Status.APPROVED, starts_at=now + 9 * DAY)
    sooner = people.window(status=Window.Status.APPROVED, starts_at=now + 8 * DAY)
    started = people.window(status=Window.Status.STARTED, starts_at=now - HOUR)
    people.approve(people.window(starts_at=now + 7 * DAY))
    seen = [(each.window, each.phase) for each in status.public_windows(now)]
    assert [window for window, phase in seen if phase is Phase.PLANNED] == [sooner, later]
    assert [window for window, phase in seen if phase in status.NOW] == [started]


def test_a_restricted_service_is_not_said_to_be_away(now: datetime) -> None:
    service = people.service()
    people.window(service, starts_at=now - HOUR, status=Window.Status.STARTED)
    Impact.objects.update(level=Impact.Level.DEGRADED)
    assert state_of(service, now) is State.RESTRICTED


def test_of_two_windows_the_worse_one_decides(now: datetime) -> None:
    service = people.service()
    restricted = people.window(service, starts_at=now - HOUR, status=Window.Status.STARTED)
    restricted.impacts.update(level=Impact.Level.DEGRADED)
    away = people.window(service, starts_at=now, status=Window.Status.STARTED)
    standing = status.standings(status.public_windows(now))[0]
    assert standing.state is State.MAINTENANCE
    assert standing.because is not None
    assert standing.because.window == away


def test_one_services_windows_leave_out_the_others(now: datetime) -> None:
    cards, banking = people.service("cards"), people.service()
    people.window(cards, status=Window.Status.APPROVED)
    assert phases(now, banking) == []
    assert phases(now, cards) == [Phase.PLANNED]


def test_what_is_away_itself_is_not_named_as_a_way_out(now: datetime) -> None:
    banking, cards = people.service(alternative=False), people.service("cards", alternative=False)
    Alternative.objects.create(service=banking, instead=cards, words="Pay by card.")
    by_phone = Alternative.objects.create(service=banking, words="Call us.")
    people.window(banking, cards, status=Window.Status.APPROVED)
    assert status.public_windows(now)[0].alternatives == (by_phone,)


@pytest.mark.parametrize("windows", [1, 3])
def test_the_number_of_queries_does_not_grow_with_the_windows(now: datetime, windows: int) -> None:
    for number in range(windows):
        service = people.service(f"service-{number}")
        people.window(service, people.service("shared"), status=Window.Status.APPROVED)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        status.standings(status.public_windows(now))
    assert len(queries) == 4
