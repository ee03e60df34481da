"""The quietest slots, and why they are."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from pytest_django import Settings

from maintenance import slots, traffic
from maintenance.models import Freeze, NoticePolicy, Service, Window
from maintenance.slots import Slot
from maintenance.traffic import Load
from tests.maintenance.usage import LONDON, Usage, from_file, london, samples, week
from tests.people import service, window

pytestmark = pytest.mark.django_db

TWO_HOURS = timedelta(hours=2)
BEFORE_EASTER = london(date(2026, 4, 2), 0)
"""Until then every week is like every other."""
NEW_YORK = ZoneInfo("America/New_York")


def _used(now: datetime, key: str = "online-banking", usage: Usage = week) -> Service:
    used = service(key)
    traffic.keep_samples(used, samples(usage, until=now, days=63))
    return used


def _suggest(services: Sequence[Service], length: timedelta, **asked: Any) -> tuple[Slot, ...]:
    between = {name: asked.pop(name) for name in ("start", "end", "moved") if name in asked}
    return slots.suggest(slots.Search(services, **between), length, **asked).slots


def _starts(found: Sequence[Slot]) -> list[datetime]:
    return [slot.starts_at for slot in found]


def _load(slot: Slot) -> Load:
    assert slot.load is not None
    return slot.load


def _why(slot: Slot, beginning: str) -> str:
    return next(reason for reason in (*slot.reasons, *slot.against) if reason.startswith(beginning))


def test_the_quietest_hours_come_first(now: datetime) -> None:
    found = _suggest([_used(now)], TWO_HOURS, now=now, end=BEFORE_EASTER)
    assert [found[0].starts_at, found[0].ends_at] == [
        london(date(2026, 3, 15), 2),
        london(date(2026, 3, 15), 4),
    ]


def test_of_equally_quiet_ones_the_earlier_comes_first(now: datetime) -> None:
    found = _suggest([_used(now)], TWO_HOURS, now=now, end=BEFORE_EASTER, count=3)
    assert _starts(found) == [london(date(2026, 3, day), 2) for day in (15, 22, 29)]


def test_a_slot_says_what_it_is_expected_to_carry(now: datetime) -> None:
    slot = _suggest([_used(now)], TWO_HOURS, now=now, end=BEFORE_EASTER)[0]
    ordinary = np.mean([week(now + timedelta(hours=hour)) for hour in range(168)])
    assert _load(slot).expected == pytest.approx(90 + 50)
    assert slot.share == pytest.approx(_load(slot).expected / 2 / ordinary)
    assert _load(slot).low <= _load(slot).expected <= _load(slot).high


def test_slots_do_not_overlap_and_no_night_is_offered_more_than_twice(now: datetime) -> None:
    found = _suggest([_used(now)], TWO_HOURS, now=now, count=12)
    starts = sorted(_starts(found))
    assert len(found) == 12
    assert all(after - before >= TWO_HOURS for before, after in itertools.pairwise(starts))
    nights = [(start - timedelta(hours=12)).date() for start in starts]
    assert max(nights.count(night) for night in nights) == 2


def test_slots_begin_on_the_half_hour_of_the_bank_s_clock(now: datetime, settings: Settings) -> None:
    settings.TIME_ZONE = "Asia/Kathmandu"  # three quarters of an hour off
    begins = _suggest([_used(now)], TWO_HOURS, now=now)[0].starts_at
    assert begins.astimezone(ZoneInfo("Asia/Kathmandu")).minute in (0, 30)


def test_the_promised_notice_is_kept(now: datetime) -> None:
    found = _suggest([_used(now)], TWO_HOURS, now=now, end=now + timedelta(days=9), count=30)
    assert min(_starts(found)) >= london(date(2026, 3, 9), 0)


def test_asked_for_earlier_it_keeps_the_least_notice(now: datetime) -> None:
    found = _suggest([_used(now)], TWO_HOURS, now=now, start=now, end=now + timedelta(days=6), count=30)
    assert min(_starts(found)) >= now + timedelta(days=5)
    assert _why(found[0], "Customers are told") == (
        "Customers are told as soon as it is approved, at most 5 days ahead instead of 7 days."
    )


def test_inside_the_least_notice_there_is_none(now: datetime) -> None:
    assert _suggest([_used(now)], TWO_HOURS, now=now, start=now, end=now + timedelta(days=4)) == ()


def test_slots_lie_in_the_time_that_was_asked_for(now: datetime) -> None:
    start, end = london(date(2026, 3, 18), 9, 10), london(date(2026, 3, 18), 18)
    found = _suggest([_used(now)], TWO_HOURS, now=now, start=start, end=end)
    assert [(min(_starts(found))), max(slot.ends_at for slot in found)] == [
        london(date(2026, 3, 18), 9, 30),
        end,
    ]


def test_without_an_end_it_looks_four_weeks_ahead(now: datetime) -> None:
    found = _suggest([_used(now)], TWO_HOURS, now=now, count=56)
    assert timedelta(days=27) < max(_starts(found)) - min(_starts(found)) < timedelta(days=28)


def test_what_stands_against_a_time_takes_it_away(now: datetime) -> None:
    used = _used(now)
    Freeze.objects.create(
        name="Sale", starts_at=london(date(2026, 3, 14), 12), ends_at=london(date(2026, 3, 15), 12)
    )
    window(used, starts_at=london(date(2026, 3, 22), 3), status=Window.Status.APPROVED)
    found = _suggest([used], TWO_HOURS, now=now, end=BEFORE_EASTER)
    assert found[0].starts_at == london(date(2026, 3, 29), 2)
    assert all(
        slot.ends_at <= london(date(2026, 3, 22), 3) or slot.starts_at >= london(date(2026, 3, 22), 5)
        for slot in found
    )


def test_a_holiday_is_not_taken_for_the_weekday_it_falls_on(now: datetime) -> None:
    quiet_fridays = _used(now, usage=lambda at: week(at) / (100 if at.weekday() == 4 else 1))
    day, friday = timedelta(days=1), london(date(2026, 4, 3), 0)
    good_friday = _suggest([quiet_fridays], TWO_HOURS, now=now, start=friday, end=friday + day)[0]
    assert _load(good_friday).expected > 100
    assert "Good Friday" in _why(good_friday, "A public holiday")
    assert _starts(_suggest([quiet_fridays], TWO_HOURS, now=now, count=3, end=friday + day)) == [
        london(date(2026, 3, day), 2) for day in (13, 20, 27)
    ]


def test_hours_without_samples_are_not_offered_and_that_is_said(now: datetime) -> None:
    staffed = _used(now, usage=lambda at: week(at) if 7 <= at.hour < 21 and at.weekday() < 5 else None)
    found = slots.suggest(slots.Search([staffed]), TWO_HOURS, now=now)
    assert all(7 <= slot.starts_at.astimezone(LONDON).hour <= 19 for slot in found.slots)
    assert "Hours without any traffic on record were left out: unknown is not quiet." in found.doubts


def test_several_services_are_weighed_by_their_own_ordinary_hours(now: datetime) -> None:
    small = _used(now, "app")
    great = _used(now, "cards", usage=lambda at: 1e6 * (1 + (at.hour not in (20, 21))))
    slot = _suggest([great, small], TWO_HOURS, now=now)[0]
    assert slot.services == ("app", "cards")
    assert slot.share == pytest.approx(_load(slot).expected / 4)
    assert _why(slot, "App ").endswith("% of an ordinary hour.")


def test_a_slot_gives_its_reasons(now: datetime) -> None:
    slot = _suggest([_used(now)], TWO_HOURS, now=now, end=BEFORE_EASTER)[0]
    assert slot.reasons == (
        "13 % of an ordinary hour of Online banking.",
        "Sunday 15 March 2026, 02:00 to 04:00 in Europe/London, at night.",
        "Customers are told on Sunday 8 March 2026, 10:00, 7 days ahead.",
        "No rule stands against it.",
    )
    assert slot.against == ()


def test_a_slot_over_a_clock_change_says_how_long_it_lasts(now: datetime) -> None:
    night = london(date(2026, 3, 29), 0)
    slot = _suggest([_used(now)], TWO_HOURS, now=now, start=night, end=night + TWO_HOURS)[0]
    assert slot.reasons[1] == "Sunday 29 March 2026, 00:00 to 03:00 in Europe/London, at night."
    assert "The clocks change during it: 2 h pass, whatever the clock shows." in slot.against


def test_a_service_on_another_clock_is_told_apart(now: datetime) -> None:
    abroad = _used(now)
    Service.objects.filter(pk=abroad.pk).update(time_zone="America/New_York")
    slot = _suggest([Service.objects.get()], TWO_HOURS, now=now)[0]
    assert _why(slot, "On the clock of Online banking (America/New_York) it begins on ")


def test_the_future_is_not_read(now: datetime) -> None:
    used = _used(now)
    before = _suggest([used], TWO_HOURS, now=now)
    traffic.keep_samples(used, [(now + timedelta(hours=hour), 1e9 * (hour % 2)) for hour in range(1000)])
    assert _suggest([used], TWO_HOURS, now=now) == before


def test_a_longer_promise_moves_the_slots_out(now: datetime) -> None:
    NoticePolicy.objects.update(promised=timedelta(days=21))
    found = _suggest([_used(now)], TWO_HOURS, now=now, end=BEFORE_EASTER)
    assert found[0].starts_at == london(date(2026, 3, 29), 2)


def test_without_traffic_the_rules_answer_alone_and_say_so(now: datetime) -> None:
    found = slots.suggest(slots.Search([service()]), TWO_HOURS, now=now)
    assert (found.based_on_traffic, [slot.load for slot in found.slots]) == (False, [None] * 5)
    assert "import_traffic online-banking FILE" in found.problem
    assert found.slots[0].against == ("Not based on traffic: nobody knows how much this time carries.",)


def test_without_traffic_slots_lie_at_night_the_earliest_first(now: datetime) -> None:
    found = _suggest([service()], TWO_HOURS, now=now, count=4)
    assert _starts(found) == [
        london(date(2026, 3, 9), 0),
        london(date(2026, 3, 9), 2),
        london(date(2026, 3, 9), 22),
        london(date(2026, 3, 10), 0),
    ]


def test_without_traffic_what_stands_against_a_time_takes_it_away(now: datetime) -> None:
    Freeze.objects.create(
        name="Sale", starts_at=london(date(2026, 3, 8), 12), ends_at=london(date(2026, 3, 12), 12)
    )
    assert _suggest([service()], TWO_HOURS, now=now)[0].starts_at == london(date(2026, 3, 12), 22)


def test_a_service_without_traffic_among_others_is_named(now: datetime) -> None:
    found = slots.suggest(slots.Search([_used(now), service("cards")]), TWO_HOURS, now=now)
    assert not found.based_on_traffic
    assert found.problem.startswith("Cards has no traffic on record.")
    assert "Online banking" not in found.problem


def test_work_that_needs_people_lies_in_staffed_hours(now: datetime) -> None:
    found = _suggest([_used(now)], TWO_HOURS, now=now, staffed=True, count=30)
    shown = [(slot.starts_at.astimezone(LONDON), slot.ends_at.astimezone(LONDON)) for slot in found]
    assert all(start.hour >= 8 and (end.hour, end.minute) <= (20, 0) for start, end in shown)
    assert {start.weekday() for start, _ in shown} == {0, 1, 2, 3, 4}


def test_without_traffic_staffed_hours_are_the_first_ones(now: datetime) -> None:
    assert _starts(_suggest([service()], TWO_HOURS, now=now, staffed=True, count=2)) == [
        london(date(2026, 3, 9), 8),
        london(date(2026, 3, 9), 10),
    ]


def test_a_length_that_no_staffed_day_holds_is_told(now: datetime) -> None:
    found = slots.suggest(slots.Search([_used(now)]), timedelta(hours=13), now=now, staffed=True)
    assert found.slots == ()
    assert found.nothing[0].startswith("13 h of staffed hours (08:00 to 20:00 on working days) do not fit in")


def test_where_nothing_is_free_each_rule_says_why_once(now: datetime) -> None:
    used, day = _used(now), london(date(2026, 3, 16), 0)
    Freeze.objects.create(name="Sale", starts_at=day, ends_at=day + timedelta(days=2))
    window(used, starts_at=day, length=timedelta(days=2))
    found = slots.suggest(slots.Search([used], day, day + timedelta(days=1)), TWO_HOURS, now=now)
    assert [line.split(" holds")[0].split(":")[0] for line in found.nothing] == [
        "The freeze “Sale”",
        "Online banking",
    ]


def test_a_window_that_is_moved_is_not_in_its_own_way(now: datetime) -> None:
    used = _used(now)
    moved = window(used, starts_at=london(date(2026, 3, 15), 2))
    best = london(date(2026, 3, 15), 2, 30)
    around = {"start": best, "end": best + TWO_HOURS}
    assert _starts(_suggest([used], TWO_HOURS, now=now, **around)) == []
    assert _starts(_suggest([used], TWO_HOURS, now=now, moved=moved, **around)) == [best]


def test_without_a_service_or_a_length_there_is_none(now: datetime) -> None:
    with pytest.raises(ValueError, match="at least one service"):
        _suggest([], TWO_HOURS, now=now)
    with pytest.raises(ValueError, match="a length of more than nothing"):
        _suggest([service()], timedelta(0), now=now)


@pytest.mark.shared
def test_in_recorded_taxi_traffic_it_finds_the_small_hours(shared: Path) -> None:
    taxi = Service.objects.create(key="taxi", name="Taxis", time_zone="America/New_York", country="US")
    recorded = from_file(shared / "data" / "nyc_taxi_2014.csv", NEW_YORK)
    traffic.keep_samples(taxi, recorded)
    now = datetime(2014, 12, 1, 12, tzinfo=UTC)
    found = _suggest([taxi], TWO_HOURS, now=now)
    came = [_came(recorded, slot.starts_at) for slot in found]
    sundays = [_came(recorded, datetime(2014, 12, day, 2, tzinfo=NEW_YORK)) for day in (14, 21, 28)]
    assert all(2 <= slot.starts_at.astimezone(NEW_YORK).hour <= 4 for slot in found)
    assert max(came) < np.mean(sundays) / 2
    assert sum(came) == pytest.approx(sum(_load(slot).expected for slot in found), rel=0.25)


def _came(recorded: list[tuple[datetime, float]], start: datetime) -> float:
    return sum(count for at, count in recorded if start <= at < start + TWO_HOURS)
