"""Windows that repeat, in the admin: seen before they are booked, and taken care of when they cannot be."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape
from urllib.parse import urlencode

import pytest
from django.http import HttpResponse

from maintenance.booking import series
from maintenance.models import Freeze, RuleSetting, Series, Skipped, Window
from tests import people
from tests.maintenance import planned
from tests.maintenance.planned import HOLDS
from tests.maintenance.usage import london
from tests.staff import address, queries, reader, signed_in, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]

BOOK = "maintenance_series_book"
PAGE = "maintenance_series_change"
LIST = "maintenance_series_changelist"
ASKED = {
    "service": "online-banking",
    "starts_at": "2026-03-15T02:00",
    "minutes": "120",
    "recurrence_every": "week",
}


def seen(**other: str) -> str:
    return words(signed_in("ada"), f"{address(BOOK)}?{urlencode(ASKED | other)}")


def booked(**other: str) -> HttpResponse:
    given = ASKED | {"purpose": "New certificates", "level-online-banking": "outage"} | other
    return signed_in("ada").post(address(BOOK), given)  # type: ignore[return-value]


def audit() -> None:
    day = date(2026, 3, 22)
    Freeze.objects.create(name="Audit", starts_at=london(day, 0), ends_at=london(day, 12))


def made() -> Series:
    proposal = people.proposal(starts_at=london(date(2026, 3, 15), 2), purpose="New certificates")
    return series.book_series(proposal, "FREQ=WEEKLY", by=people.user("ada"), now=people.NOW)


def test_its_times_are_shown_before_anything_is_booked() -> None:
    people.service()
    page = seen()
    assert "Every Sunday" in page
    assert "Sun 29 Mar 2026, 02:00" in page
    assert "Nothing stands against these times." in page
    assert not Series.objects.exists()


def test_each_time_says_what_stands_against_it_before_it_is_booked() -> None:
    people.service()
    audit()
    page = seen()
    assert "Something stands against 1 of these" in page
    assert "The freeze “Audit” holds" in page


def test_booking_leads_to_the_page_of_the_series() -> None:
    people.service()
    answer = booked()
    assert answer.headers["Location"] == address(PAGE, Series.objects.get().pk)


def test_what_was_chosen_is_booked() -> None:
    people.service()
    booked(
        **{
            "recurrence_every": "month_last",
            "starts_at": "2026-03-29T02:00",
            "level-online-banking": "degraded",
        }
    )
    window = Window.objects.earliest("starts_at")
    assert (window.starts_at, window.purpose) == (london(date(2026, 3, 29), 2), "New certificates")
    assert window.impacts.get().level == "degraded"
    assert Series.objects.get().recurrence == "FREQ=MONTHLY;BYDAY=-1SU"


def test_a_rule_of_its_own_is_booked() -> None:
    people.service()
    booked(recurrence_every="own", recurrence_own="FREQ=WEEKLY;INTERVAL=3;BYDAY=SU")
    assert [f"{window.starts_at:%m-%d}" for window in Window.objects.all()] == ["03-15", "04-05", "04-26"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"recurrence_every": ""}, "Say how it repeats"),
        ({"recurrence_every": "own"}, "Write the rule"),
        ({"starts_at": ""}, "This field is required"),
        ({"service": "none"}, "is not one of the available choices"),
        ({"recurrence_until": "2026-03-01"}, "The last day lies before the first time."),
    ],
)
def test_what_cannot_be_a_series_says_why(fault: dict[str, str], said: str) -> None:
    people.service()
    assert said in seen(**fault)


def test_a_series_in_the_past_says_so() -> None:
    people.service()
    assert "still to come" in seen(starts_at="2025-03-16T02:00", recurrence_until="2025-05-01")


def test_where_nothing_can_be_booked_nothing_is() -> None:
    people.service()
    Freeze.objects.create(name="Audit", starts_at=people.NOW, ends_at=people.NOW + timedelta(days=300))
    answer = booked()
    assert "Nothing was booked." in answer.content.decode()
    assert not Series.objects.exists()


def test_a_soft_rule_asks_for_the_reason_that_passes_it_each_time() -> None:
    people.service()
    audit()
    RuleSetting.objects.create(rule="freeze", weight=RuleSetting.Weight.SOFT)
    assert 'name="reason-freeze"' in seen()
    booked(**{"reason-freeze": "Agreed with the board"})
    assert Series.objects.get().reasons == {"freeze": "Agreed with the board"}
    assert not Skipped.objects.exists()


def test_what_another_page_knows_is_filled_in() -> None:
    people.service()
    looked_at = "service=online-banking&starts_at=2026-03-15T02:00&ends_at=2026-03-15T05:00"
    page = words(signed_in("ada"), f"{address(BOOK)}?{looked_at}")
    assert 'value="2026-03-15T02:00"' in page
    assert '<option value="180" selected>' in page


@pytest.mark.parametrize("name", ["maintenance_window_calendar", LIST])
def test_the_way_to_it_is_where_windows_are_planned(name: str) -> None:
    people.service()
    assert address(BOOK) in words(signed_in("ada"), address(name))
    assert address(BOOK) not in words(reader(), address(name))


def test_a_time_that_is_looked_at_can_be_repeated() -> None:
    people.service()
    looked_at = "?service=online-banking&starts_at=2026-03-15T02:00&minutes=120"
    page = words(signed_in("ada"), address("maintenance_window_book") + looked_at)
    led = unescape(re.findall(rf'href="({address(BOOK)}[^"]+)"', page)[0])
    assert 'value="2026-03-15T02:00"' in words(signed_in("ada"), led)


def test_who_does_the_work_and_what_is_expected_go_with_each_window() -> None:
    people.customer("dan", uses=[people.service()], vulnerable=True)
    ada = people.user("ada")
    booked(staff=str(ada.pk), exemption="")
    window = Window.objects.latest("starts_at")
    assert list(window.staff.all()) == [ada]
    assert (window.expected_customers, window.expected_vulnerable) == (1, 1)


def test_today_says_what_could_not_be_booked() -> None:
    planned.skipped()
    assert HOLDS in words(reader(), address("index"))


def test_who_only_reads_books_nothing() -> None:
    assert reader().get(address(BOOK)).status_code == 403


def test_the_page_lists_its_windows_with_their_status() -> None:
    row = made()
    first = row.windows.earliest("starts_at")
    Window.objects.filter(pk=first.pk).update(status=Window.Status.APPROVED)
    page = words(reader(), address(PAGE, row.pk))
    assert address("maintenance_window_change", first.pk) in page
    assert page.count(Window.Status.BOOKED.label) == row.windows.count() - 1


def test_a_window_that_was_moved_says_from_when() -> None:
    row = made()
    first = row.windows.earliest("starts_at")
    Window.objects.filter(pk=first.pk).update(starts_at=first.starts_at + timedelta(hours=1))
    assert "moved from Sun 15 Mar 2026, 02:00" in words(reader(), address(PAGE, row.pk))


def test_what_could_not_be_booked_leads_to_the_slots_around_it() -> None:
    skipped = planned.skipped()
    page = words(signed_in("ada"), address(PAGE, skipped.series.pk))
    assert HOLDS in page
    assert "service=online-banking&minutes=120&after=2026-03-12&before=2026-03-18" in page


def test_it_is_settled_with_words() -> None:
    skipped = planned.skipped()
    path = address("maintenance_series_settle", skipped.series.pk, skipped.pk)
    signed_in("ada").post(path, {"said": "Done on Saturday"})
    assert Skipped.objects.get().settled_words == "Done on Saturday"
    assert "Done on Saturday" in words(reader(), address(PAGE, skipped.series.pk))


def test_without_words_it_is_asked_again() -> None:
    skipped = planned.skipped()
    path = address("maintenance_series_settle", skipped.series.pk, skipped.pk)
    answer = signed_in("ada").post(path, {"said": ""})
    assert "Say what was done about it." in answer.content.decode()
    assert Skipped.objects.get().settled_at is None


def test_one_of_another_series_is_not_settled_here() -> None:
    skipped, other = planned.skipped(), planned.series(at=people.NOW + timedelta(days=20))
    path = address("maintenance_series_settle", other.pk, skipped.pk)
    assert signed_in("ada").post(path, {"said": "Done"}).status_code == 404


def test_to_end_it_is_asked_first_with_what_stays() -> None:
    row = made()
    page = words(signed_in("ada"), address("maintenance_series_end", row.pk))
    assert "End this series?" in page
    assert page.count(">Cancel</a>") == row.windows.count()
    assert Series.objects.get().ended_at is None


def test_it_is_ended_and_what_is_booked_stays() -> None:
    row = made()
    before = row.windows.count()
    signed_in("ada").post(address("maintenance_series_end", row.pk))
    assert Series.objects.get().ended_by == people.user("ada")
    assert row.windows.filter(status=Window.Status.BOOKED).count() == before


def test_ending_it_twice_says_so() -> None:
    row = made()
    signed_in("ada").post(address("maintenance_series_end", row.pk))
    answer = signed_in("ada").post(address("maintenance_series_end", row.pk))
    assert "It was ended already." in answer.content.decode()


@pytest.mark.parametrize("name", ["maintenance_series_end", "maintenance_series_settle"])
def test_who_only_reads_changes_nothing(name: str) -> None:
    skipped = planned.skipped()
    arguments = (skipped.series.pk, skipped.pk)[: 1 if name.endswith("end") else 2]
    assert reader().post(address(name, *arguments)).status_code == 403


def test_the_list_says_the_next_window_and_what_was_left_out() -> None:
    audit()
    made()
    page = words(reader(), address(LIST))
    assert "Every Sunday, 02:00" in page
    assert "Sun 15 Mar 2026, 02:00" in page
    assert "1: choose other times" in page


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "Goes on"),
        ({"ended_at": people.NOW}, "Ended"),
        ({"recurrence": "FREQ=DAILY;UNTIL=20260301"}, "Over"),
    ],
)
@pytest.mark.parametrize("name", [LIST, PAGE])
def test_it_says_whether_it_goes_on(change: dict[str, object], said: str, name: str) -> None:
    row = planned.series(at=people.NOW - timedelta(days=3))
    ended = {"ended_by": people.user("ada")} if "ended_at" in change else {}
    Series.objects.filter(pk=row.pk).update(**change, **ended)
    page = words(reader(), address(name, *([row.pk] if name == PAGE else [])))
    assert re.search(rf">\s*{said}\s*<", page)


def test_it_is_found_by_its_service() -> None:
    made()
    planned.series(people.service("cards"))
    page = words(reader(), f"{address(LIST)}?q=cards")
    assert ("Cards" in page, "Online banking" in page) == (True, False)


@pytest.mark.parametrize("name", [LIST, PAGE])
def test_three_take_the_queries_of_one(name: str) -> None:
    row = made()
    shown = address(name, *([row.pk] if name == PAGE else []))
    client = reader()
    one = queries(client, shown)
    for number in (1, 2):
        service = people.service(f"service-{number}")
        planned.skipped(service, at=people.NOW + timedelta(days=number))
        window = people.window(service)
        occurrence = people.NOW + timedelta(days=number)
        Window.objects.filter(pk=window.pk).update(series=row, occurrence_at=occurrence)
    assert queries(client, shown) == one
