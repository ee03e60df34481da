"""The public pages and calendars over HTTP."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.utils.http import http_date
from icalendar import Calendar

from maintenance.models import Service, Window
from tests import people

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _today(now: datetime) -> object:
    with time_machine.travel(now, tick=False):
        yield


def get(client: Client, address: str, **headers: str) -> HttpResponse:
    return client.get(address, headers=headers)  # type: ignore[return-value]


def test_the_page_needs_nobody_to_sign_in_and_sets_no_cookie(client: Client) -> None:
    people.window(status=Window.Status.APPROVED)
    response = get(client, "/")
    assert response.status_code == 200
    assert not response.cookies


def test_the_page_loads_nothing_from_elsewhere(client: Client) -> None:
    people.window(status=Window.Status.APPROVED)
    response = get(client, "/")
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert b'src="http' not in response.content
    assert b"<style" not in response.content


@pytest.mark.parametrize(
    ("address", "accepts", "language", "direction"),
    [
        ("/", "en", "en", "ltr"),
        ("/", "ar,en;q=0.5", "ar", "rtl"),
        ("/?lang=ar", "en", "ar", "rtl"),
        ("/?lang=en", "ar", "en", "ltr"),
        ("/?lang=xx", "ar", "ar", "rtl"),
    ],
)
def test_the_page_speaks_the_language_asked_for(
    client: Client, address: str, accepts: str, language: str, direction: str
) -> None:
    response = get(client, address, **{"accept-language": accepts})
    assert f'<html lang="{language}" dir="{direction}">' in response.content.decode()
    assert response.headers["Content-Language"] == language


def test_staffs_own_words_are_not_on_the_page(client: Client) -> None:
    people.window(status=Window.Status.APPROVED)
    assert "Database upgrade" not in get(client, "/").content.decode()


def test_a_services_name_cannot_bring_markup(client: Client) -> None:
    people.window(people.service(), status=Window.Status.APPROVED)
    Service.objects.update(name="<script>alert(1)</script>")
    assert "<script>alert" not in get(client, "/").content.decode()


def test_a_demonstration_bank_is_named_as_such(client: Client) -> None:
    people.service()
    assert "This is a demonstration" not in get(client, "/").content.decode()
    Service.objects.update(demonstration=True)
    assert "This is a demonstration" in get(client, "/").content.decode()


def test_the_calendar_is_served_as_one_for_everybody_to_keep(client: Client) -> None:
    people.window(status=Window.Status.APPROVED)
    response = get(client, "/calendar.ics", **{"accept-language": "ar"})
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert response.headers["Cache-Control"] == "public, max-age=300"
    assert "SUMMARY:Maintenance of Online banking" in response.content.decode()


def test_the_calendar_speaks_arabic_when_asked(client: Client) -> None:
    people.window(status=Window.Status.APPROVED)
    text = get(client, "/calendar.ics?lang=ar").content.decode().replace("\r\n ", "")
    assert "SUMMARY:صيانة الخدمات المصرفية عبر الإنترنت" in text
    assert "SOURCE;VALUE=URI:http://127.0.0.1:8000/calendar.ics?lang=ar\r\n" in text


def test_a_service_has_a_calendar_of_its_own(client: Client) -> None:
    cards = people.service("cards")
    people.window(people.service(), status=Window.Status.APPROVED)
    window = people.window(cards, status=Window.Status.APPROVED)
    calendar = Calendar.from_ical(get(client, "/calendar/cards.ics").content)
    assert [str(event["UID"]) for event in calendar.walk("VEVENT")] == [f"{window.public_id}@127.0.0.1"]
    assert calendar["NAME"] == "Demonstration Bank: maintenance of Cards"


def test_an_unknown_service_has_no_calendar(client: Client) -> None:
    response = get(client, "/calendar/nothing.ics")
    assert response.status_code == 404
    assert b"/calendar.ics" in response.content


def test_who_has_the_calendar_already_gets_only_word_of_it(client: Client) -> None:
    people.window(status=Window.Status.APPROVED)
    etag = get(client, "/calendar.ics").headers["ETag"]
    assert not etag.startswith("W/")
    again = get(client, "/calendar.ics", **{"if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == etag
    assert again.headers["Cache-Control"] == "public, max-age=300"


def test_the_same_calendar_has_the_same_tag_a_day_later(client: Client, now: datetime) -> None:
    people.window(status=Window.Status.APPROVED)
    etag = get(client, "/calendar.ics").headers["ETag"]
    with time_machine.travel(now + DAY):
        assert get(client, "/calendar.ics").headers["ETag"] == etag


def test_a_change_is_seen_by_tag_and_by_date(client: Client, now: datetime) -> None:
    window = people.window(status=Window.Status.APPROVED)
    first = get(client, "/calendar.ics")
    changed = now + timedelta(minutes=5)
    Window.objects.filter(pk=window.pk).update(
        starts_at=window.starts_at + DAY, ends_at=window.ends_at + DAY, sequence=1, changed_at=changed
    )
    with time_machine.travel(changed):
        by_tag = get(client, "/calendar.ics", **{"if-none-match": first.headers["ETag"]})
        by_date = get(client, "/calendar.ics", **{"if-modified-since": first.headers["Last-Modified"]})
    assert (by_tag.status_code, by_date.status_code) == (200, 200)
    assert by_date.headers["Last-Modified"] == http_date(changed.timestamp())


def test_who_asks_by_date_is_told_that_nothing_changed(client: Client) -> None:
    people.window(status=Window.Status.APPROVED)
    date = get(client, "/calendar.ics").headers["Last-Modified"]
    assert get(client, "/calendar.ics", **{"if-modified-since": date}).status_code == 304


def test_who_asks_by_date_hears_that_a_window_dropped_out(client: Client, now: datetime) -> None:
    window = people.window(status=Window.Status.APPROVED, starts_at=now + timedelta(hours=1))
    with time_machine.travel(window.ends_at):
        date = get(client, "/calendar.ics").headers["Last-Modified"]
    with time_machine.travel(window.ends_at + DAY):
        response = get(client, "/calendar.ics", **{"if-modified-since": date})
    assert response.status_code == 200
    assert b"VEVENT" not in response.content


def test_an_overrun_reaches_who_asks_by_date(client: Client, now: datetime) -> None:
    window = people.window(status=Window.Status.STARTED, starts_at=now - timedelta(hours=1))
    date = get(client, "/calendar.ics").headers["Last-Modified"]
    with time_machine.travel(window.ends_at + timedelta(minutes=1)):
        response = get(client, "/calendar.ics", **{"if-modified-since": date})
    assert response.status_code == 200


@pytest.mark.parametrize("address", ["/", "/calendar.ics", "/calendar/online-banking.ics"])
def test_head_answers_like_get_without_the_body(client: Client, address: str) -> None:
    people.window(status=Window.Status.APPROVED)
    asked, headed = client.get(address), client.head(address)
    assert headed.content == b""
    assert headed.headers["Content-Length"] == str(len(asked.content))
    assert headed.headers.get("ETag") == asked.headers.get("ETag")


@pytest.mark.parametrize("address", ["/", "/calendar.ics"])
def test_the_public_can_only_read(client: Client, address: str) -> None:
    assert client.post(address).status_code == 405


@pytest.mark.parametrize("windows", [1, 3])
def test_the_pages_queries_do_not_grow_with_the_windows(
    client: Client, windows: int, django_assert_num_queries: object
) -> None:
    for number in range(windows):
        people.window(people.service(f"service-{number}"), status=Window.Status.APPROVED)
    with django_assert_num_queries(5):  # type: ignore[operator]
        get(client, "/")
