"""The public pages in a real browser: at any width, in both directions, with a script and without."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from maintenance.models import Window
from notifications import links
from notifications.models import Suppression
from tests import people

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=[(1100, "en"), (320, "en"), (320, "ar")], ids=lambda given: f"{given[0]}-{given[1]}")
def visitor(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A visitor in Dubai, of a bank in London, with a phone or at a desk."""
    width, language = request.param
    view = browser.new_context(
        viewport={"width": width, "height": 700},
        locale=language,
        timezone_id="Asia/Dubai",
        color_scheme="dark",
    )
    yield view.new_page()
    view.close()


def faults(page: Page, home: str) -> list[str]:
    """What the browser complains of from now on, and what it asks of other machines."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text))
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("request", lambda asked: found.append(asked.url) if not asked.url.startswith(home) else None)
    return found


def is_too_wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def booked() -> Window:
    return people.window(status=Window.Status.APPROVED, starts_at=timezone.now() + timedelta(days=8))


def test_the_status_page_fits_and_adds_the_visitors_own_time(visitor: Page, live_server: LiveServer) -> None:
    booked()
    found = faults(visitor, live_server.url)
    visitor.goto(live_server.url)
    expect(visitor.locator(".own")).to_contain_text("Asia/Dubai")
    assert found == []
    assert not is_too_wide(visitor)


def test_a_visitor_in_the_banks_zone_sees_no_second_time(browser: Browser, live_server: LiveServer) -> None:
    booked()
    view = browser.new_context(timezone_id="Europe/London")
    page = view.new_page()
    page.goto(live_server.url)
    expect(page.locator(".when")).to_have_count(1)
    expect(page.locator(".own")).to_have_count(0)
    view.close()


def test_the_status_page_says_everything_without_a_script(browser: Browser, live_server: LiveServer) -> None:
    booked()
    view = browser.new_context(java_script_enabled=False, locale="en")
    page = view.new_page()
    page.goto(live_server.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("No maintenance is under way")
    expect(page.get_by_text("Cards and cash machines work as usual.")).to_be_visible()
    expect(page.get_by_role("link", name="Subscribe in your calendar")).to_be_visible()
    view.close()


def test_a_customer_turns_a_channel_off_with_the_keyboard(visitor: Page, live_server: LiveServer) -> None:
    cleo = people.customer(phone="+447700900123", email="cleo@example.org")
    found = faults(visitor, live_server.url)
    visitor.goto(live_server.url + urlsplit(links.preferences_url(cleo.pk)).path)
    assert not is_too_wide(visitor)
    visitor.locator("button[value=email]").focus()
    visitor.keyboard.press("Enter")
    expect(visitor.get_by_role("status")).to_be_visible()
    assert list(Suppression.objects.values_list("channel", flat=True)) == ["email"]
    assert found == []
