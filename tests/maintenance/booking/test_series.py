"""Repeating windows: each time ahead a window of its own, or kept with what stood against it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from threading import Barrier, Thread
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from maintenance.booking import series, windows
from maintenance.booking.validation import Refused
from maintenance.models import Freeze, Impact, NoticePolicy, RuleSetting, Series, Service, Skipped, Window
from maintenance.proposals import Proposal
from tests import people
from tests.maintenance import planned
from tests.maintenance.usage import london

pytestmark = pytest.mark.django_db

NOW = people.NOW
FIRST = london(date(2026, 3, 15), 2)
LENGTH = timedelta(hours=2)
WEEKLY = "FREQ=WEEKLY;BYDAY=SU"


def proposed(*services: Service, starts_at: datetime = FIRST, **more: Any) -> Proposal:
    """The first time of a series."""
    return people.proposal(*services, starts_at=starts_at, purpose="New certificates", **more)


def book(
    *services: Service,
    rule: str = WEEKLY,
    starts_at: datetime = FIRST,
    length: timedelta = LENGTH,
    reasons: dict[str, str] | None = None,
    now: datetime = NOW,
) -> Series:
    return series.book_series(
        proposed(*services, starts_at=starts_at, length=length, overrides=reasons or {}),
        rule,
        by=people.user("ada"),
        now=now,
    )


def freeze(first: date, last: date) -> Freeze:
    return Freeze.objects.create(name="Year end", starts_at=london(first, 0), ends_at=london(last, 0))


def starts(of: Series) -> list[str]:
    """On the bank's clock."""
    found = of.windows.order_by("starts_at").values_list("starts_at", flat=True)
    return [f"{at.astimezone(ZoneInfo('Europe/London')):%m-%d %H:%M}" for at in found]


def test_each_time_is_a_window_that_waits_for_its_own_approvals() -> None:
    window = book().windows.earliest("starts_at")
    assert (window.starts_at, window.ends_at) == (FIRST, FIRST + LENGTH)
    assert window.status == Window.Status.BOOKED
    assert window.purpose == "New certificates"
    assert [str(service) for service in window.services.all()] == ["Online banking"]
    assert window.changes.get().actor == people.user("ada")


def test_times_are_booked_sixty_days_ahead_at_the_least() -> None:
    last = book(rule="FREQ=DAILY", length=timedelta(hours=1)).windows.latest("starts_at")
    assert last.starts_at >= NOW + timedelta(days=60) - timedelta(hours=24)


def test_a_longer_promise_books_further_ahead() -> None:
    NoticePolicy.objects.update(promised=timedelta(days=90), least=timedelta(days=80))
    made = book(starts_at=london(date(2026, 6, 7), 2))
    assert made.windows.latest("starts_at").starts_at > NOW + timedelta(days=90)


def test_two_in_the_morning_stays_two_in_the_morning() -> None:
    made = book()
    assert starts(made)[:4] == ["03-15 02:00", "03-22 02:00", "03-29 02:00", "04-05 02:00"]
    assert made.windows.get(starts_at=london(date(2026, 4, 5), 2)).length == LENGTH


def test_a_month_has_its_last_sunday() -> None:
    assert starts(book(rule="FREQ=MONTHLY;BYDAY=-1SU")) == ["03-29 02:00", "04-26 02:00"]


def test_a_series_that_begins_later_is_booked_when_its_time_comes_near() -> None:
    made = book(starts_at=london(date(2026, 9, 6), 2))
    assert starts(made) == []
    series.extend_series(NOW + timedelta(days=140))
    assert starts(made)[0] == "09-06 02:00"


def test_looking_again_makes_nothing_twice() -> None:
    made = book()
    before = starts(made)
    Series.objects.update(extended_at=None)
    series.extend_series(NOW)
    assert starts(made) == before


def test_a_day_later_the_next_time_is_made() -> None:
    made = book(rule="FREQ=DAILY", length=timedelta(hours=1))
    before = made.windows.count()
    series.extend_series(NOW + timedelta(days=1))
    assert made.windows.count() == before + 1


