"""A window is moved on the calendar: by the mouse, by the keyboard, and without a script."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from maintenance import bank_time, policies
from maintenance.admin.month.weeks_of_month import week_of
from maintenance.models import Freeze, Window
from tests import people
from tests.browser.test_admin_pages import signed_in_already, watch
from tests.staff import address

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LENGTH = timedelta(hours=2)


@pytest.fixture
def monday() -> date:
    """Of the week after the next one: far enough for the notice, and with no change of the clocks in it."""
    policies.policy_of()
    first = week_of(timezone.localdate(), 0)[0] + timedelta(days=14)
    changed = at(first + timedelta(days=7), 0) - at(first, 0) != timedelta(days=7)
    return first + timedelta(days=7 * changed)


@pytest.fixture
def window(monday: date) -> Window:
    """On Tuesday at 02:00; all of Wednesday is a freeze."""
    wednesday = monday + timedelta(days=2)
    Freeze.objects.create(
        name="Audit", starts_at=at(wednesday, 0), ends_at=at(wednesday + timedelta(days=1), 0)
    )
    return people.window(starts_at=at(monday + timedelta(days=1), 2))


@pytest.fixture
def ada(page: Page, live_server: LiveServer) -> Iterator[Page]:
    """Ada, signed in; her browser has nothing to complain of."""
    signed_in_already(page.context, live_server, "ada")
    found = watch(page, live_server.url)
    yield page
    assert found == []


def at(day: date, hour: int) -> datetime:
    return bank_time.at_bank(day, time(hour))


def open_week(page: Page, live_server: LiveServer, monday: date) -> None:
    page.goto(f"{live_server.url}{address('maintenance_window_calendar')}?week={monday}")


def drag(page: Page, block: Locator, day: date, hour: int) -> None:
    """By its upper edge to an hour of a day."""
    held = block.bounding_box()
    column = page.locator(f"[data-lull-day='{day}']").bounding_box()
    assert held
    assert column
    page.mouse.move(held["x"] + held["width"] / 2, held["y"] + 4)
    page.mouse.down()
    aim = column["x"] + column["width"] / 2, column["y"] + column["height"] * hour / 24 + 4
    page.mouse.move(*aim, steps=8)
    page.mouse.up()


def test_a_window_dropped_into_a_freeze_says_so_and_then_moves_where_it_may(
    ada: Page, live_server: LiveServer, window: Window, monday: date
) -> None:
    open_week(ada, live_server, monday)
    block = ada.locator("[data-lull-move]")
    drag(ada, block, monday + timedelta(days=2), 3)
    answer = ada.locator("[data-lull-checked]")
    expect(answer).to_contain_text("The freeze “Audit” holds")
    expect(answer.get_by_label("Reason")).to_have_count(0)

    drag(ada, block, monday + timedelta(days=3), 4)
    expect(answer).to_contain_text("Nothing stands against this time.")
    answer.get_by_label("Reason").fill("The crew is ill")
    answer.get_by_role("button", name="Move window").click()
    expect(ada.get_by_text("Moved. It needs both approvals anew.")).to_be_visible()
    moved = Window.objects.get()
    assert (moved.starts_at, moved.ends_at - moved.starts_at) == (at(monday + timedelta(days=3), 4), LENGTH)


def test_a_window_is_left_where_it_was(
    ada: Page, live_server: LiveServer, window: Window, monday: date
) -> None:
    open_week(ada, live_server, monday)
    drag(ada, ada.locator("[data-lull-move]"), monday + timedelta(days=3), 4)
    ada.get_by_role("button", name="Leave it where it was").click()
    expect(ada.locator("[data-lull-checked]")).to_be_hidden()
    expect(ada.locator(".lull-ghost")).to_have_count(0)


def test_a_click_still_opens_the_window(
    ada: Page, live_server: LiveServer, window: Window, monday: date
) -> None:
    open_week(ada, live_server, monday)
    ada.locator("[data-lull-move] > a").first.click()
    expect(ada).to_have_url(live_server.url + address("maintenance_window_change", window.pk))


def test_the_keyboard_moves_it_and_hears_where_it_is(
    ada: Page, live_server: LiveServer, window: Window, monday: date
) -> None:
    open_week(ada, live_server, monday)
    ada.locator("[data-lull-handle]").focus()
    ada.keyboard.press("ArrowRight")
    ada.keyboard.press("ArrowDown")
    wednesday = monday + timedelta(days=2)
    expect(ada.locator("[data-lull-said]")).to_have_text(
        f"{wednesday:%A} {wednesday.day} {wednesday:%B}, 02:30"
    )
    ada.keyboard.press("Enter")
    answer = ada.locator("[data-lull-checked]")
    expect(answer).to_contain_text("The freeze “Audit” holds")
    expect(answer.locator("h3")).to_be_focused()
    ada.keyboard.press("Escape")
    expect(answer).to_be_hidden()
    expect(ada.locator("[data-lull-handle]")).to_be_focused()


def test_right_to_left_the_next_day_lies_to_the_left(
    browser: Browser, live_server: LiveServer, window: Window, monday: date
) -> None:
    view = browser.new_context(locale="ar")
    page = view.new_page()
    signed_in_already(view, live_server, "ada")
    open_week(page, live_server, monday)
    drag(page, page.locator("[data-lull-move]"), monday + timedelta(days=2), 3)
    expect(page.locator("[data-lull-checked]")).to_contain_text("Audit")
    page.keyboard.press("Escape")
    page.locator("[data-lull-handle]").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(f"[data-lull-day='{monday + timedelta(days=2)}'] .lull-ghost")).to_have_text("02:00")
    view.close()


def test_without_a_script_it_is_moved_by_links_and_forms(
    ada: Page, browser: Browser, live_server: LiveServer, window: Window, monday: date
) -> None:
    # the theme's own page to sign in needs a script
    phone = {"java_script_enabled": False, "locale": "en-GB", "viewport": {"width": 390, "height": 800}}
    view = browser.new_context(storage_state=ada.context.storage_state(), **phone)  # type: ignore[arg-type]
    page = view.new_page()
    open_week(page, live_server, monday)
    page.get_by_role("link", name="Move Online banking").click()
    page.get_by_label("New start").fill(f"{monday + timedelta(days=3)}T04:00")
    page.get_by_role("button", name="Check this time").click()
    page.get_by_label("Why it is moved").fill("The crew is ill")
    page.get_by_role("button", name="Move window").click()
    expect(page.get_by_text("Moved. It needs both approvals anew.")).to_be_visible()
    assert Window.objects.get().starts_at == at(monday + timedelta(days=3), 4)
    view.close()
