"""The page of slots in a real browser: ranked anew at once, and all of it without JavaScript as well."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from maintenance import traffic
from maintenance.models import Freeze, Service
from tests import people
from tests.browser.test_admin_pages import signed_in_already, watch
from tests.maintenance.usage import samples
from tests.staff import address

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FIRST = "?service=online-banking&minutes=120"


@pytest.fixture
def today() -> datetime:
    return timezone.now().replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def banking(today: datetime) -> Service:
    """A service with traffic, which rests for good from three weeks on."""
    used = people.service()
    traffic.keep_samples(used, samples(until=today, days=63))
    Freeze.objects.create(
        name="Sale", starts_at=today + timedelta(days=21), ends_at=today + timedelta(days=99)
    )
    return used


@pytest.fixture
def faults(page: Page, live_server: LiveServer) -> Iterator[list[str]]:
    """What the browser complains of: nothing, at the end of each test."""
    found = watch(page, live_server.url)
    yield found
    assert found == []


@pytest.fixture
def slots_page(page: Page, live_server: LiveServer, banking: Service, faults: list[str]) -> Page:
    """Ada has asked for two hours. What `left` says is gone as soon as the page is loaded anew."""
    signed_in_already(page.context, live_server, "ada")
    page.goto(live_server.url + address("maintenance_window_slots") + FIRST)
    expect(page.get_by_role("heading", name="The quietest 2 h", exact=True)).to_be_visible()
    page.evaluate("window.left = 'here'")
    return page


def stayed(page: Page) -> bool:
    return bool(page.evaluate("window.left === 'here'"))


def test_the_slider_ranks_anew_without_loading_the_page(slots_page: Page) -> None:
    slots_page.get_by_label("Length").first.focus()
    for _ in range(4):
        slots_page.keyboard.press("ArrowRight")
    expect(slots_page.get_by_role("heading", name="The quietest 4 h", exact=True)).to_be_visible()
    expect(slots_page.locator("[data-lull-length]")).to_have_text("4 h")
    expect(slots_page.locator("[data-lull-said]")).to_contain_text("slots of 4 h. The quietest:")
    assert "minutes=240" in slots_page.url
    assert stayed(slots_page)


def test_the_slider_keeps_its_place_under_the_hand(slots_page: Page) -> None:
    slider = slots_page.get_by_label("Length").first
    slider.focus()
    slots_page.keyboard.press("ArrowRight")
    expect(slots_page.get_by_role("heading", name="The quietest 2 h 30 min")).to_be_visible()
    expect(slider).to_be_focused()


def test_what_was_asked_stands_in_the_address(slots_page: Page) -> None:
    slots_page.get_by_label("Staffed hours only").check()
    slots_page.wait_for_url("**staffed=on**")
    slots_page.reload()
    expect(slots_page.get_by_label("Staffed hours only")).to_be_checked()


def test_without_a_service_it_asks_for_one(slots_page: Page) -> None:
    slots_page.get_by_label("Online banking").first.uncheck()
    expect(slots_page.locator("#found").get_by_text("Choose at least one service.")).to_be_visible()
    assert stayed(slots_page)


def test_a_refused_hour_says_why_when_it_is_chosen(slots_page: Page) -> None:
    for _ in range(3):
        slots_page.get_by_role("link", name="Later").click()
        slots_page.wait_for_function("document.querySelector('[data-lull-found]').ariaBusy !== 'true'")
    hour = slots_page.locator(".lull-heat-refused a").last
    hour.click()
    checked = slots_page.get_by_label("The time you chose")
    expect(checked.get_by_text("This time is refused.")).to_be_visible()
    expect(checked.get_by_text("The freeze “Sale” holds")).to_be_visible()
    expect(checked).to_be_focused()
    assert stayed(slots_page)


def test_back_leads_to_what_was_there_before(slots_page: Page) -> None:
    slots_page.get_by_role("link", name="Later").click()
    slots_page.wait_for_url("**week=**")
    slots_page.go_back()
    expect(slots_page.get_by_role("heading", name="The quietest 2 h", exact=True)).to_be_visible()
    assert "week=" not in slots_page.url


def test_arrows_move_in_the_map(slots_page: Page) -> None:
    cells = slots_page.locator("[data-lull-heat] tbody tr")
    cells.nth(4).locator("a").nth(1).focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowUp", "ArrowUp"):
        slots_page.keyboard.press(key)
    expect(cells.nth(3).locator("a").nth(2)).to_be_focused()


def test_the_map_is_one_stop_for_the_tab_key(slots_page: Page) -> None:
    assert slots_page.locator("[data-lull-heat] a:not([tabindex='-1'])").count() == 1


def test_it_works_without_javascript(slots_page: Page, browser: Browser, live_server: LiveServer) -> None:
    plain = browser.new_context(
        java_script_enabled=False, locale="en-GB", storage_state=slots_page.context.storage_state()
    )
    page = plain.new_page()
    page.goto(live_server.url + address("maintenance_window_slots"))
    page.get_by_label("Online banking").first.check()
    page.get_by_label("Length").first.fill("180")
    page.get_by_role("button", name="Find slots").click()
    expect(page.get_by_role("heading", name="The quietest 3 h", exact=True)).to_be_visible()
    page.locator("[data-lull-heat] tbody a").first.click()
    expect(page.get_by_label("The time you chose")).to_be_visible()
    page.get_by_role("link", name="Book", exact=False).first.click()
    expect(page.get_by_label("Purpose")).to_be_visible()
    plain.close()
