"""The customer's own page and calendar over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import Client
from icalendar import Calendar

from maintenance.models import Customer, Window
from notifications import links
from notifications.models import Suppression
from tests import people

pytestmark = pytest.mark.django_db
PHONE, MAIL = "+447700900123", "cleo@example.org"


@pytest.fixture(autouse=True)
def _today(now: datetime) -> Iterator[None]:
    with time_machine.travel(now):
        yield


@pytest.fixture
def cleo() -> Customer:
    return people.customer(phone=PHONE, email=MAIL, uses=[people.service()])


@pytest.fixture
def strict() -> Client:
    """A browser that sends no cookie and is asked for every token there is."""
    return Client(enforce_csrf_checks=True)


def address(customer: Customer) -> str:
    return urlsplit(links.preferences_url(customer.pk)).path


def refused() -> set[str]:
    return set(Suppression.objects.values_list("channel", flat=True))


def test_the_page_shows_each_channel_and_no_whole_address(client: Client, cleo: Customer) -> None:
    page = client.get(address(cleo)).content.decode()
    assert "Text message (SMS)" in page
    assert "c•••@example.org" in page
    assert PHONE not in page
    assert MAIL not in page


def test_reading_the_page_never_unsubscribes(client: Client, cleo: Customer) -> None:
    client.get(address(cleo))
    client.head(address(cleo))
    client.get(address(cleo), {"List-Unsubscribe": "One-Click", "refuse": "email"})
    assert refused() == set()


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"List-Unsubscribe": "One-Click"}},  # multipart/form-data
        {
            "data": "List-Unsubscribe=One-Click",
            "content_type": "application/x-www-form-urlencoded",
        },
    ],
)
def test_one_click_without_cookies_stops_email_at_once(
    strict: Client, cleo: Customer, body: dict[str, object]
) -> None:
    response = strict.post(address(cleo), **body)  # type: ignore[arg-type]
    assert response.status_code == 200
    assert not response.cookies
    assert refused() == {"email"}


def test_a_channel_is_turned_off_and_on_by_its_button(strict: Client, cleo: Customer) -> None:
    strict.post(address(cleo), {"refuse": "sms"})
    assert refused() == {"sms"}
    strict.post(address(cleo), {"allow": "sms"})
    assert refused() == set()


def test_after_a_change_the_page_says_what_changed_in_the_same_language(
    client: Client, cleo: Customer
) -> None:
    response = client.post(f"{address(cleo)}?lang=ar", {"refuse": "sms"})
    assert response.status_code == 303
    page = client.get(response.headers["Location"]).content.decode()
    assert '<html lang="ar" dir="rtl">' in page
    assert 'role="status">رسالة نصية (SMS): متوقف.' in page


@pytest.mark.parametrize("body", [{}, {"refuse": "pigeon"}, {"allow": "inapp"}])
def test_a_post_that_asks_for_nothing_we_know_changes_nothing(
    client: Client, cleo: Customer, body: dict[str, str]
) -> None:
    assert client.post(address(cleo), body).status_code == 400
    assert refused() == set()


def test_what_the_customer_cannot_change_has_no_button(client: Client, cleo: Customer) -> None:
    client.post(address(cleo), {"refuse": "email"})
    Suppression.objects.update(reason=Suppression.Reason.BOUNCE)
    page = client.get(address(cleo)).content.decode()
    assert "Messages to this address came back" in page
    assert 'value="email"' not in page


def test_the_page_speaks_the_customers_language(client: Client) -> None:
    person = people.customer(language="ar-EG", email=MAIL)
    assert '<html lang="ar" dir="rtl">' in client.get(address(person)).content.decode()


def test_the_page_is_kept_by_no_cache_and_found_by_no_search(client: Client, cleo: Customer) -> None:
    response = client.get(address(cleo))
    assert "no-store" in response.headers["Cache-Control"]
    assert '<meta name="robots" content="noindex">' in response.content.decode()


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_forged_link_is_refused_kindly(client: Client, cleo: Customer, method: str) -> None:
    link = address(cleo)
    forged = link[:-2] + ("y" if link[-2] == "x" else "x") + "/"
    response = getattr(client, method)(forged, {"List-Unsubscribe": "One-Click"})
    assert response.status_code == 404
    assert "This link does not work any more" in response.content.decode()
    assert refused() == set()


def test_a_link_that_is_too_old_is_refused(client: Client, cleo: Customer, now: datetime) -> None:
    old = address(cleo)
    with time_machine.travel(now + timedelta(days=2 * 366)):
        assert client.get(old).status_code == 404


def test_a_customer_who_is_gone_has_no_page(client: Client, cleo: Customer) -> None:
    old = address(cleo)
    cleo.delete()
    assert client.get(old).status_code == 404


def test_a_customers_calendar_has_the_windows_of_her_services(client: Client, cleo: Customer) -> None:
    window = people.window(people.service(), status=Window.Status.APPROVED)
    people.window(people.service("cards"), status=Window.Status.APPROVED)
    response = client.get(urlsplit(links.my_calendar_url(cleo.pk)).path)
    uids = [str(event["UID"]) for event in Calendar.from_ical(response.content).walk("VEVENT")]
    assert uids == [f"{window.public_id}@127.0.0.1"]
    assert response.headers["Cache-Control"] == "private, max-age=300"


def test_a_forged_calendar_link_is_refused(client: Client) -> None:
    assert client.get("/calendar/my/1.forged.ics").status_code == 404