def test_between_two_looks_it_is_booked_sixty_days_ahead() -> None:
    made = book(rule="FREQ=DAILY", length=timedelta(hours=1))
    just_before = NOW + timedelta(hours=11, minutes=59)
    series.extend_series(just_before)
    last = made.windows.latest("starts_at").starts_at
    assert last + timedelta(days=1) > just_before + timedelta(days=60)


def test_where_nothing_is_to_do_it_costs_one_query() -> None:
    book()
    with CaptureQueriesContext(connection) as asked:
        series.extend_series(NOW + timedelta(hours=5))
    assert len(asked) == 1


def test_what_was_cancelled_is_not_made_again() -> None:
    made = book()
    first = made.windows.earliest("starts_at")
    windows.cancel(first, reason="Not needed", by=people.user("ada"), now=NOW)
    series.extend_series(NOW + timedelta(days=1))
    assert made.windows.filter(occurrence_at=FIRST).get() == first


def test_what_was_moved_is_not_made_again() -> None:
    made = book()
    first = made.windows.earliest("starts_at")
    later = FIRST + timedelta(days=1)
    windows.reschedule(first, Proposal(later, later + LENGTH), reason="Crew", by=people.user("ada"), now=NOW)
    series.extend_series(NOW + timedelta(days=1))
    assert not made.windows.filter(starts_at=FIRST).exists()


def test_what_cannot_be_booked_is_kept_with_everything_against_it() -> None:
    held = freeze(date(2026, 3, 20), date(2026, 3, 24))
    cards = people.service("cards")
    banking = people.service()
    banking.depends_on.add(cards)
    people.window(cards, starts_at=london(date(2026, 3, 22), 3))
    made = book(banking)
    skipped = Skipped.objects.get(series=made)
    assert skipped.occurrence_at == london(date(2026, 3, 22), 2)
    assert len(skipped.words.splitlines()) == 2
    assert held.name in skipped.words
    assert "Online banking depends on Cards" in skipped.words


def test_what_cannot_be_booked_leaves_no_half_window() -> None:
    freeze(date(2026, 3, 20), date(2026, 3, 24))
    made = book()
    assert not made.windows.filter(occurrence_at=london(date(2026, 3, 22), 2)).exists()
    assert Impact.objects.count() == made.windows.count()


def test_what_was_found_impossible_is_found_once() -> None:
    freeze(date(2026, 3, 20), date(2026, 3, 24))
    book()
    series.extend_series(NOW + timedelta(days=1))
    assert Skipped.objects.count() == 1


def test_a_soft_rule_is_passed_each_time_with_the_reason_of_the_series() -> None:
    RuleSetting.objects.create(rule="freeze", weight=RuleSetting.Weight.SOFT)
    freeze(date(2026, 3, 20), date(2026, 3, 24))
    made = book(reasons={"freeze": "Agreed with the board"})
    window = made.windows.get(occurrence_at=london(date(2026, 3, 22), 2))
    assert window.overrides.get().reason == "Agreed with the board"


def test_a_series_of_which_nothing_can_be_booked_is_refused() -> None:
    freeze(date(2026, 3, 1), date(2026, 12, 1))
    with pytest.raises(Refused, match="Year end"):
        book()
    assert not Series.objects.exists()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"rule": ""}, "Say how it repeats"),
        ({"rule": "often"}, "no recurrence rule"),
        ({"rule": "FREQ=WEEKLY;UNTIL=20260301"}, "never names a time"),
        ({"rule": "FREQ=WEEKLY;COUNT=2", "starts_at": london(date(2026, 1, 4), 2)}, "still to come"),
        ({"rule": "FREQ=DAILY", "length": timedelta(hours=25)}, "it would overlap itself"),
        ({"length": timedelta(0)}, "must end after it starts"),
    ],
)
def test_what_cannot_be_a_series_is_refused(fault: dict[str, object], said: str) -> None:
    with pytest.raises(Refused, match=said):
        book(**fault)  # type: ignore[arg-type]


def test_after_its_end_nothing_is_made_and_what_is_booked_stays() -> None:
    made = book()
    before = starts(made)
    series.end_series(made, by=people.user("ada"), now=NOW)
    series.extend_series(NOW + timedelta(days=30))
    assert starts(made) == before


def test_who_ended_it_is_kept() -> None:
    ended = series.end_series(book(), by=people.user("ada"), now=NOW)
    assert (ended.ended_by, ended.ended_at) == (people.user("ada"), NOW)


