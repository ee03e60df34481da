"""The pages that book and move a window: what stands against a time, and how it is passed over."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client

from maintenance.booking import rechecks
from maintenance.models import Conflict, CriticalDay, RuleSetting, SupportCover, Window
from tests import people
from tests.maintenance.rules.asking import freeze
from tests.staff import address, signed_in, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]

BOOK = "maintenance_window_book"
MOVE = "maintenance_window_move"
PAGE = "maintenance_window_change"
DAYS = timedelta(days=13)
HOURS = timedelta(hours=2)


def _seen(client: Client, at: datetime) -> str:
    service = people.service()
    return words(client, f"{address(BOOK)}?service={service.key}&starts_at={at:%Y-%m-%dT%H:%M}&minutes=120")


def _given(at: datetime, **more: object) -> dict[str, object]:
    return {
        "service": [people.service().key],
        "starts_at": at.isoformat(),
        "ends_at": (at + HOURS).isoformat(),
        "purpose": "New certificates",
        "level-online-banking": "outage",
        "exemption": "",
        **more,
    }


def _frozen(at: datetime, weight: str) -> None:
    freeze(starts_at=at, ends_at=at + HOURS)
    RuleSetting.objects.create(rule="freeze", weight=weight)


def test_what_is_hard_is_named_so_and_asks_for_an_emergency(now: datetime) -> None:
    _frozen(now + DAYS, "hard")
    page = _seen(signed_in("ada"), now + DAYS)
    assert ">Hard</span> The freeze “Election” holds" in page
    assert "It cannot wait?" in page
    assert 'name="reason-freeze"' not in page


def test_what_is_soft_is_named_so_and_asks_for_a_reason(now: datetime) -> None:
    _frozen(now + DAYS, "soft")
    page = _seen(signed_in("ada"), now + DAYS)
    assert ">Soft</span> The freeze “Election” holds" in page
    assert 'name="reason-freeze"' in page
    assert "Freeze: why it is passed over" in page
    assert "It cannot wait?" not in page


def test_hours_without_support_ask_who_answers_customers(now: datetime) -> None:
    SupportCover.objects.create(name="Hotline", starts_at=now, ends_at=now + HOURS)
    assert "Support cover: who answers customers meanwhile" in _seen(signed_in("ada"), now + DAYS)


def test_there_is_one_field_for_all_that_one_rule_found(now: datetime) -> None:
    _frozen(now + DAYS, "soft")
    freeze(people.service(), starts_at=now + DAYS, ends_at=now + DAYS + HOURS)
    page = _seen(signed_in("ada"), now + DAYS)
    assert page.count(">Soft</span>") == 2
    assert page.count('name="reason-freeze"') == 1


def test_the_past_offers_no_way_to_book_it(now: datetime) -> None:
    page = _seen(signed_in("ada"), now - DAYS)
    assert "This time cannot be booked." in page
    assert "Book window" not in page


def test_what_is_soft_is_booked_with_its_reason(now: datetime) -> None:
    _frozen(now + DAYS, "soft")
    signed_in("ada").post(address(BOOK), _given(now + DAYS, **{"reason-freeze": "The office agreed"}))
    assert Window.objects.get().overrides.get().reason == "The office agreed"


def test_a_reason_that_is_missing_is_asked_for_where_it_is_missing(now: datetime) -> None:
    _frozen(now + DAYS, "soft")
    answer = signed_in("ada").post(address(BOOK), _given(now + DAYS, **{"reason-freeze": " "}))
    assert "Write it down, or choose another time." in answer.content.decode()
    assert not Window.objects.exists()


def test_what_was_typed_stays_when_something_else_is_missing(now: datetime) -> None:
    _frozen(now + DAYS, "soft")
    given = _given(now + DAYS, purpose="", **{"reason-freeze": "The office agreed"})
    assert 'value="The office agreed"' in signed_in("ada").post(address(BOOK), given).content.decode()


def test_what_is_hard_is_booked_as_an_emergency(now: datetime) -> None:
    _frozen(now + DAYS, "hard")
    emergency = {"emergency_reason": "It expires", "emergency_approver": str(people.user("ben").pk)}
    signed_in("ada").post(address(BOOK), _given(now + DAYS, **emergency))
    window = Window.objects.get()
    assert (window.emergency_approver, window.overrides.get().hard) == (people.user("ben"), True)


def test_an_answer_stays_while_what_is_hard_still_lacks_one(now: datetime) -> None:
    _frozen(now + DAYS, "soft")
    people.window(people.service(), starts_at=now + DAYS)
    given = {**_given(now + DAYS), "reason-freeze": "The office agreed", "emergency_reason": ""}
    page = signed_in("ada").post(address(BOOK), given).content.decode()
    assert 'value="The office agreed"' in page
    assert "Say why it cannot wait" in page


def test_who_does_the_work_and_what_it_is_exempt_as_is_kept(now: datetime) -> None:
    ada = signed_in("ada")
    given = _given(now + DAYS, staff=[str(people.user("ada").pk)], exemption="security")
    ada.post(address(BOOK), given)
    window = Window.objects.get()
    assert (list(window.staff.all()), window.exemption) == ([people.user("ada")], "security")
    page = words(ada, address(PAGE, window.pk))
    assert "<dt>Staff</dt><dd>Ada" in page
    assert "Security fix" in page


def test_only_who_may_book_is_offered_as_staff(now: datetime) -> None:
    people.user("ben")
    page = _seen(signed_in("ada"), now + DAYS)
    staff = page[page.index("Who does the work") :].split("</fieldset>")[0]
    assert "Ada" in staff
    assert "Ben" not in staff


def test_staff_who_are_elsewhere_are_objected_to_when_it_is_sent(now: datetime) -> None:
    ada = signed_in("ada")
    other = people.window(people.service("cards"), starts_at=now + DAYS)
    other.staff.add(people.user("ada"))
    answer = ada.post(address(BOOK), _given(now + DAYS, staff=[str(people.user("ada").pk)]))
    page = answer.content.decode()
    assert f"Ada is already on window {other.pk}" in page
    assert 'name="reason-staff"' in page


def test_the_customers_it_hits_are_kept_with_it(now: datetime) -> None:
    people.customer("cleo", uses=[people.service()])
    people.customer("dan", uses=[people.service()], vulnerable=True)
    people.customer("eve", uses=[people.service("cards")])
    ada = signed_in("ada")
    ada.post(address(BOOK), _given(now + DAYS))
    window = Window.objects.get()
    assert (window.expected_customers, window.expected_vulnerable) == (2, 1)
    assert "2 use its services, 1 of them vulnerable" in words(ada, address(PAGE, window.pk))


def test_what_was_passed_over_is_read_on_the_windows_page_and_in_its_trail(now: datetime) -> None:
    _frozen(now + DAYS, "soft")
    ada = signed_in("ada")
    ada.post(address(BOOK), _given(now + DAYS, **{"reason-freeze": "The office agreed"}))
    page = words(ada, address(PAGE, Window.objects.get().pk))
    assert "<h2>Passed over when this time was booked</h2>" in page
    log = page[page.index("<h2>Audit log</h2>") :]
    assert "Passed over (soft): <ins>The freeze “Election” holds" in log
    assert "“The office agreed”" in log


def test_a_booking_flags_what_it_gets_in_the_way_of(now: datetime) -> None:
    other = people.window(people.service(), starts_at=now + DAYS)
    emergency = {"emergency_reason": "It expires", "emergency_approver": str(people.user("ben").pk)}
    signed_in("ada").post(address(BOOK), _given(now + DAYS, **emergency))
    assert Conflict.objects.get().window == other


# --- moving ---


def _chosen(window: Window, at: datetime) -> str:
    times = f"starts_at={at.isoformat()}&ends_at={(at + HOURS).isoformat()}".replace("+", "%2B")
    return f"{address(MOVE, window.pk)}?{times}"


def test_a_chosen_time_is_checked_at_once(now: datetime) -> None:
    window = people.window()
    _frozen(now + DAYS, "soft")
    page = words(signed_in("ada"), _chosen(window, now + DAYS))
    assert ">Soft</span> The freeze “Election” holds" in page
    assert 'name="reason-freeze"' in page


def test_a_window_is_moved_over_what_is_soft_with_a_reason(now: datetime) -> None:
    window = people.window()
    _frozen(now + DAYS, "soft")
    given = {**_given(now + DAYS), "reason": "Parts are late", "reason-freeze": "The office agreed"}
    signed_in("ada").post(address(MOVE, window.pk), given)
    assert Window.objects.get().overrides.get().revision == 2


def test_staff_and_exemption_are_shown_as_they_are_and_may_change(now: datetime) -> None:
    window = people.window()
    window.staff.add(people.user("ada"))
    Window.objects.update(exemption="security")
    ada = signed_in("ada")
    assert 'value="security" selected' in words(ada, address(MOVE, window.pk))
    ada.post(address(MOVE, window.pk), {**_given(now + DAYS), "reason": "Parts are late"})
    assert (list(window.staff.all()), Window.objects.get().exemption) == ([], "")


def test_a_shorter_form_leaves_staff_and_exemption_as_they_are(now: datetime) -> None:
    window = people.window()
    window.staff.add(people.user("ada"))
    Window.objects.update(exemption="security")
    given = {**_given(now + DAYS), "reason": "Parts are late"}
    del given["exemption"]
    signed_in("ada").post(address(MOVE, window.pk), given)
    assert (list(window.staff.all()), Window.objects.get().exemption) == ([people.user("ada")], "security")


def test_a_window_in_conflict_is_put_forward_again_with_a_reason(now: datetime) -> None:
    window = people.window(starts_at=now + DAYS)
    CriticalDay.objects.create(name="Payday", pattern="date", day=(now + DAYS).date())
    RuleSetting.objects.create(rule="critical", weight="soft")
    rechecks.recheck_windows(now)
    ada = signed_in("ada")
    page = words(ada, _chosen(window, now + DAYS))
    assert "Put forward again" in page
    assert "Why it keeps its time" in page
    given = {**_given(now + DAYS), "reason": "It cannot be moved", "reason-critical": "Payday agreed"}
    ada.post(address(MOVE, window.pk), given)
    assert Window.objects.get().revision == 2
    assert not rechecks.open_conflicts().exists()


def test_reasons_that_were_given_for_the_present_time_are_written_already(now: datetime) -> None:
    _frozen(now + DAYS, "soft")
    ada = signed_in("ada")
    ada.post(address(BOOK), _given(now + DAYS, **{"reason-freeze": "The office agreed"}))
    window = Window.objects.get()
    freeze(starts_at=now, ends_at=now + DAYS + DAYS)
    assert 'value="The office agreed"' in words(ada, _chosen(window, now + DAYS + HOURS))
