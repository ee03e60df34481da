"""The week by hours beside the slots: its figures, what it marks, and the check of a single hour."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from html import unescape

import pytest
from pytest_django import Settings

from maintenance import traffic
from maintenance.models import Freeze, RuleSetting, Service
from tests import people
from tests.maintenance.usage import london, samples
from tests.staff import address, queries, reader, signed_in, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]

BOOK = "maintenance_window_book"
BEFORE_EASTER = "2026-04-01"
"""Until then every week is like every other."""


@pytest.fixture
def banking(now: datetime) -> Service:
    """A service with nine weeks of traffic that is least at three on Sundays."""
    used = people.service()
    traffic.keep_samples(used, samples(until=now, days=63))
    return used


def _page(*services: str, who: str = "ada", **more: str) -> str:
    asked = "".join(f"&service={key}" for key in services or ("online-banking",))
    extra = "".join(f"&{name}={value}" for name, value in more.items())
    return words(signed_in(who), f"{address('maintenance_window_slots')}?minutes=120{asked}{extra}")


def _cell(page: str, shown: str) -> str:
    """What a cell of the map says, by the beginning of its title."""
    found = re.search(
        rf'<td class="([^"]*)"><a href="[^"]*" title="({re.escape(shown)}[^"]*)"[^>]*>(.*?)</a>', page
    )
    assert found
    return re.sub(r"<[^>]+>", "", " | ".join(found.groups()))


def _at(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S%%2B00:00")


def test_each_hour_has_its_figure_in_the_cell_and_its_numbers_beside_it(banking: Service) -> None:
    cell = _cell(_page(week="2026-03-16"), "Monday 16 March 2026, 03:00 to 04:00")
    assert "100 uses expected, 19 % of an ordinary hour." in cell
    assert cell.endswith("19 % of an ordinary hour")


def test_the_map_is_a_table_with_headings(banking: Service) -> None:
    page = _page(week="2026-03-16")
    assert len(re.findall(r'<th scope="row">\d\d:00</th>', page)) == 24
    assert [day for day in ("16 Mar", "17 Mar", "22 Mar") if f"<span>{day}</span></th>" in page] == [
        "16 Mar",
        "17 Mar",
        "22 Mar",
    ]


def test_it_opens_on_the_week_of_the_best_slot(banking: Service) -> None:
    assert "9 Mar – 15 Mar 2026" in _page(before=BEFORE_EASTER)


def test_weeks_can_be_turned_from_this_one_to_sixty_days_ahead(banking: Service) -> None:
    first, last = _page(week="2026-01-01"), _page(week="2027-01-01")
    assert "2 Mar – 8 Mar 2026" in first
    assert "27 Apr – 3 May 2026" in last
    assert ('id="week-earlier"' in first, 'id="week-later"' in first) == (False, True)
    assert ('id="week-earlier"' in last, 'id="week-later"' in last) == (True, False)


def test_the_bank_s_country_says_where_a_week_begins(banking: Service, settings: Settings) -> None:
    settings.COUNTRY = "SA"
    assert "15 Mar – 21 Mar 2026" in _page(week="2026-03-16")


def test_ranked_slots_are_marked_on_it(banking: Service) -> None:
    assert "slot 1 begins" in _cell(_page(before=BEFORE_EASTER), "Sunday 15 March 2026, 02:00")
    assert "lull-heat-taken" in _cell(_page(before=BEFORE_EASTER), "Sunday 15 March 2026, 03:00")


def test_a_refused_hour_has_a_pattern_and_says_why(banking: Service) -> None:
    Freeze.objects.create(
        name="Sale", starts_at=london(date(2026, 3, 17), 9), ends_at=london(date(2026, 3, 17), 12)
    )
    cell = _cell(_page(week="2026-03-16"), "Tuesday 17 March 2026, 08:00")
    assert "lull-heat-refused" in cell
    assert "A slot of 2 h that begins here is refused: The freeze “Sale” holds" in cell
    assert cell.endswith("; refused: Freeze")


def test_what_needs_but_a_reason_has_a_pattern_of_its_own(banking: Service) -> None:
    RuleSetting.objects.create(rule="freeze", weight=RuleSetting.Weight.SOFT)
    Freeze.objects.create(
        name="Sale", starts_at=london(date(2026, 3, 17), 9), ends_at=london(date(2026, 3, 17), 12)
    )
    cell = _cell(_page(week="2026-03-16"), "Tuesday 17 March 2026, 08:00")
    assert "lull-heat-passable" in cell
    assert cell.endswith("; only with a reason: Freeze")


def test_holidays_freezes_and_days_too_soon_are_named_at_the_day(banking: Service) -> None:
    Freeze.objects.create(
        name="Sale", starts_at=london(date(2026, 4, 1), 9), ends_at=london(date(2026, 4, 1), 12)
    )
    assert re.findall(r'<span title="[^"]*">([^<]*)</span>', _page(week="2026-04-01")) == [
        "Freeze: Sale",
        "Good Friday",
    ]
    assert re.findall(r'<span title="[^"]*">([^<]*)</span>', _page(week="2026-03-02")) == ["Notice"] * 4


def test_the_hour_that_the_clocks_skip_is_no_hour(banking: Service) -> None:
    assert _page(week="2026-03-29").count('<td title="The clocks skip this hour.">') == 1


def test_an_hour_leads_to_a_check_of_that_time(banking: Service) -> None:
    page = _page(week="2026-03-16")
    found = re.search(r'href="([^"]*)" title="Monday 16 March 2026, 03:00', page)
    assert found
    checked = words(signed_in("ada"), address("maintenance_window_slots") + unescape(found[1]))
    assert "No rule stands against this time." in checked
    assert "Mon 16 Mar 2026, 03:00" in checked


def test_a_checked_time_has_its_load_with_a_range_and_a_way_to_book_it(banking: Service) -> None:
    part = _page(at=_at(london(date(2026, 3, 16), 3))).split('id="checked"')[1]
    assert re.search(r"<strong>280</strong> <span[^>]*>\(280 – 280, 80 %\)", part)
    assert re.search(
        rf'href="{address(BOOK)}\?service=online-banking&starts_at=2026-03-16T03[^"]*">Book</a>', part
    )


def test_a_refused_time_says_everything_that_stands_against_it(banking: Service, now: datetime) -> None:
    at = now + timedelta(days=2)
    Freeze.objects.create(name="Sale", starts_at=at, ends_at=at + timedelta(hours=1))
    people.window(banking, starts_at=at)
    part = _page(at=_at(at)).split('id="checked"')[1].split("</section>")[0]
    assert "This time is refused." in part
    for said in ("of notice", "The freeze “Sale” holds", "already in window"):
        assert said in part
    assert "Book as an emergency" in part


def test_what_nobody_can_pass_has_no_way_to_be_booked(banking: Service, now: datetime) -> None:
    part = _page(at=_at(now - timedelta(hours=1))).split('id="checked"')[1].split("</section>")[0]
    assert "has passed" in part
    assert address(BOOK) not in part


def test_a_soft_objection_asks_for_a_reason(banking: Service) -> None:
    RuleSetting.objects.create(rule="freeze", weight=RuleSetting.Weight.SOFT)
    at = london(date(2026, 3, 17), 9)
    Freeze.objects.create(name="Sale", starts_at=at, ends_at=at + timedelta(hours=1))
    part = _page(at=_at(at)).split('id="checked"')[1]
    assert "This time needs a reason." in part
    assert "Book, with a reason" in part


def test_readers_may_check_but_not_book(banking: Service) -> None:
    page = _page(who="rita", at=_at(london(date(2026, 3, 16), 3)))
    assert "No rule stands against this time." in page
    assert address(BOOK) not in page


def test_without_traffic_the_rules_are_shown_alone_and_marked(now: datetime) -> None:
    people.service()
    page = _page(week="2026-03-16")
    assert "Not based on traffic" in page
    assert "import_traffic online-banking FILE" in page
    assert "no traffic on record" in _cell(page, "Monday 16 March 2026, 03:00")
    assert "lull-heat-refused" in _cell(_page(week="2026-03-02"), "Wednesday 4 March 2026, 03:00")


def test_the_service_without_traffic_is_named_among_others(banking: Service) -> None:
    people.service("cards")
    page = _page("cards", "online-banking")
    assert "Cards has no traffic on record." in page
    assert "Online banking has no traffic" not in page


def test_staffed_hours_alone_can_be_asked_for(banking: Service) -> None:
    page = _page(staffed="on")
    assert "staffed hours only" in page
    assert "Mon 9 Mar 2026, 08:00" in page


def test_a_window_that_is_moved_is_not_in_its_own_way(banking: Service) -> None:
    moved = people.window(banking, starts_at=london(date(2026, 3, 15), 2))
    at = _at(london(date(2026, 3, 15), 3))
    assert "already in window" in _page(at=at)
    page = _page(at=at, window=str(moved.pk))
    assert "No rule stands against this time." in page
    assert f"{address('maintenance_window_move', moved.pk)}?starts_at=" in page


def test_a_part_is_the_answer_alone(banking: Service) -> None:
    part = _page(part="1", before=BEFORE_EASTER)
    assert "<html" not in part
    assert "<form" not in part
    assert "Sun 15 Mar 2026, 02:00" in part
    assert 'data-lull-summary="6 slots of 2 h. The quietest: Sun 15 Mar 2026, 02:00' in part


def test_a_part_says_what_is_wrong_with_the_question(banking: Service) -> None:
    asked = f"{address('maintenance_window_slots')}?part=1&service=online-banking&minutes=45"
    assert "Choose a length of whole half hours." in words(signed_in("ada"), asked)


def test_links_of_a_part_lead_to_whole_pages(banking: Service) -> None:
    assert "part=" not in _page(part="1")


@pytest.mark.parametrize(
    "nonsense",
    [
        {"week": "soon"},
        {"week": "2026-02-31"},
        {"week": "9999-12-31"},
        {"at": "2026-03-16T03:00"},
        {"at": "2026-02-31T03:00Z"},
        {"at": "0001-01-01T00:00:00Z"},
        {"at": "9998-01-01T00:00:00Z"},
        {"window": "-1"},
        {"window": "²"},
    ],
)
def test_what_makes_no_sense_is_asked_for_anew(banking: Service, nonsense: dict[str, str]) -> None:
    query = {"service": banking.key, "minutes": "120", **nonsense}
    answer = signed_in("ada").get(address("maintenance_window_slots"), query)
    assert (answer.status_code, next(iter(nonsense)) in answer.content.decode()) == (400, True)


def test_a_window_that_is_no_more_is_passed_over(banking: Service) -> None:
    assert "Sun 15 Mar 2026, 02:00" in _page(window="99")


def test_where_nothing_is_free_it_says_why(banking: Service) -> None:
    Freeze.objects.create(
        name="Sale", starts_at=london(date(2026, 3, 1), 0), ends_at=london(date(2026, 6, 1), 0)
    )
    page = _page()
    assert "Nothing is free in these days." in page
    assert "The freeze “Sale” holds from" in page


def test_a_page_costs_the_same_queries_however_many_slots_it_shows(banking: Service) -> None:
    asked = f"{address('maintenance_window_slots')}?minutes=120&service=online-banking"
    ada = signed_in("ada")
    assert queries(ada, asked) == queries(ada, f"{asked}&more=1&week=2026-04-01")


def test_readers_see_the_map(banking: Service) -> None:
    page = words(reader(), f"{address('maintenance_window_slots')}?minutes=120&service=online-banking")
    assert "data-lull-heat" in page


def test_customers_are_not_counted_anew_while_the_page_hands_them_back(banking: Service) -> None:
    asked = f"{address('maintenance_window_slots')}?minutes=120&service=online-banking"
    ada = signed_in("ada")
    users = re.search(r'data-lull-users="([^"]+)"', words(ada, asked))
    assert users
    people.customer(uses=[banking])
    assert "<strong>0</strong>" in words(ada, f"{asked}&part=1&users={users[1]}")
    assert queries(ada, f"{asked}&users={users[1]}") == queries(ada, asked) - 1


@pytest.mark.parametrize("made_up", ["", "nonsense", "WyJvbmxpbmUtYmFua2luZyIsOSw5XQ:1:x"])
def test_figures_that_somebody_made_up_are_counted_anew(banking: Service, made_up: str) -> None:
    people.customer(uses=[banking])
    assert "<strong>1</strong>" in _page(part="1", users=made_up)


def test_figures_of_other_services_are_counted_anew(banking: Service) -> None:
    people.customer(uses=[banking])
    cards = people.service("cards")
    users = re.search(r'data-lull-users="([^"]+)"', _page(cards.key))
    assert users
    assert "<strong>1</strong>" in _page(part="1", users=users[1])
