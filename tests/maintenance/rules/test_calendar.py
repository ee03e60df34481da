"""Freezes, critical days, cut-offs and standing windows against a window."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from maintenance.models import CriticalDay, Cutoff, Holiday, Service, StandingWindow
from maintenance.rules import Objection
from tests.maintenance.rules.asking import END, START, against, found, freeze, words
from tests.maintenance.usage import london
from tests.people import service

pytestmark = pytest.mark.django_db

SUNDAY = "Sunday 15 March 2026"
OUTSIDE = "This lies outside of the standing windows"


def test_a_freeze_of_every_service_stands_against_it(now: datetime) -> None:
    freeze()
    assert against(now=now) == [
        Objection("freeze", "The freeze “Election” holds from Sunday 15 March 2026, 02:00 to 04:00.")
    ]


def test_a_freeze_of_the_service_stands_against_it(now: datetime) -> None:
    freeze(service(), service("cards"))
    assert found(now=now) == ["freeze"]


def test_a_freeze_of_another_service_does_not(now: datetime) -> None:
    freeze(service("cards"))
    assert found(now=now) == []


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_freeze_that_only_touches_it_does_not(now: datetime, hours: int) -> None:
    away = timedelta(hours=hours)
    freeze(starts_at=START + away, ends_at=END + away)
    assert found(now=now) == []


def test_a_freeze_that_repeats_stands_against_each_of_its_times(now: datetime) -> None:
    freeze(
        starts_at=START - timedelta(days=56),
        ends_at=END - timedelta(days=56),
        recurrence="FREQ=WEEKLY;BYDAY=SU",
    )
    assert words(now=now) == ["The freeze “Election” holds from Sunday 15 March 2026, 02:00 to 04:00."]
    assert found(now=now, start=START + timedelta(days=1)) == []


def test_a_freeze_that_repeats_keeps_its_hour_when_the_clocks_change(now: datetime) -> None:
    freeze(starts_at=START, ends_at=START + timedelta(hours=1), recurrence="FREQ=WEEKLY;BYDAY=SU")
    summer = london(date(2026, 4, 5), 2)
    assert found(now=now, start=summer, hours=1) == ["freeze"]
    assert found(now=now, start=summer + timedelta(hours=1), hours=1) == []


def test_a_freeze_of_what_cannot_do_without_the_service_stands_against_it(now: datetime) -> None:
    service("cards").depends_on.add(service("core"))
    freeze(service("cards"))
    assert words(service("core"), now=now) == [
        f"The freeze “Election” of Cards, which cannot do without Core, holds from {SUNDAY}, 02:00 to 04:00."
    ]


# --- critical days ---


def _critical(*services: Service, **more: Any) -> None:
    values = {"pattern": CriticalDay.Pattern.DATE, "day": START.date(), **more}
    CriticalDay.objects.create(name="Payday", **values).services.set(services)


def test_a_critical_day_stands_against_a_window_on_it(now: datetime) -> None:
    _critical()
    assert words(now=now) == [
        "“Payday” on Sunday 15 March 2026: customers count on Online banking on that day."
    ]


def test_a_critical_day_begins_and_ends_at_midnight(now: datetime) -> None:
    _critical()
    day = START - timedelta(hours=2)
    assert found(now=now, start=day - timedelta(hours=2)) == []
    assert found(now=now, start=day - timedelta(hours=1)) == ["critical"]
    assert found(now=now, start=day + timedelta(hours=23)) == ["critical"]
    assert found(now=now, start=day + timedelta(hours=24)) == []


def test_a_critical_day_of_another_service_does_not(now: datetime) -> None:
    _critical(service("cards"))
    assert found(now=now) == []


def test_a_critical_day_of_what_depends_on_the_service_stands_against_it(now: datetime) -> None:
    service("cards").depends_on.add(service("core"))
    _critical(service("cards"))
    assert words(service("core"), now=now) == [
        "“Payday” on Sunday 15 March 2026: customers count on Cards on that day."
    ]


def test_a_critical_day_is_a_day_of_the_services_own_country_and_clock(now: datetime) -> None:
    riyadh = service("madad")
    Service.objects.filter(pk=riyadh.pk).update(country="SA", time_zone="Asia/Riyadh")
    # the first working day of April: in London Wednesday the 1st, in Riyadh too, but from 22:00 in London
    _critical(pattern=CriticalDay.Pattern.WORKING_DAY, number=1, day=None)
    evening = london(date(2026, 3, 31), 22)
    assert found(riyadh, now=now, start=evening, hours=1) == ["critical"]
    assert found(service(), now=now, start=evening, hours=1) == []


def test_a_payday_moves_before_the_banks_own_holiday(now: datetime) -> None:
    Holiday.objects.create(country="GB", day=date(2026, 3, 25), name="Moving house")
    _critical(pattern=CriticalDay.Pattern.DAY_OF_MONTH, number=25, day=None, earlier=True)
    assert found(now=now, start=london(date(2026, 3, 24), 2)) == ["critical"]
    assert found(now=now, start=london(date(2026, 3, 25), 2)) == []


def test_every_critical_day_that_a_window_touches_is_named(now: datetime) -> None:
    _critical(pattern=CriticalDay.Pattern.LAST_DAYS, number=2, day=None)
    assert found(now=now, start=london(date(2026, 3, 30), 22), hours=4) == ["critical", "critical"]


# --- cut-offs ---


def _cutoff(of: Service, **more: Any) -> None:
    values = {
        "kind": Cutoff.Kind.SALARIES,
        "name": "BACS files",
        "starts_at": START,
        "ends_at": START + timedelta(hours=1),
        **more,
    }
    Cutoff.objects.create(service=of, **values)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Cutoff.Kind.BATCH, "batch “BACS files”"),
        (Cutoff.Kind.SALARIES, "salary files “BACS files”"),
        (Cutoff.Kind.CLEARING, "clearing “BACS files”"),
    ],
)
def test_a_cut_off_of_the_service_stands_against_it(now: datetime, kind: Cutoff.Kind, said: str) -> None:
    _cutoff(service(), kind=kind)
    assert words(now=now) == [
        f"Online banking must run for the {said}, Sunday 15 March 2026, 02:00 to 03:00."
    ]


def test_a_cut_off_that_is_over_does_not(now: datetime) -> None:
    _cutoff(service())
    assert found(now=now, start=START + timedelta(hours=1)) == []


def test_a_cut_off_of_another_service_does_not(now: datetime) -> None:
    _cutoff(service("cards"))
    assert found(now=now) == []


def test_a_cut_off_of_what_depends_on_the_service_stands_against_it(now: datetime) -> None:
    service("payments").depends_on.add(service("core"))
    _cutoff(service("payments"))
    assert found(service("core"), now=now) == ["cutoff"]


@pytest.mark.parametrize(("only", "against_it"), [(True, []), (False, ["cutoff"])])
@pytest.mark.parametrize("day", [date(2026, 4, 3), date(2026, 4, 4)])  # Good Friday, and a Saturday
def test_a_cut_off_of_working_days_is_none_on_days_of_rest(
    now: datetime, day: date, only: bool, against_it: list[str]
) -> None:
    _cutoff(service(), recurrence="FREQ=DAILY", working_days_only=only)
    assert found(now=now, start=london(day, 2)) == against_it
    assert found(now=now, start=london(date(2026, 4, 2), 2)) == ["cutoff"]


# --- standing windows ---


def _standing(*services: Service, **more: Any) -> None:
    values = {
        "name": "Sunday night",
        "starts_at": START - timedelta(days=364),
        "ends_at": END - timedelta(days=364),
        "recurrence": "FREQ=WEEKLY;BYDAY=SU",
        **more,
    }
    StandingWindow.objects.create(**values).services.set(services)


def test_a_window_inside_a_standing_window_is_free(now: datetime) -> None:
    _standing(service())
    assert found(now=now) == []


@pytest.mark.parametrize("hours", [-1, 1, 24])
def test_a_window_outside_of_the_standing_windows_is_objected_to(now: datetime, hours: int) -> None:
    _standing(service())
    assert found(now=now, start=START + timedelta(hours=hours)) == ["standing"]


def test_the_next_standing_window_is_named(now: datetime) -> None:
    _standing(service())
    assert words(now=now, start=START + timedelta(hours=1)) == [
        f"{OUTSIDE} of Online banking; the next is “Sunday night”, Sunday 22 March 2026, 02:00 to 04:00."
    ]


def test_where_no_standing_window_comes_soon_none_is_named(now: datetime) -> None:
    _standing(service(), recurrence="")
    assert words(now=now) == [f"{OUTSIDE} of Online banking."]


def test_standing_windows_side_by_side_are_one(now: datetime) -> None:
    _standing(service())
    _standing(starts_at=END, ends_at=END + timedelta(hours=2), recurrence="")
    assert found(now=now, start=START + timedelta(hours=1)) == []


def test_a_service_without_standing_windows_is_not_asked_about_them(now: datetime) -> None:
    _standing(service("cards"))
    assert found(now=now, start=START + timedelta(hours=6)) == []


def test_a_standing_window_of_no_service_is_of_every_service(now: datetime) -> None:
    _standing()
    assert found(now=now, start=START + timedelta(hours=6)) == ["standing"]


@pytest.mark.parametrize(
    ("years", "rule", "why"),
    [
        ((2026, 2026), "FREQ=WEEKLY;BYDAY=XX", "no recurrence rule"),
        ((2026, 2026), "FREQ=SECONDLY", "not more often"),
        ((1970, 2199), "FREQ=DAILY", "lasts 84,00"),
    ],
)
def test_a_freeze_that_cannot_be_worked_out_is_named_and_does_not_stop_the_house(
    now: datetime, years: tuple[int, int], rule: str, why: str
) -> None:
    begin, end = datetime(years[0], 1, 1, tzinfo=UTC), datetime(years[1], 12, 31, tzinfo=UTC)
    freeze(starts_at=begin, ends_at=end, recurrence=rule)
    [objection] = against(now=now)
    assert (objection.rule, objection.hard) == ("broken", False)
    assert objection.words.startswith(
        "The freeze “Election” cannot be worked out and is not considered: mend it."
    )
    assert why in objection.words


def test_a_broken_row_leaves_the_others_as_they_are(now: datetime) -> None:
    freeze(recurrence="FREQ=SECONDLY")
    freeze()
    assert found(now=now) == ["freeze", "broken"]


def test_a_broken_row_of_another_service_is_not_spoken_of(now: datetime) -> None:
    freeze(service("cards"), recurrence="FREQ=SECONDLY")
    assert found(now=now) == []


def test_a_broken_standing_window_does_not_keep_everybody_out(now: datetime) -> None:
    StandingWindow.objects.create(name="Nights", starts_at=START, ends_at=END, recurrence="FREQ=SECONDLY")
    assert found(now=now) == ["broken"]
