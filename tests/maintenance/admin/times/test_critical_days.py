"""Critical days and the bank's own holidays in the admin."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from maintenance.models import CriticalDay, Holiday
from tests import people
from tests.staff import address, queries, reader, signed_in, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]


def added(**given: Any) -> str:
    """What Ada's browser shows after she sent the form."""
    page = address("maintenance_criticalday_add")
    response = signed_in("ada").post(page, {"name": "Payday", **given}, follow=True)
    return str(response.content.decode())


def shown(row: CriticalDay) -> str:
    """The page of a critical day, as a reader sees it."""
    return words(reader(), address("maintenance_criticalday_change", row.pk))


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"pattern": "working_day"}, "Say which day or how many"),
        ({"pattern": "last_days"}, "Say which day or how many"),
        ({"pattern": "working_day", "number": "24"}, "Write a number from 1 to 23."),
        ({"pattern": "day_of_month", "number": "0"}, "Write a number from 1 to 31."),
        ({"pattern": "yearly"}, "Say on which date"),
        ({"pattern": "date"}, "Say on which date"),
        ({"pattern": "date", "day": "0206-04-15"}, "Choose a year from 1970"),
        ({"pattern": "recurrence", "day": "2026-04-15"}, "Choose how it repeats"),
        ({"pattern": "recurrence", "recurrence_every": "week"}, "Say on which date"),
        (
            {"pattern": "recurrence", "day": "2026-04-15", "recurrence_every": "own", "recurrence_own": "x"},
            "is no recurrence rule",
        ),
    ],
)
def test_what_is_missing_is_said(given: dict[str, str], missing: str) -> None:
    assert missing in added(**given)
    assert not CriticalDay.objects.exists()


def test_what_the_pattern_does_not_need_is_not_kept() -> None:
    added(pattern="last_working_days", number="2", day="someday", recurrence_every="own", recurrence_own="x")
    row = CriticalDay.objects.get()
    assert (row.number, row.day, row.recurrence) == (2, None, "")


def test_a_date_is_kept_without_a_number() -> None:
    added(pattern="yearly", number="x", day="2026-01-31")
    row = CriticalDay.objects.get()
    assert (row.number, row.day) == (None, date(2026, 1, 31))


def test_a_repeat_begins_on_its_date() -> None:
    added(pattern="recurrence", day="2026-04-15", recurrence_every="month_weekday")
    row = CriticalDay.objects.get()
    assert row.recurrence == "FREQ=MONTHLY;BYDAY=3WE"
    page = words(signed_in("ada"), address("maintenance_criticalday_change", row.pk))
    assert '<option value="month_weekday" selected' in page
    assert "Wednesday 20 May 2026" in page


@pytest.mark.parametrize(
    ("values", "said", "days"),
    [
        (
            {"pattern": "last_working_days", "number": 1},
            "The last working day of each month",
            ["Tuesday 31 March", "Thursday 30 April", "Friday 29 May", "Tuesday 30 June", "Friday 31 July"],
        ),
        (
            {"pattern": "day_of_month", "number": 22, "earlier": True},
            "The 22nd of each month, or the working day before",
            ["Friday 20 March", "Wednesday 22 April", "Friday 22 May", "Monday 22 June", "Wednesday 22 July"],
        ),
        ({"pattern": "working_day", "number": 11}, "The 11th working day of each month", ["Monday 16 March"]),
        ({"pattern": "last_days", "number": 2}, "The last 2 days of each month", ["Monday 30 March"]),
        ({"pattern": "yearly", "day": date(2020, 1, 31)}, "Every year on 31 January", ["Sunday 31 January"]),
        ({"pattern": "date", "day": date(2030, 6, 3)}, "Monday 3 June 2030", ["Monday 3 June"]),
    ],
)
def test_its_pattern_and_its_next_days_are_shown_in_words(
    values: dict[str, Any], said: str, days: list[str]
) -> None:
    page = shown(CriticalDay.objects.create(name="Payday", **values))
    assert said in page
    assert [day for day in days if day in page] == days


def test_what_has_passed_says_so() -> None:
    page = shown(CriticalDay.objects.create(name="Move", pattern="date", day=date(2026, 1, 31)))
    assert "they have passed" in page


def test_lists_of_three_take_the_queries_of_one() -> None:
    def fill(key: str) -> None:
        day = CriticalDay.objects.create(name=key, pattern="last_working_days", number=2)
        day.services.add(people.service(key))

    page, client = address("maintenance_criticalday_changelist"), signed_in("olga")
    fill("one")
    one = queries(client, page)
    fill("two")
    fill("three")
    assert queries(client, page) == one


def holiday(**changed: str) -> str:
    """What Ada's browser shows after she sent a holiday."""
    given = {"country": "gb-eng", "day": "2026-05-08", "observed": "True", "name": "Victory Day", **changed}
    response = signed_in("ada").post(address("maintenance_holiday_add"), given, follow=True)
    return str(response.content.decode())


def test_the_bank_adds_a_holiday() -> None:
    holiday()
    assert Holiday.objects.values_list("country", "observed").get() == ("GB-ENG", True)


def test_the_bank_takes_a_holiday_away_that_the_country_has() -> None:
    assert "is no public holiday in GB-ENG" in holiday(observed="False")
    holiday(day="2026-12-28", observed="False", name="Boxing Day, moved")
    assert not Holiday.objects.get().observed


def test_a_holiday_that_was_taken_away_can_be_saved_again() -> None:
    row = Holiday.objects.create(country="GB-ENG", day=date(2026, 12, 28), name="Boxing", observed=False)
    given = {"country": "GB-ENG", "day": "2026-12-28", "observed": "False", "name": "Boxing Day"}
    signed_in("ada").post(address("maintenance_holiday_change", row.pk), given)
    assert Holiday.objects.get().name == "Boxing Day"


def test_a_country_is_written_as_services_write_it() -> None:
    assert "Write the country like GB" in holiday(country="Great!")


@pytest.mark.parametrize("model", ["criticalday", "holiday"])
@pytest.mark.parametrize("name", ["ben", "rita"])
def test_whoever_does_not_book_reads_only(model: str, name: str) -> None:
    client = signed_in(name)
    words(client, address(f"maintenance_{model}_changelist"))
    assert client.post(address(f"maintenance_{model}_add"), {}).status_code == 403
