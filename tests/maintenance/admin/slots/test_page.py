"""Ada looks for a quiet slot and books it in two clicks, or is told everything that stands against it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import unescape

import pytest
from django.utils.dateparse import parse_datetime

from maintenance import traffic
from maintenance.admin.forms import BookForm
from maintenance.models import Freeze, Impact, Service, Window
from tests import people
from tests.maintenance.usage import samples
from tests.staff import address, reader, signed_in, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]

SLOTS = "maintenance_window_slots"
BOOK = "maintenance_window_book"


@pytest.fixture
def banking(now: datetime) -> Service:
    """A service with nine weeks of traffic that is least at three on Sundays."""
    used = people.service()
    traffic.keep_samples(used, samples(until=now, days=63))
    return used


def _asked(*services: str) -> str:
    # until then every week is like every other: Easter is no ordinary time
    return address(SLOTS) + "?minutes=120&before=2026-04-01" + "".join(f"&service={key}" for key in services)


def _time(at: datetime, minutes: int = 120, key: str = "online-banking") -> str:
    return f"{address(BOOK)}?service={key}&starts_at={at:%Y-%m-%dT%H:%M}&minutes={minutes}"


def _given(at: datetime, **more: str) -> dict[str, object]:
    return {
        "service": ["online-banking"],
        "starts_at": at.isoformat(),
        "ends_at": (at + timedelta(hours=2)).isoformat(),
        "purpose": "New certificates",
        "level-online-banking": Impact.Level.DEGRADED,
        **more,
    }


def test_the_quietest_slot_stands_first_with_what_it_carries(banking: Service) -> None:
    people.customer(uses=[banking])
    page = words(signed_in("ada"), _asked(banking.key))
    assert page.index("Sun 15 Mar 2026, 02:00") < page.index("Sun 22 Mar 2026, 02:00")
    assert "<strong>140</strong>" in page


def test_uses_and_customers_are_two_numbers_each_with_its_name(banking: Service) -> None:
    people.customer("cleo", uses=[banking])
    people.customer("dan", uses=[banking], vulnerable=True)
    page = words(signed_in("ada"), _asked(banking.key))
    assert "Uses expected in it</dt><dd><strong>140<" in page
    assert "Customers who use it, at any time</dt><dd><strong>2<" in page
    assert "of them 1 vulnerable" in page


def test_a_suggested_slot_becomes_a_window_in_two_clicks(banking: Service) -> None:
    ada = signed_in("ada")
    page = words(ada, _asked(banking.key))
    first = re.search(rf'href="({address(BOOK)}\?[^"]+)"', page)
    assert first
    form = unescape(ada.get(first[1]).content.decode())
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    response = ada.post(
        address(BOOK), {**hidden, "purpose": "New certificates", "level-online-banking": "outage"}
    )
    window = Window.objects.get()
    assert response.headers["Location"] == address("maintenance_window_change", window.pk)
    assert window.starts_at == parse_datetime("2026-03-15T02:00:00Z")
    assert window.booker == people.user("ada")
    assert window.expected_load == pytest.approx(140)


def test_too_little_traffic_is_said_in_a_sentence_that_helps() -> None:
    people.service()
    assert "manage.py import_traffic online-banking" in words(signed_in("ada"), _asked("online-banking"))


def test_readers_see_slots_without_a_button(banking: Service) -> None:
    page = words(reader(), _asked(banking.key))
    assert "Sun 15 Mar 2026" in page
    assert address(BOOK) not in page


def test_readers_cannot_book(banking: Service, now: datetime) -> None:
    assert reader().post(address(BOOK), _given(now + timedelta(days=13))).status_code == 403
    assert not Window.objects.exists()


def test_a_booking_without_the_pages_token_is_refused(now: datetime) -> None:
    people.service()
    ada = signed_in("ada", checks_forgery=True)
    assert ada.post(address(BOOK), _given(now + timedelta(days=13))).status_code == 403


def test_looking_at_a_time_books_nothing(banking: Service, now: datetime) -> None:
    assert "Nothing stands against this time." in words(signed_in("ada"), _time(now + timedelta(days=13)))
    assert not Window.objects.exists()


def test_the_impact_is_chosen_for_each_service(banking: Service, now: datetime) -> None:
    signed_in("ada").post(address(BOOK), _given(now + timedelta(days=13)))
    assert Impact.objects.get().level == Impact.Level.DEGRADED


def test_every_objection_is_listed(banking: Service, now: datetime) -> None:
    at = now + timedelta(days=2)
    Freeze.objects.create(name="Year end", starts_at=at, ends_at=at + timedelta(days=1))
    people.window(banking, starts_at=at)
    page = words(signed_in("ada"), _time(at))
    assert "Year end" in page
    assert "at least 5 days of notice" in page
    assert "already in window" in page
    assert "It cannot wait?" in page


def test_a_refused_booking_books_nothing_and_says_why(banking: Service, now: datetime) -> None:
    response = signed_in("ada").post(address(BOOK), _given(now + timedelta(days=2)))
    assert "at least 5 days of notice" in response.content.decode()
    assert not Window.objects.exists()


def test_an_emergency_needs_a_reason_and_somebody_elses_name(banking: Service, now: datetime) -> None:
    ada, ben = signed_in("ada"), people.user("ben")
    soon = now + timedelta(days=2)
    half = ada.post(address(BOOK), _given(soon, emergency_reason="The disk is dying"))
    assert "Name who approved the emergency." in half.content.decode()
    ada.post(
        address(BOOK), _given(soon, emergency_reason="The disk is dying", emergency_approver=str(ben.pk))
    )
    assert Window.objects.get().emergency_approver == ben


def test_the_booker_cannot_answer_for_an_emergency(banking: Service, now: datetime) -> None:
    ben = signed_in("ben")
    ben.force_login(both := people.user("olga"))
    page = words(ben, _time(now + timedelta(days=2)))
    assert f'<option value="{both.pk}"' not in page


def test_an_hour_that_the_clocks_skip_is_asked_for_again(banking: Service) -> None:
    page = words(
        signed_in("ada"), f"{address(BOOK)}?service={banking.key}&starts_at=2026-03-29T01:30&minutes=60"
    )
    assert "The clocks change in this hour" in page


def test_an_end_before_its_start_is_refused(banking: Service) -> None:
    asked = f"?service={banking.key}&starts_at=2026-03-29T05:00&ends_at=2026-03-29T04:00"
    assert "The end must come after the start." in words(signed_in("ada"), address(BOOK) + asked)


def test_an_unknown_service_is_not_a_fault_of_the_server() -> None:
    people.service()
    assert "cash" in words(signed_in("ada"), _asked("cash"))


def test_the_purpose_is_written_already(banking: Service, now: datetime) -> None:
    at = now + timedelta(days=13)
    people.service("cards")
    page = words(signed_in("ada"), _time(at) + "&service=cards")
    assert 'value="Maintenance of Cards and Online banking"' in page


def test_a_long_list_of_services_still_fits_the_purpose(now: datetime) -> None:
    services = [people.service(f"{'long' * 8}-{number}") for number in range(8)]
    purpose = BookForm(booker=people.user("ada"), services=services)["purpose"]
    assert len(purpose.initial) == 200


def test_a_service_without_an_alternative_is_named_before_it_is_booked(now: datetime) -> None:
    cards = people.service("cards", alternative=False)
    people.service()
    page = words(signed_in("ada"), _time(now + timedelta(days=13)) + "&service=cards")
    link = f'<a href="{address("maintenance_service_change", cards.pk)}">add an alternative to Cards</a>'
    assert f"Customers must be told what still works: {link}." in page
    assert "alternative to Online banking" not in page
