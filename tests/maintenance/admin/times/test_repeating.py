"""Freezes, standing windows, support cover and cut-offs in the admin: typed by the clock, read in words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from maintenance.models import Cutoff, Freeze, Holiday, Service, StandingWindow, SupportCover
from tests import people
from tests.staff import address, queries, reader, signed_in, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]

MODELS = ("freeze", "standingwindow", "supportcover", "cutoff")


def typed(**changed: Any) -> dict[str, Any]:
    """A freeze from Sunday 8 March 2026, 02:00 to 06:00."""
    return {
        "name": "Year end",
        "starts_at": "2026-03-08T02:00",
        "ends_at": "2026-03-08T06:00",
        "recurrence_every": "",
        "recurrence_until": "",
        "recurrence_own": "",
        **changed,
    }


def added(model: str = "freeze", **changed: Any) -> str:
    """What Ada's browser shows after she sent the form."""
    response = signed_in("ada").post(address(f"maintenance_{model}_add"), typed(**changed), follow=True)
    return str(response.content.decode())


def test_ada_adds_a_freeze_by_the_banks_clock() -> None:
    added(starts_at="2026-07-01T00:00", ends_at="2026-07-02T00:00")
    assert Freeze.objects.get().starts_at.isoformat() == "2026-06-30T23:00:00+00:00"


def test_a_freeze_that_ends_before_it_starts_is_refused_in_words() -> None:
    assert "The end must come after the start." in added(ends_at="2026-03-08T01:00")
    assert not Freeze.objects.exists()


def test_an_hour_that_the_clocks_skip_is_asked_for_again() -> None:
    page = added(starts_at="2026-03-29T01:30", ends_at="2026-03-29T06:00")
    assert "The clocks change in this hour" in page
    assert not Freeze.objects.exists()


def test_a_year_that_nobody_means_is_refused() -> None:
    assert "Choose a year from 1970 to 2199." in added(starts_at="0206-03-08T02:00")


