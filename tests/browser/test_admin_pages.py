"""The admin in a real browser: the road from a slot to an approved window, and every page in every dress."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from maintenance import policies, traffic
from maintenance.booking import rechecks, series
from maintenance.models import Freeze, Series, Service, Window
from maintenance.proposals import Proposal
from maintenance.staff.sign_in import one_time
from notifications.models import Delivery, Notice, State
from tests import people
from tests.maintenance.usage import samples
from tests.staff import address, signed_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]

PASSWORD = "a-long-secret-of-the-tests"
ACCESSIBLE = Path(__file__).with_name("accessible.js").read_text()
# with the numbers of a large bank
CUT_OFF = """() => [...document.querySelectorAll(".lull-table")].filter((table) => {
  for (const cell of table.querySelectorAll("td.lull-number")) cell.textContent = "1,234,567";
  const around = getComputedStyle(table.parentElement);
  const sides = parseFloat(around.paddingLeft) + parseFloat(around.paddingRight);
  return !table.closest(".lull-scroll") && table.offsetWidth + sides > table.parentElement.clientWidth + 1;
}).map((table) => table.innerText.slice(0, 60))"""
DRESSES = {
    "light": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light", "locale": "en-GB"},
    "dark phone": {"viewport": {"width": 390, "height": 800}, "color_scheme": "dark", "locale": "en-GB"},
    "right to left": {"viewport": {"width": 390, "height": 800}, "color_scheme": "light", "locale": "ar"},
}


@pytest.fixture
def bank() -> Service:
    """A service with traffic, and Cleo who uses it."""
    policies.policy_of()
    banking = people.service()
    today = timezone.now().replace(minute=0, second=0, microsecond=0)
    traffic.keep_samples(banking, samples(until=today, days=63))
    people.customer("cleo", uses=[banking], phone="+447700900001", email="cleo@example.com")
    return banking


@pytest.fixture
def faults(page: Page, live_server: LiveServer) -> Iterator[list[str]]:
    """What the browser complains of and what it asks of other machines: nothing, at the end of each test."""
    found = watch(page, live_server.url)
    yield found
    assert found == []


def watch(page: Page, home: str) -> list[str]:
    found: list[str] = []
    page.on(
        "console",
        lambda message: found.append(message.text) if message.type in ("error", "warning") else None,
    )
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on(
        "request",
        lambda asked: None if asked.url.startswith((home, "data:", "about:")) else found.append(asked.url),
    )
    page.on("response", lambda answer: found.append(answer.url) if answer.status >= 400 else None)
    return found


def staff(name: str) -> None:
    person = people.user(name)
    person.set_password(PASSWORD)
    person.save()


def sign_in(page: Page, live_server: LiveServer, name: str) -> None:
    """By the form, as a person does."""
    page.context.clear_cookies()
    page.goto(live_server.url + address("login") + f"?next={address('index')}")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def signed_in_already(view: BrowserContext, live_server: LiveServer, name: str) -> None:
    """For what is not about signing in."""
    session = signed_in(name).cookies[settings.SESSION_COOKIE_NAME].value
    view.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])


@pytest.mark.usefixtures("bank", "faults")
def test_from_a_quiet_slot_to_an_approved_window(page: Page, live_server: LiveServer) -> None:
    staff("ada")
    staff("ben")
    sign_in(page, live_server, "ada")
    page.get_by_role("link", name="Find a slot").first.click()
    page.get_by_label("Online banking").first.check()
    page.get_by_role("button", name="Find slots").click()

    page.get_by_role("link", name="Book", exact=False).first.click()
    page.get_by_label("Purpose").fill("New certificates")
    page.get_by_role("button", name="Book window").click()
    expect(page.get_by_text("It now waits for both approvals.")).to_be_visible()
    expect(page.get_by_text("You booked this time, so somebody else must approve it").first).to_be_visible()

    sign_in(page, live_server, "ben")
    waiting = page.get_by_label("Waiting for my approval")
    waiting.get_by_role("link", name="Online banking").click()
    expect(page.locator(".lull-bubble").first).to_contain_text("Online banking")
    mail = page.locator("iframe").first.content_frame
    expect(mail.get_by_text("Online banking").first).to_be_visible()
    page.get_by_label("Words in").select_option("ar")
    expect(page.locator(".lull-bubble").filter(has_text="تعمل البطاقات").first).to_be_visible()
    expect(mail.get_by_text("Online banking").first).to_be_hidden()
    page.get_by_role("button", name="Approve the change").click()
    page.get_by_role("button", name="Approve the customers' text").click()
    expect(page.locator("header .lull-badge").first).to_have_text("Approved")
    assert Window.objects.get().status == Window.Status.APPROVED


@pytest.mark.usefixtures("faults")
def test_a_printed_password_is_replaced_at_the_first_sign_in(page: Page, live_server: LiveServer) -> None:
    staff("ada")
    one_time.issue_one_time_password(people.user("ada"), now=timezone.now())
    sign_in(page, live_server, "ada")
    page.locator("[name=old_password]").fill(PASSWORD)
    page.locator("[name=new_password1]").fill("quite-another-secret-5")
    page.locator("[name=new_password2]").fill("quite-another-secret-5")
    page.get_by_role("button", name="Change password").click()
    page.goto(live_server.url + address("index"))
    expect(page.get_by_role("heading", name="Next windows")).to_be_visible()


@pytest.mark.usefixtures("faults")
def test_numbers_move_while_the_page_is_open(page: Page, live_server: LiveServer) -> None:
    window = people.window(status=Window.Status.APPROVED)
    people.queued(people.notice(window, status=Notice.Status.PREPARED), number=3)
    signed_in_already(page.context, live_server, "ada")
    page.goto(live_server.url + address("maintenance_window_change", window.pk))
    expect(page.get_by_text("Queued 3")).to_be_visible()
    Delivery.objects.update(state=State.DELIVERED)
    expect(page.get_by_text("Delivered 3")).to_be_visible()


@pytest.mark.usefixtures("faults")
def test_a_post_is_copied_and_confirmed(page: Page, live_server: LiveServer) -> None:
    post()
    signed_in_already(page.context, live_server, "ada")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(live_server.url + address("notifications_delivery_posts"))
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert "we are closed" in page.evaluate("navigator.clipboard.readText()")
    page.get_by_label("Link of the post").fill("https://social.example/1")
    page.get_by_role("button", name="It is posted").click()
    expect(page.get_by_text("Noted: it is posted.")).to_be_visible()


@pytest.mark.parametrize("dress", DRESSES)
@pytest.mark.usefixtures("bank")
def test_every_page_fits_and_can_be_read(browser: Browser, live_server: LiveServer, dress: str) -> None:
    pages = _pages(timezone.now())
    view = browser.new_context(**DRESSES[dress])  # type: ignore[arg-type]
    page = view.new_page()
    signed_in_already(view, live_server, "olga")
    found = watch(page, live_server.url)
    for path in pages:
        page.goto(live_server.url + path)
        found += [f"{path} {words}" for words in page.evaluate(ACCESSIBLE)]
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found.append(f"{path} is too wide")
        found += [f"{path} cuts off a table: {words}" for words in page.evaluate(CUT_OFF)]
    view.close()
    assert not found, "\n".join(found)


def sign_in_anywhere(page: Page, live_server: LiveServer, name: str) -> None:
    """Without words of any language."""
    page.goto(live_server.url + address("login") + f"?next={address('index')}")
    page.locator("[name=username]").fill(name)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[type=submit]").click()


def post() -> Delivery:
    notice = people.notice(people.window(), channels=["social"])
    return Delivery.objects.create(
        notice=notice,
        channel="social",
        target="by hand:facebook",
        language="en",
        text_id=notice.texts.get(language="en").pk,
        state=State.BY_HAND,
        provider="by hand",
        not_before=notice.due_at,
        expires_at=notice.true_until,
    )


def _series(now: datetime) -> Series:
    """One whose second time could not be booked."""
    start = (now + timedelta(days=20)).replace(minute=0, second=0, microsecond=0)
    end = start + timedelta(hours=1)
    again = timedelta(days=7)
    Freeze.objects.create(name="Audit", starts_at=start + again, ends_at=end + again)
    ada, services = people.user("ada"), [people.service("atm")]
    return series.book_series(Proposal(start, end, services, purpose="Keys"), "FREQ=WEEKLY", by=ada, now=now)


def _pages(now: datetime) -> list[str]:
    """The address of each page of ours, with something on it."""
    window = people.window(starts_at=now + timedelta(days=8), booker="ada", booked_at=now)
    notice = people.notice(window, due_at=now + timedelta(days=1))
    for state in (State.DELIVERED, State.FAILED, State.UNKNOWN, State.NO_ADDRESS, State.SUPPRESSED):
        people.queued(notice, state=state)
    people.queued(notice, number=2, state=State.UNKNOWN, intended_at=now)
    refused = {
        "code": "21408",
        "reason": "21408 Permission to send an SMS has not been enabled for the region",
    }
    people.queued(notice, number=2, state=State.FAILED, settled_at=now, **refused)
    [kept] = people.queued(notice, state=State.SENT, provider="outbox")
    people.queued(notice, state=State.SENT, provider="outbox", channel="email")
    started = people.window(people.service("cards"), starts_at=now - timedelta(hours=3))
    Window.objects.filter(pk=started.pk).update(status=Window.Status.STARTED, started_at=started.starts_at)
    repeated = _series(now)
    Freeze.objects.create(name="Year end", starts_at=now, ends_at=now + timedelta(days=9))
    rechecks.recheck_windows(now)  # the window lies in it
    post()
    at = (now + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    return [
        address("index"),
        address("maintenance_window_slots") + "?service=online-banking&minutes=120",
        address("maintenance_window_slots") + f"?service=online-banking&minutes=120&at={at}:00%2B00:00",
        address("maintenance_window_book"),
        address("maintenance_window_book") + f"?service=cards&starts_at={at}&minutes=60",
        address("maintenance_window_calendar"),
        address("maintenance_window_calendar") + f"?week={window.starts_at:%Y-%m-%d}&moving={window.pk}",
        address("maintenance_window_check", window.pk) + "?starts_at=",
        address("maintenance_window_changelist"),
        address("maintenance_series_changelist"),
        address("maintenance_series_change", repeated.pk),
        address("maintenance_series_end", repeated.pk),
        address("maintenance_series_book"),
        address("maintenance_series_book")
        + f"?service=cards&starts_at={at}&minutes=60&recurrence_every=week",
        address("maintenance_window_change", window.pk),
        address("maintenance_window_change", started.pk),
        address("maintenance_window_move", window.pk),
        address("maintenance_window_act", window.pk, "cancel"),
        address("maintenance_window_review", window.pk),
        address("notifications_delivery_outbox"),
        address("notifications_delivery_posts"),
        address("notifications_delivery_unknown"),
        address("notifications_delivery_failures"),
        address("notifications_delivery_changelist"),
        address("notifications_delivery_change", kept.pk),
        *(
            reverse(f"admin:{name}_changelist")
            for name in (
                *("maintenance_service", "maintenance_customer", "maintenance_change"),
                *("maintenance_auditentry", "maintenance_rulesetting"),
            )
        ),
        address("maintenance_service_change", window.services.get().pk),
        address("maintenance_noticepolicy_change", policies.policy_of().pk),
        address("maintenance_noticepolicy_rulebooks"),
    ]
