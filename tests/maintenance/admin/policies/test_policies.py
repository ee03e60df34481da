"""Notice policies in the admin: typed in any unit, refused in words, and taken over from rule-books."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.http import HttpResponse

from maintenance import policies
from maintenance.models import NoticeKind, NoticePolicy
from tests.staff import address, reader, signed_in, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]

READY_MADE = "maintenance_noticepolicy_rulebooks"


def _given(**changed: object) -> dict[str, object]:
    return {
        "name": "Partners",
        "audience": "partner",
        "unit": "days",
        "promised": "10",
        "least": "6",
        "rules-TOTAL_FORMS": "0",
        "rules-INITIAL_FORMS": "0",
        **changed,
    }


def _add(**changed: object) -> HttpResponse:
    """Olga types a policy for partners."""
    return signed_in("olga").post(address("maintenance_noticepolicy_add"), _given(**changed))  # type: ignore[return-value]


def _added(**changed: object) -> NoticePolicy:
    response = _add(**changed)
    assert response.status_code == 302, response.content.decode()
    return NoticePolicy.objects.get(audience="partner")


def _refusal(**changed: object) -> str:
    response = _add(**changed)
    assert not NoticePolicy.objects.filter(audience="partner").exists()
    return response.content.decode()


def _take_over(rulebook: str, name: str = "olga") -> HttpResponse:
    return signed_in(name).post(address(READY_MADE), {"rulebook": rulebook})  # type: ignore[return-value]


# --- typed ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "promised", "least"),
    [
        ("days", timedelta(days=10), timedelta(days=6)),
        ("working_days", timedelta(days=10), timedelta(days=6)),
        ("hours", timedelta(hours=10), timedelta(hours=6)),
    ],
)
def test_both_numbers_are_in_the_unit_that_is_chosen(
    unit: str, promised: timedelta, least: timedelta
) -> None:
    policy = _added(unit=unit)
    assert (policy.unit, policy.promised, policy.least) == (unit, promised, least)


@pytest.mark.parametrize(("unit", "number"), [("days", 3), ("working_days", 3), ("hours", 72)])
def test_the_page_shows_the_numbers_as_they_were_typed(unit: str, number: int) -> None:
    policy = _added(unit=unit, promised=number, least=number)
    page = words(signed_in("olga"), address("maintenance_noticepolicy_change", policy.pk))
    assert page.count(f'value="{number}"') >= 2


def test_every_limit_is_kept() -> None:
    policy = _added(
        not_before="22:00",
        not_after="06:00",
        longest="2.5",
        most_per_month="2",
        downtime_per_month="4",
        downtime_per_year="36",
        exempt=["security"],
        only_cancelling_inside="on",
        content=["link"],
        country="gb-eng",
    )
    assert (policy.not_before, policy.not_after, policy.longest) == (time(22), time(6), timedelta(hours=2.5))
    assert (policy.most_per_month, policy.downtime_per_month) == (2, timedelta(hours=4))
    assert policy.downtime_per_year == timedelta(hours=36)
    assert (policy.exempt, policy.only_cancelling_inside) == (["security"], True)
    assert (policy.content, policy.country) == (["link"], "GB-ENG")


def test_what_is_left_empty_is_no_limit() -> None:
    policy = _added()
    assert (policy.not_before, policy.longest, policy.most_per_month, policy.exempt) == (None, None, None, [])


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"promised": "5"}, "The promise cannot be shorter than the least notice."),
        ({"promised": "0", "least": "0"}, "greater than or equal to 1"),
        ({"least": "-1"}, "greater than or equal to 0"),
        ({"promised": "367"}, "Write a number up to 366."),
        ({"unit": "years"}, "Select a valid choice"),
        ({"not_before": "01:00"}, "Give both times, or neither."),
        ({"not_after": "07:00"}, "Give both times, or neither."),
        ({"not_before": "01:00", "not_after": "01:00"}, "It must be over at another time than it may start."),
        ({"not_before": "soon", "not_after": "07:00"}, "Write the time like 01:00."),
        ({"longest": "0"}, "greater than or equal to 0.25"),
        ({"most_per_month": "0"}, "greater than or equal to 1"),
        ({"downtime_per_month": "-3"}, "greater than or equal to 0.25"),
        ({"downtime_per_year": "9000"}, "less than or equal to"),
        ({"country": "ENGLAND"}, "at most 6 characters"),
        ({"country": "XX"}, "No holidays of it are known"),
        ({"exempt": ["holidays"]}, "Select a valid choice"),
        ({"content": ["weather"]}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_refused_in_words(typed: dict[str, object], said: str) -> None:
    assert said in _refusal(**typed)


@pytest.mark.parametrize(
    ("typed", "lead"),
    [
        ("10", timedelta(days=10)),
        ("10 days", timedelta(days=10)),
        ("1 day", timedelta(days=1)),
        ("36 hours", timedelta(hours=36)),
        ("2h", timedelta(hours=2)),
        ("0", timedelta(0)),
    ],
)
def test_a_rule_is_typed_in_days_or_hours(typed: str, lead: timedelta) -> None:
    rule = {
        "rules-TOTAL_FORMS": "1",
        "rules-0-kind": "reminder",
        "rules-0-lead": typed,
        "rules-0-channels": ["email"],
    }
    kept = _added(**rule).rules.get()
    assert (kept.lead, kept.channels) == (lead, ["email"])


@pytest.mark.parametrize(
    ("typed", "said"), [("soon", "Write 7 days, or 36 hours"), ("400", "no more than a year")]
)
def test_a_lead_that_means_nothing_is_refused(typed: str, said: str) -> None:
    rule = {"rules-TOTAL_FORMS": "1", "rules-0-kind": "reminder", "rules-0-lead": typed}
    assert said in _refusal(**rule)


def test_the_announcement_follows_the_promise() -> None:
    policy = policies.policy_of()
    given = _given(name=policy.name, audience="customer", unit="working_days", promised="8", least="5")
    response = signed_in("olga").post(
        address("maintenance_noticepolicy_change", policy.pk), given, follow=True
    )
    assert policy.rules.get(kind=NoticeKind.ANNOUNCED).lead == timedelta(days=8)
    assert "The announcement now goes out 8 working days ahead" in response.content.decode()


def test_an_announcement_with_a_lead_of_its_own_keeps_it() -> None:
    policy = policies.policy_of()
    policy.rules.filter(kind=NoticeKind.ANNOUNCED).update(lead=timedelta(days=14))
    given = _given(name=policy.name, audience="customer", promised="8")
    signed_in("olga").post(address("maintenance_noticepolicy_change", policy.pk), given)
    assert policy.rules.get(kind=NoticeKind.ANNOUNCED).lead == timedelta(days=14)


def test_a_policy_stays_that_of_its_audience() -> None:
    policy = policies.policy_of()
    given = _given(name=policy.name, audience="partner")
    signed_in("olga").post(address("maintenance_noticepolicy_change", policy.pk), given)
    policy.refresh_from_db()
    assert policy.audience == "customer"


def test_the_policy_of_customers_is_not_deleted() -> None:
    page = address("maintenance_noticepolicy_delete", policies.policy_of().pk)
    assert signed_in("olga").post(page, {"post": "yes"}).status_code == 403


def test_the_policy_of_others_is() -> None:
    page = address("maintenance_noticepolicy_delete", _added().pk)
    assert signed_in("olga").post(page, {"post": "yes"}).status_code == 302
    assert not NoticePolicy.objects.filter(audience="partner").exists()


# --- read -----------------------------------------------------------------------------------------


def test_readers_read_a_policy_in_words() -> None:
    page = words(reader(), address("maintenance_noticepolicy_change", policies.policy_of().pk))
    assert "At least 5 days of notice; 7 days are promised." in page
    assert "7 days ahead" in page
    assert "sms, email, inapp, social" in page


def test_an_announcement_is_read_as_it_is_counted() -> None:
    NoticePolicy.objects.update(unit="working_days")
    page = words(reader(), address("maintenance_noticepolicy_change", policies.policy_of().pk))
    assert "7 working days ahead" in page


def test_the_list_says_what_each_audience_is_promised() -> None:
    _added(unit="hours", promised="72", least="48")
    page = words(reader(), address("maintenance_noticepolicy_changelist"))
    assert "72 hours" in page
    assert "48 hours" in page


# --- taken over -----------------------------------------------------------------------------------


def test_the_page_says_what_each_rule_book_demands() -> None:
    page = words(reader(), address(READY_MADE))
    assert "Working days are those of SA." in page
    assert "Only between 01:00 and 07:00 by the bank's clock." in page
    assert "At most 36 h of planned downtime of a service in a calendar year." in page
    assert "PSD Circular 1 of 2023" in page
    assert page.count("read in the published text") == 7


def test_the_page_says_whom_lull_does_not_write_to() -> None:
    page = words(reader(), address(READY_MADE))
    assert page.count("writes to customers only: tell partners yourself.") == 4
    assert page.count("writes to customers only: tell the regulator yourself.") == 1


def test_approvers_may_take_one_over_and_who_books_may_not() -> None:
    assert "Approvers take one over" in words(signed_in("ada"), address(READY_MADE))
    assert "Approvers take one over" not in words(signed_in("ben"), address(READY_MADE))
    assert signed_in("ben").get(address("maintenance_noticepolicy_add")).status_code == 200
    assert signed_in("ada").get(address("maintenance_noticepolicy_add")).status_code == 403


def test_what_is_in_force_is_not_offered_again() -> None:
    page = words(signed_in("olga"), address(READY_MADE))
    assert page.count("In force") == 1
    assert 'value="LULL"' not in page
    assert 'value="SA-SAMA-66"' in page


def test_who_may_not_change_policies_is_offered_none() -> None:
    assert 'name="rulebook"' not in words(signed_in("ada"), address(READY_MADE))
    assert _take_over("SA-SAMA-66", "ada").status_code == 403


def test_a_rule_book_is_taken_over_and_who_did_it_is_logged() -> None:
    response = _take_over("SA-SAMA-66")
    policy = policies.policy_of()
    assert response.headers["Location"] == address("maintenance_noticepolicy_change", policy.pk)
    assert (policy.rulebook, policy.unit, policy.country) == ("SA-SAMA-66", "working_days", "SA")
    logged = LogEntry.objects.get()
    assert logged.user.get_username() == "olga"
    assert "SA-SAMA-66" in logged.change_message


def test_one_for_a_new_audience_is_logged_too() -> None:
    _take_over("PK-SBP-REGULATOR")
    assert LogEntry.objects.get().is_addition()


def test_what_is_no_rule_book_is_said_to_be_none() -> None:
    response = signed_in("olga").post(address(READY_MADE), {"rulebook": "ATLANTIS"}, follow=True)
    assert "There is no such ready-made policy" in response.content.decode()


def test_the_policy_says_where_it_was_taken_from_and_that_it_was_changed() -> None:
    _take_over("BR-OF")
    page = address("maintenance_noticepolicy_change", policies.policy_of("partner").pk)
    assert "BR-OF, Brazil: Open Finance (read in the published text)" in words(reader(), page)
    NoticePolicy.objects.filter(audience="partner").update(longest=timedelta(hours=2))
    assert "BR-OF, Brazil: Open Finance (read in the published text); changed since" in words(reader(), page)
