"""The sign-in page in a real browser: what it says to whom it refuses, in every dress."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from maintenance.staff.sign_in import middleware, one_time, throttle
from maintenance.staff.sign_in.hashing import Turns
from tests import people
from tests.browser.test_admin_pages import ACCESSIBLE, DRESSES, sign_in_anywhere, staff
from tests.staff import address

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=DRESSES)
def dressed(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page that was never here before."""
    view = browser.new_context(**DRESSES[request.param])  # type: ignore[arg-type]
    yield view.new_page()
    view.close()


def _fits_and_can_be_read(page: Page) -> None:
    assert page.evaluate(ACCESSIBLE) == []
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def test_whoever_is_throttled_is_told_when_to_try_again(dressed: Page, live_server: LiveServer) -> None:
    staff("ada")
    buckets = throttle.buckets(people.user("ada"), "ada", network="127.0.0.1", browser="")
    while throttle.take_try(buckets, now=timezone.now()) is None:
        pass
    sign_in_anywhere(dressed, live_server, "ada")
    expect(dressed.get_by_text("Too many wrong passwords")).to_be_visible()
    expect(dressed.get_by_text("Try again in 5 minutes")).to_be_visible()
    _fits_and_can_be_read(dressed)


def test_whose_one_time_password_has_ended_is_told_what_to_do(dressed: Page, live_server: LiveServer) -> None:
    staff("ada")
    one_time.issue_one_time_password(people.user("ada"), now=timezone.now() - timedelta(hours=25))
    sign_in_anywhere(dressed, live_server, "ada")
    expect(dressed.get_by_text("manage.py changepassword ada")).to_be_visible()
    _fits_and_can_be_read(dressed)


def test_whoever_gets_no_turn_is_asked_to_come_again(
    dressed: Page, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(middleware, "_SECONDS", 0.05)
    monkeypatch.setattr(middleware, "_TURNS", Turns(1))
    with middleware._TURNS.turn(seconds=1, waiting=1):
        sign_in_anywhere(dressed, live_server, "ada")
        expect(dressed.get_by_role("heading", name="Try again in a few seconds")).to_be_visible()
    _fits_and_can_be_read(dressed)


def test_a_browser_in_which_she_signed_in_is_known_again(page: Page, live_server: LiveServer) -> None:
    """Whatever others have tried meanwhile."""
    staff("ada")
    sign_in_anywhere(page, live_server, "ada")
    page.wait_for_url("**/admin/")
    page.context.clear_cookies(name="sessionid")
    buckets = throttle.buckets(people.user("ada"), "ada", network="127.0.0.1", browser="")
    while throttle.take_try(buckets, now=timezone.now()) is None:
        pass
    sign_in_anywhere(page, live_server, "ada")
    expect(page.get_by_role("heading", name="Next windows")).to_be_visible()
    assert address("login") not in page.url