@pytest.mark.parametrize(
    ("every", "rule"),
    [
        ("", ""),
        ("day", "FREQ=DAILY"),
        ("week", "FREQ=WEEKLY;BYDAY=SU"),
        ("month_date", "FREQ=MONTHLY;BYMONTHDAY=8"),
        ("month_weekday", "FREQ=MONTHLY;BYDAY=2SU"),
        ("year", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=8"),
    ],
)
def test_a_repeat_is_chosen_with_words(every: str, rule: str) -> None:
    added(recurrence_every=every)
    assert Freeze.objects.get().recurrence == rule


def test_monday_to_friday_starts_on_one_of_them() -> None:
    assert "choose a start that is" in added(recurrence_every="workweek")
    added(recurrence_every="workweek", starts_at="2026-03-09T07:00", ends_at="2026-03-09T22:00")
    assert Freeze.objects.get().recurrence == "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"


def test_a_repeat_may_have_a_last_day() -> None:
    added(recurrence_every="week", recurrence_until="2026-12-31")
    assert Freeze.objects.get().recurrence == "FREQ=WEEKLY;BYDAY=SU;UNTIL=20261231"


def test_a_last_day_before_the_first_is_refused() -> None:
    page = added(recurrence_every="week", recurrence_until="2026-03-07")
    assert "The last day lies before the first time." in page


def test_a_rule_of_its_own_is_taken_as_written() -> None:
    own = "FREQ=MONTHLY;BYDAY=2SU,4SU\r\nEXDATE:20260322T020000"
    added(recurrence_every="own", recurrence_own=own)
    assert Freeze.objects.get().recurrence.split() == own.split()


@pytest.mark.parametrize("own", ["", "every Sunday", "FREQ=HOURLY", "FREQ=WEEKLY;BYDAY=MO"])
def test_a_rule_that_is_none_is_refused_with_what_to_write(own: str) -> None:
    page = added(recurrence_every="own", recurrence_own=own)
    assert any(help_ in page for help_ in ("FREQ=", "daily, weekly", "choose a start"))
    assert not Freeze.objects.exists()


def test_what_was_typed_stays_when_it_is_refused() -> None:
    page = added(recurrence_every="own", recurrence_own="FREQ=SOMETIMES")
    assert '<option value="own" selected' in page
    assert "FREQ=SOMETIMES</textarea>" in page


def test_a_saved_freeze_shows_its_repeat_and_its_next_five_times() -> None:
    added(recurrence_every="month_weekday", recurrence_until="2026-07-31")
    page = words(signed_in("ada"), address("maintenance_freeze_change", Freeze.objects.get().pk))
    assert '<option value="month_weekday" selected' in page
    assert 'value="2026-07-31"' in page
    shown = ["8 Mar", "12 Apr", "10 May", "14 Jun", "12 Jul"]
    assert [day for day in shown if f"Sun {day} 2026, 02:00" in page] == shown
    assert "Aug 2026" not in page


def test_saving_it_again_changes_nothing() -> None:
    added(recurrence_every="own", recurrence_own="FREQ=WEEKLY;INTERVAL=3")
    freeze = Freeze.objects.get()
    given = typed(recurrence_every="own", recurrence_own="FREQ=WEEKLY;INTERVAL=3")
    signed_in("ada").post(address("maintenance_freeze_change", freeze.pk), given)
    assert Freeze.objects.values("recurrence", "starts_at", "ends_at").get() == {
        "recurrence": freeze.recurrence,
        "starts_at": freeze.starts_at,
        "ends_at": freeze.ends_at,
    }


def test_an_imported_freeze_says_that_a_change_may_not_last() -> None:
    page = words(signed_in("ada"), address("maintenance_freeze_change", made(Freeze, uid="one@bank").pk))
    assert "The next import of that calendar" in page
    page = words(signed_in("ada"), address("maintenance_freeze_change", made(Freeze).pk))
    assert "The next import of that calendar" not in page


def test_a_freeze_that_is_over_says_so() -> None:
    made(Freeze, starts_at=people.NOW - timedelta(days=2))
    assert "Over" in words(reader(), address("maintenance_freeze_changelist"))


@pytest.mark.parametrize("model", [Freeze, StandingWindow, SupportCover])
def test_readers_read_a_repeat_in_words(model: type[Freeze | StandingWindow | SupportCover]) -> None:
    row = made(model, recurrence="FREQ=WEEKLY")
    page = words(reader(), address(f"maintenance_{model._meta.model_name}_change", row.pk))
    assert "Every Monday" in page
    assert "Every service" in page
    assert "FREQ=" not in page


@pytest.mark.parametrize(("hours", "said"), [(15, "09:00 – 00:00"), (24, "09:00 – 09:00"), (48, "2 days")])
def test_a_list_says_the_hours_of_the_day(hours: int, said: str) -> None:
    made(SupportCover, ends_at=people.NOW + timedelta(hours=hours), recurrence="FREQ=DAILY")
    assert said in words(reader(), address("maintenance_supportcover_changelist"))


def test_support_that_is_closed_on_holidays_is_not_shown_on_them() -> None:
    row = made(SupportCover, starts_at=datetime(2026, 4, 2, 7, tzinfo=UTC), recurrence="FREQ=DAILY")
    page = words(reader(), address("maintenance_supportcover_change", row.pk))
    assert "Fri 3 Apr 2026" not in page  # Good Friday
    assert "Sat 4 Apr 2026" in page


def test_a_cut_off_of_working_days_is_shown_on_them_alone() -> None:
    service = people.service()
    Holiday.objects.create(country="GB", day=date(2026, 3, 3), name="Election")
    row = Cutoff.objects.create(
        service=service,
        kind="batch",
        name="Night batch",
        starts_at=people.NOW,
        ends_at=people.NOW + timedelta(hours=1),
        recurrence="FREQ=DAILY",
        working_days_only=True,
    )
    page = words(reader(), address("maintenance_cutoff_change", row.pk))
    held = ["Mon 2 Mar", "Tue 3 Mar", "Wed 4 Mar", "Sat 7 Mar", "Mon 9 Mar"]
    assert [day for day in held if f"{day} 2026" in page] == ["Mon 2 Mar", "Wed 4 Mar", "Mon 9 Mar"]


def test_ada_adds_one_of_each() -> None:
    service = people.service()
    added("standingwindow", services=[service.pk])
    added("supportcover", on_holidays="on")
    added("cutoff", service=service.pk, kind="salaries", working_days_only="on")
    assert StandingWindow.objects.get().services.get() == service
    assert SupportCover.objects.get().on_holidays
    assert Cutoff.objects.get().working_days_only


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", ["ben", "rita"])
def test_whoever_does_not_book_reads_only(model: str, name: str) -> None:
    client = signed_in(name)
    words(client, address(f"maintenance_{model}_changelist"))
    assert client.post(address(f"maintenance_{model}_add"), {}).status_code == 403


@pytest.mark.parametrize("model", MODELS)
def test_lists_of_three_take_the_queries_of_one(model: str) -> None:
    page, client = address(f"maintenance_{model}_changelist"), signed_in("olga")
    fill(people.service("one"))
    one = queries(client, page)
    fill(people.service("two"))
    fill(people.service("three"))
    assert queries(client, page) == one


def fill(service: Service) -> None:
    """A row of each for this service, each week."""
    for model in (Freeze, StandingWindow, SupportCover):
        made(model, recurrence="FREQ=WEEKLY").services.add(service)
    Cutoff.objects.create(
        service=service,
        kind="batch",
        name="Night batch",
        starts_at=people.NOW,
        ends_at=people.NOW + timedelta(hours=1),
        recurrence="FREQ=WEEKLY",
        working_days_only=True,
    )


def made(model: type[Freeze | StandingWindow | SupportCover], **values: Any) -> Any:
    """A row of an hour, from now on."""
    start = values.pop("starts_at", people.NOW)
    given = {"name": "It", "starts_at": start, "ends_at": start + timedelta(hours=1), **values}
    return model.objects.create(**given)
