"""The pages of days and times in a real browser: in every dress, and with no more asked than is needed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect
from pytest_django.live_server_helper import LiveServer

from maintenance import policies
from maintenance.models import (
    CriticalDay,
    Cutoff,
    Freeze,
    Holiday,
    RuleSetting,
    StandingWindow,
    SupportCover,
)
from tests import people
from tests.browser.test_admin_pages import (
    ACCESSIBLE,
    CUT_OFF,
    DRESSES,
    signed_in_already,
    watch,
)
from tests.maintenance.imports.ics.calendars import GOOGLE, block, calendar, written
from tests.staff import address

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MODELS = ("freeze", "criticalday", "holiday", "cutoff", "supportcover", "standingwindow")


@pytest.mark.parametrize("dress", DRESSES)
def test_every_page_fits_and_can_be_read(browser: Browser, live_server: LiveServer, dress: str) -> None:
    pages = _pages()
    view = browser.new_context(**DRESSES[dress])  # type: ignore[arg-type]
    page = view.new_page()
    signed_in_already(view, live_server, "olga")
    found = watch(page, live_server.url)
    for path in pages:
        page.goto(live_server.url + path)
        found += _faults(page, path)
    page.goto(live_server.url + address("maintenance_freeze_import"))
    page.locator("[name=file]").set_input_files(_file(_calendar()))
    page.locator(".lull-form .lull-button-first").click()
    expect(page.locator(".lull-note-error")).to_be_visible()
    found += _faults(page, "what an import would do")
    view.close()
    assert not found, "\n".join(found)


def test_a_critical_day_asks_for_what_its_pattern_needs(page: Page, live_server: LiveServer) -> None:
    signed_in_already(page.context, live_server, "ada")
    page.goto(live_server.url + address("maintenance_criticalday_add"))
    number, day = page.locator(".field-number"), page.locator(".field-day")
    repeats, own = page.locator(".field-recurrence"), page.locator(".lull-repeat-own")
    shown = {}
    for pattern in ("last_working_days", "yearly", "recurrence"):
        page.locator("#id_pattern").select_option(pattern)
        shown[pattern] = [each.is_visible() for each in (number, day, repeats)]
    assert shown == {
        "last_working_days": [True, False, False],
        "yearly": [False, True, False],
        "recurrence": [False, True, True],
    }
    expect(own).to_be_hidden()
    page.get_by_label("How often").select_option("own")
    expect(own).to_be_visible()


def test_a_calendar_is_imported_without_a_script(browser: Browser, live_server: LiveServer) -> None:
    policies.policy_of()
    view = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = view.new_page()
    signed_in_already(view, live_server, "ada")
    page.goto(live_server.url + address("maintenance_freeze_import"))
    page.get_by_label("Calendar file").set_input_files(_file(written(GOOGLE)))
    page.get_by_role("button", name="Show what it would do").click()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page).to_have_url(live_server.url + address("maintenance_freeze_changelist"))
    assert Freeze.objects.filter(name="Year end").exists()
    view.close()


def _faults(page: Page, path: str) -> list[str]:
    found = [f"{path} {words}" for words in page.evaluate(ACCESSIBLE)]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append(f"{path} is too wide")
    return found + [f"{path} cuts off a table: {words}" for words in page.evaluate(CUT_OFF)]


def _file(content: bytes) -> FilePayload:
    return {"name": "freezes.ics", "mimeType": "text/calendar", "buffer": content}


def _calendar() -> bytes:
    good = block("DTSTART:20991010T020000", "DURATION:PT2H", "RRULE:FREQ=WEEKLY;COUNT=3;INTERVAL=3")
    return calendar(good, block("DTSTART:20991010T020000", uid="no-end"))


def _pages() -> list[str]:
    """The address of each list, form and page, with something long on it."""
    service = people.service()
    start = datetime(2030, 12, 15, tzinfo=UTC)
    times = {
        "starts_at": start,
        "ends_at": start + timedelta(hours=3),
        "recurrence": "FREQ=MONTHLY;BYDAY=3SU",
    }
    for model in (Freeze, StandingWindow, SupportCover):
        model.objects.create(name="The busiest days of the year, in all shops", **times).services.add(service)
    own = {**times, "recurrence": "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;INTERVAL=3;COUNT=12"}
    Cutoff.objects.create(service=service, kind="clearing", name="Clearing of the central bank", **own)
    CriticalDay.objects.create(name="Payday", pattern="last_working_days", number=2, earlier=True)
    Holiday.objects.create(country="GB-ENG", day=date(2030, 12, 24), name="Christmas Eve")
    RuleSetting.objects.create(rule="freeze", weight="soft")
    lists = [address(f"maintenance_{model}_changelist") for model in MODELS]
    forms = [address(f"maintenance_{model}_add") for model in MODELS]
    rows = [
        address(f"maintenance_{model._meta.model_name}_change", model.objects.get().pk)
        for model in (Freeze, CriticalDay, Holiday, Cutoff, SupportCover, StandingWindow)
    ]
    return [*lists, *forms, *rows, address("maintenance_rulesetting_changelist")]
