"""One row never stops the house: whatever stands in it, every page and job goes on, and says which it is."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from maintenance import rules, traffic
from maintenance.admin.month.entries import entries_between
from maintenance.booking import rechecks, series
from maintenance.models import (
    Conflict,
    CriticalDay,
    Cutoff,
    Freeze,
    Series,
    StandingWindow,
    SupportCover,
    Window,
)
from maintenance.recurrence import Budget
from tests import people
from tests.maintenance.usage import samples
from tests.staff import address, signed_in, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock", "banking")]

FROM_1970 = datetime(1970, 1, 1, tzinfo=UTC), datetime(2199, 12, 31, tzinfo=UTC)
"""The row of the report: a year was mistyped, and it repeats every day."""
START = people.NOW + timedelta(days=13, hours=17)
FEW = timedelta(seconds=20)
"""Of CPU time, for a page: what it takes is a fraction of one. Without a budget it takes many minutes."""

ROWS: dict[str, tuple[datetime, datetime, str]] = {
    "a year was mistyped": (*FROM_1970, "FREQ=DAILY"),
    "all weekdays at once": (*FROM_1970, "FREQ=DAILY\n" * 300),
    "every second": (START, START + timedelta(hours=1), "FREQ=SECONDLY"),
    "no rule at all": (START, START + timedelta(hours=1), "\x01; UNTIL=99999999"),
}


@pytest.fixture
def banking(now: datetime) -> None:
    """Online banking with nine weeks of traffic, and a window in two weeks."""
    traffic.keep_samples(people.service(), samples(until=now, days=63))


def _freeze(starts_at: datetime, ends_at: datetime, rule: str) -> Freeze:
    return Freeze.objects.create(name="Mistyped", starts_at=starts_at, ends_at=ends_at, recurrence=rule)


@pytest.fixture(params=list(ROWS.values()), ids=list(ROWS))
def broken(request: pytest.FixtureRequest) -> Freeze:
    """A freeze that was stored before forms refused it, or past them."""
    return _freeze(*request.param)


@pytest.fixture
def ada() -> Client:
    """Who books."""
    return signed_in("ada")


SLOTS = "?service=online-banking&minutes=120&before=2026-04-01"
TIME = f"?service=online-banking&starts_at={START:%Y-%m-%dT%H:%M}&minutes=120"


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(lambda: address("maintenance_window_slots") + SLOTS, id="slots"),
        pytest.param(lambda: address("maintenance_window_book") + TIME, id="book"),
        pytest.param(lambda: address("maintenance_window_calendar"), id="month"),
        pytest.param(lambda: address("maintenance_window_calendar") + "?week=2026-03-16", id="week"),
        pytest.param(lambda: address("maintenance_freeze_changelist"), id="list"),
        pytest.param(lambda: address("maintenance_freeze_change", Freeze.objects.get().pk), id="row"),
    ],
)
@pytest.mark.usefixtures("broken")
def test_pages_answer_and_name_the_row(ada: Client, page: Callable[[], str]) -> None:
    said = words(ada, page())
    assert "Mistyped" in said
    assert "not considered" in said or "because their times cannot be worked out" in said


@pytest.mark.usefixtures("broken")
def test_slots_are_offered_all_the_same(ada: Client) -> None:
    assert "Sun 15 Mar 2026, 02:00" in words(ada, address("maintenance_window_slots") + SLOTS)


@pytest.mark.usefixtures("broken")
def test_the_command_suggests_slots_and_names_the_row() -> None:
    out = io.StringIO()
    # until then every week is like every other: Easter is no ordinary time
    asked = ("--now=2026-03-02T09:00", "--to=2026-04-02")
    call_command("suggest_slots", "online-banking", "--duration=2h", *asked, stdout=out)
    assert "1  Sun 15 Mar 2026 02:00" in out.getvalue()
    assert "The freeze “Mistyped” cannot be worked out and is not considered: mend it." in out.getvalue()


@pytest.mark.usefixtures("broken")
def test_a_time_is_booked_with_a_reason(ada: Client) -> None:
    given = {
        "service": ["online-banking"],
        "starts_at": START.isoformat(),
        "ends_at": (START + timedelta(hours=2)).isoformat(),
        "purpose": "New certificates",
        "level-online-banking": "outage",
        "reason-broken": "It is from last year",
    }
    response = ada.post(address("maintenance_window_book"), given)
    assert response.status_code == 302
    assert Window.objects.get().overrides.get().rule == "broken"
    assert Conflict.objects.count() == 0


@pytest.mark.usefixtures("broken")
def test_booked_windows_have_one_soft_conflict_each() -> None:
    for week in range(3):
        people.window(starts_at=START + week * timedelta(days=7))
    assert rechecks.recheck_windows(people.NOW) == 3
    assert list(Conflict.objects.values_list("rule", "hard")) == [("broken", False)] * 3
    assert rechecks.recheck_windows(people.NOW) == 0


def test_a_row_that_is_mended_counts_again(ada: Client) -> None:
    row = _freeze(*ROWS["a year was mistyped"])
    people.window()
    rechecks.recheck_windows(people.NOW)
    row.starts_at, row.ends_at, row.recurrence = START, START + timedelta(hours=1), ""
    row.save()
    rechecks.recheck_windows(people.NOW)
    assert list(rechecks.open_conflicts().values_list("rule", "hard")) == [("freeze", True)]


@pytest.mark.usefixtures("broken")
def test_a_series_is_shown_and_booked_with_a_reason() -> None:
    proposal = people.proposal(starts_at=START, overrides={"broken": "It is from last year"})
    found = series.preview(proposal, "FREQ=WEEKLY", now=people.NOW)
    assert {objection.rule for each in found for objection in each.against} == {"broken"}
    made = series.book_series(proposal, "FREQ=WEEKLY", by=people.user("ada"), now=people.NOW)
    assert made.windows.count() > 3
    assert not made.skipped.exists()


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_a_broken_series_stops_no_other(row: tuple[datetime, datetime, str], ada: Client) -> None:
    stored = {"purpose": "Patches", "booker": people.user("ada"), "booked_at": people.NOW}
    broken = Series.objects.create(starts_at=row[0], ends_at=row[1], recurrence=row[2], **stored)
    sound = Series.objects.create(
        starts_at=START, ends_at=START + timedelta(hours=2), recurrence="FREQ=WEEKLY", **stored
    )
    for each in (broken, sound):
        each.services.add(people.service())
    series.extend_series(people.NOW)
    assert sound.windows.exists()
    assert not broken.windows.exists()
    assert "cannot be worked out" in words(ada, address("maintenance_series_change", broken.pk))
    assert "Broken" in words(ada, address("maintenance_series_changelist"))


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_the_other_tables_are_listed_and_left_out_as_well(
    row: tuple[datetime, datetime, str], ada: Client
) -> None:
    stored = {"name": "Mistyped", "starts_at": row[0], "ends_at": row[1], "recurrence": row[2]}
    rows = [
        StandingWindow.objects.create(**stored),
        SupportCover.objects.create(**stored),
        Cutoff.objects.create(service=people.service(), kind="batch", **stored),
    ]
    for each in rows:
        name = each._meta.model_name
        assert "Broken" in words(ada, address(f"maintenance_{name}_changelist"))
        assert "Broken" in words(ada, address(f"maintenance_{name}_change", each.pk))
    people.window()
    rechecks.recheck_windows(people.NOW)
    [conflict] = Conflict.objects.all()
    assert conflict.rule == "broken"
    assert conflict.words.count("cannot be worked out") == 3


def test_a_critical_day_that_is_no_rule_is_left_out(ada: Client) -> None:
    day = CriticalDay.objects.create(
        name="Payday", pattern="recurrence", day=people.NOW.date(), recurrence="FREQ=SECONDLY"
    )
    for page in (
        address("maintenance_criticalday_changelist"),
        address("maintenance_criticalday_change", day.pk),
        address("maintenance_window_calendar"),
        address("maintenance_window_slots") + SLOTS,
    ):
        assert "Payday" in words(ada, page)


MISTYPED = {
    "name": "Mistyped",
    "starts_at": "1970-01-01T00:00",
    "ends_at": "2199-12-31T00:00",
    "recurrence_every": "day",
}


@pytest.mark.parametrize("kind", ["freeze", "standingwindow", "supportcover", "cutoff"])
def test_the_form_refuses_a_mistyped_year(ada: Client, kind: str) -> None:
    given = {**MISTYPED, "service": people.service().pk, "kind": "batch"}
    response = ada.post(address(f"maintenance_{kind}_add"), given)
    assert response.status_code == 200
    page = response.content.decode()
    assert "lasts 84,00" in page
    assert "but the next one begins after 1 day" in page
    assert "Did you mistype a year?" in page


@pytest.mark.parametrize("kind", ["freeze", "standingwindow", "supportcover", "cutoff"])
@pytest.mark.parametrize("every", ["", "year"])
def test_the_form_refuses_a_mistyped_year_of_what_does_not_overlap_itself(
    ada: Client, kind: str, every: str
) -> None:
    given = {**MISTYPED, "service": people.service().pk, "kind": "batch", "recurrence_every": every}
    if every:
        given |= {"starts_at": "2026-01-01T00:00", "ends_at": "2027-01-02T00:01"}
    response = ada.post(address(f"maintenance_{kind}_add"), given)
    assert response.status_code == 200
    assert "Did you mistype a year?" in response.content.decode()


def test_the_form_of_a_series_refuses_it(ada: Client) -> None:
    given = {
        "service": "online-banking",
        "starts_at": f"{START:%Y-%m-%dT%H:%M}",
        "ends_at": (START + timedelta(days=2)).isoformat(),
        "recurrence_every": "day",
    }
    response = ada.get(address("maintenance_series_book"), given)
    assert "it would overlap itself" in response.content.decode()


@pytest.mark.parametrize("years", [2, 150])
def test_a_window_of_years_is_refused(years: int, ada: Client) -> None:
    given = {
        "service": "online-banking",
        "starts_at": START.isoformat(),
        "ends_at": (START + timedelta(days=365 * years)).isoformat(),
    }
    page = ada.get(address("maintenance_window_book"), given).content.decode()
    assert "A window lasts 366 days at the most. Did you mistype a year?" in page


def test_a_window_that_was_booked_for_another_century_does_not_break_the_rows_of_this_one() -> None:
    Freeze.objects.create(
        name="Nights", starts_at=START, ends_at=START + timedelta(hours=1), recurrence="FREQ=DAILY"
    )
    people.window()
    people.window(people.service("cards"), starts_at=START.replace(year=2190))
    rechecks.recheck_windows(people.NOW)
    assert sorted(Conflict.objects.values_list("rule", flat=True)) == ["freeze", "freeze"]


@pytest.fixture(autouse=True)
def _little_time() -> Iterator[None]:
    """Whatever a test does, it takes little CPU time: by far less than without a budget."""
    began = time.thread_time()
    yield
    assert time.thread_time() - began < FEW.total_seconds()


def test_of_a_thousand_freezes_a_calendar_shows_those_that_can_be_told_apart(ada: Client) -> None:
    rows = (
        Freeze(
            name=f"Night {n}", starts_at=START, ends_at=START + timedelta(hours=1), recurrence="FREQ=DAILY"
        )
        for n in range(70)
    )
    Freeze.objects.bulk_create(rows)
    found = entries_between(date(2026, 3, 16), date(2026, 3, 31))
    assert (len([entry for entry in found.entries if entry.kind == "freeze"]), found.more) == (1_000, 120)
    assert "more times of freezes and standing windows are not shown" in words(
        ada, address("maintenance_window_calendar") + "?month=2026-03"
    )


LISTS: dict[str, Any] = {
    "freeze": Freeze,
    "standingwindow": StandingWindow,
    "supportcover": SupportCover,
    "cutoff": Cutoff,
}
SPARSE = "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"
"""Cheap for one row, and looked at day by day."""


def _list(kind: str, rules: Iterable[str]) -> None:
    more = {"service": people.service(), "kind": "batch"} if kind == "cutoff" else {}
    end = START + timedelta(hours=1)
    for number, rule in enumerate(rules):
        LISTS[kind].objects.create(
            name=f"Row {number}", starts_at=START, ends_at=end, recurrence=rule, **more
        )


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[Budget]:
    """The budgets that were given to pages, each so large that it ends with the fourth sparse row."""
    given: list[Budget] = []

    def of_all() -> Budget:
        given.append(Budget(steps=3 * 12_500))
        return given[-1]

    monkeypatch.setattr(Budget, "of_all", of_all)
    return given


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_of_many_dear_rows_looks_at_few_and_shows_all(
    kind: str, ada: Client, pages: list[Budget]
) -> None:
    _list(kind, [SPARSE] * 60)
    said = words(ada, address(f"maintenance_{kind}_changelist"))
    assert [f"Row {n}" for n in range(60) if f"Row {n}<" not in said] == []
    assert said.count("Not worked out: there are too many rows") == 60 - 3
    assert sum(page.steps for page in pages) < 4 * 13_000


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_asks_each_row_for_its_times_once(kind: str, ada: Client, pages: list[Budget]) -> None:
    _list(kind, ["FREQ=DAILY"] * 20 + ["FREQ=SECONDLY"] * 20)
    said = words(ada, address(f"maintenance_{kind}_changelist"))
    assert said.count("Broken, and not considered") == 20
    assert said.count("Every day") >= 20
    assert 20 * 50 < sum(page.times for page in pages) <= 20 * 70


def test_of_many_broken_rows_a_few_are_named() -> None:
    for _ in range(7):
        _freeze(*ROWS["every second"])
    found = rules.objections(people.proposal(starts_at=START), now=people.NOW)
    assert len(found) == 6
    assert found[-1].words == "2 more rows cannot be worked out and are not considered: mend them."