def test_it_ends_once() -> None:
    ended = series.end_series(book(), by=people.user("ada"), now=NOW)
    with pytest.raises(Refused, match="ended already"):
        series.end_series(ended, by=people.user("ada"), now=NOW)


def test_what_was_taken_care_of_says_how_and_by_whom() -> None:
    freeze(date(2026, 3, 20), date(2026, 3, 24))
    book()
    settled = series.settle_skipped(Skipped.objects.get(), "Done on Saturday", by=people.user("ada"), now=NOW)
    assert (settled.settled_words, settled.settled_by) == ("Done on Saturday", people.user("ada"))


def test_what_was_taken_care_of_needs_words() -> None:
    freeze(date(2026, 3, 20), date(2026, 3, 24))
    book()
    with pytest.raises(Refused):
        series.settle_skipped(Skipped.objects.get(), " ", by=people.user("ada"), now=NOW)


def test_one_series_that_fails_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    broken, whole = book(), book(people.service("cards"), starts_at=FIRST + timedelta(hours=5))
    Series.objects.filter(pk=broken.pk).update(recurrence="often")
    before = whole.windows.count()
    monkeypatch.setattr(series.book.log, "exception", lambda *_: None)
    series.extend_series(NOW + timedelta(days=30))
    assert whole.windows.count() > before


def test_the_same_time_twice_is_refused_by_the_database() -> None:
    window = book().windows.earliest("starts_at")
    window.pk, window.public_id = None, people.TOKEN
    with pytest.raises(IntegrityError), transaction.atomic():
        window.save()


def test_before_it_is_booked_each_time_says_what_stands_against_it() -> None:
    freeze(date(2026, 3, 20), date(2026, 3, 24))
    seen = series.preview(proposed(), WEEKLY, now=NOW)
    assert [bool(each.against) for each in seen[:3]] == [False, True, False]


def test_what_was_shown_before_is_what_is_booked() -> None:
    seen = series.preview(proposed(), WEEKLY, now=NOW)
    made = book()
    booked = made.windows.order_by("starts_at").values_list("starts_at", flat=True)
    assert [each.starts_at for each in seen] == list(booked)


def test_of_a_rare_series_three_times_are_shown() -> None:
    seen = series.preview(proposed(), "FREQ=YEARLY", now=NOW)
    assert [each.at_once for each in seen] == [True, False, False]


def test_more_times_are_shown_for_the_same_queries() -> None:
    def queries(rule: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            series.preview(proposal, rule, now=NOW)
        return len(asked)

    proposal = proposed()
    assert queries("FREQ=DAILY") == queries("FREQ=YEARLY")


def test_the_clock_books_what_has_come_near() -> None:
    made = planned.series()
    Series.objects.update(extended_at=None)
    series.extend_series(NOW)
    assert made.windows.exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_clocks_at_once_make_each_time_once() -> None:
    made = book(rule="FREQ=DAILY", length=timedelta(hours=1))
    before = made.windows.count()
    freeze(date(2026, 5, 10), date(2026, 5, 13))
    at_once(lambda: series.extend_series(NOW + timedelta(days=20)), times=2)
    assert (made.windows.count(), made.skipped.count()) == (before + 17, 3)
    assert made.windows.filter(impacts=None).count() == 0


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_series_that_ends_meanwhile_is_made_no_further() -> None:
    made = book(rule="FREQ=DAILY", length=timedelta(hours=1))
    with transaction.atomic():
        series.end_series(made, by=people.user("ada"), now=NOW)
        extending = Thread(target=_quietly, args=[lambda: series.extend_series(NOW + timedelta(days=20))])
        extending.start()
        before = made.windows.count()
        extending.join(timeout=0.5)
    extending.join()
    assert made.windows.count() == before


def at_once(do: Callable[[], object], *, times: int) -> None:
    gate = Barrier(times)

    def one() -> None:
        gate.wait()
        _quietly(do)

    threads = [Thread(target=one) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _quietly(do: Callable[[], object]) -> None:
    """Each thread has a connection of its own, which nobody else closes."""
    try:
        do()
    finally:
        connections.close_all()
