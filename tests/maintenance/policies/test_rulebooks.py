"""The ready-made policies against what was read, and what becomes of an audience's policy."""

from __future__ import annotations

from dataclasses import asdict
from datetime import time, timedelta
from typing import Any

import pytest

from maintenance import policies
from maintenance.models import NoticeKind, NoticePolicy
from maintenance.policies import rulebooks
from maintenance.policies.rulebooks import RULEBOOKS, Rulebook, Seen

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

# audience, unit, number, country, what else is counted
READ: dict[str, tuple[str, str, int, str, dict[str, Any]]] = {
    "SA-SAMA-66": ("customer", "working_days", 5, "SA", {}),
    "PK-SBP-CUSTOMER": ("customer", "days", 2, "", {}),
    "PK-SBP-REGULATOR": ("regulator", "days", 7, "", {}),
    "AU-CDR": ("partner", "days", 7, "", {"exempt": ("critical", "security")}),
    "BR-OF": (
        "partner",
        "days",
        7,
        "",
        {
            "not_before": time(1),
            "not_after": time(7),
            "longest": 3 * HOUR,
            "most_per_month": 1,
            "exempt": ("security",),
        },
    ),
    "IT-PAGOPA": ("partner", "hours", 72, "", {"downtime_per_year": 36 * HOUR}),
    "UK-OPENENERGY": ("partner", "working_days", 5, "", {"only_cancelling_inside": True}),
}
"""Written down anew from the published texts: a number that is not here is in none of them."""
NOTHING: dict[str, Any] = {
    "not_before": None,
    "not_after": None,
    "longest": None,
    "most_per_month": None,
    "downtime_per_year": None,
    "exempt": (),
    "only_cancelling_inside": False,
}


def _by_id(wanted: str) -> Rulebook:
    return next(one for one in RULEBOOKS if one.id == wanted)


@pytest.mark.parametrize("wanted", READ)
def test_every_number_is_the_one_that_was_read(wanted: str) -> None:
    found = _by_id(wanted)
    audience, unit, number, country, more = READ[wanted]
    lead = number * (HOUR if unit == "hours" else DAY)
    assert (found.audience, found.unit, found.country) == (audience, unit, country)
    assert (found.promised, found.least) == (lead, lead)
    assert {name: asdict(found)[name] for name in NOTHING} == NOTHING | more


def test_the_default_is_a_week_and_five_days_at_the_least() -> None:
    default = _by_id("LULL")
    assert (default.promised, default.least, default.seen) == (7 * DAY, 5 * DAY, Seen.OWN)


def test_nothing_else_is_shipped() -> None:
    assert {one.id for one in RULEBOOKS} == {"LULL", *READ}


def test_each_names_its_source_and_that_it_was_read() -> None:
    for one in RULEBOOKS[1:]:
        assert one.source, one.id
        assert one.source_date, one.id
        assert one.seen is Seen.READ, one.id


@pytest.mark.django_db
def test_each_fits_into_the_table() -> None:
    for one in RULEBOOKS:
        policy, _ = rulebooks.take_over(one)
        policy.full_clean()
        policy.refresh_from_db()
        assert one.matches(policy), one.id


@pytest.mark.django_db
def test_the_customers_policy_from_the_first_migration_is_the_default() -> None:
    assert _by_id("LULL").matches(policies.policy_of())


@pytest.mark.django_db
def test_an_audience_keeps_what_is_sent_by_which_channels() -> None:
    before = {rule.pk: rule.channels for rule in policies.policy_of().rules.all()}
    policy, made = rulebooks.take_over(_by_id("SA-SAMA-66"))
    assert not made
    assert {rule.pk: rule.channels for rule in policy.rules.all()} == before


@pytest.mark.django_db
def test_its_announcement_goes_out_as_is_promised_now() -> None:
    policy, _ = rulebooks.take_over(_by_id("SA-SAMA-66"))
    assert policy.rules.get(kind=NoticeKind.ANNOUNCED).lead == 5 * DAY


@pytest.mark.django_db
def test_a_new_audience_gets_lines_by_email() -> None:
    policy, made = rulebooks.take_over(_by_id("IT-PAGOPA"))
    assert made
    assert {rule.kind: (rule.lead, rule.channels) for rule in policy.rules.all()} == {
        NoticeKind.ANNOUNCED: (72 * HOUR, ["email"]),
        NoticeKind.RESCHEDULED: (timedelta(0), ["email"]),
        NoticeKind.FINISHED: (timedelta(0), ["email"]),
        NoticeKind.CANCELLED: (timedelta(0), ["email"]),
    }


@pytest.mark.django_db
def test_nothing_of_the_rule_book_before_is_left() -> None:
    rulebooks.take_over(_by_id("BR-OF"))
    NoticePolicy.objects.filter(audience="partner").update(
        counts_notice_day=True, content=["link"], downtime_per_month=HOUR
    )
    policy, made = rulebooks.take_over(_by_id("IT-PAGOPA"))
    assert not made
    assert _by_id("IT-PAGOPA").matches(policy)
    assert not _by_id("BR-OF").matches(policy)


@pytest.mark.django_db
def test_taken_over_twice_it_is_the_same() -> None:
    rulebooks.take_over(_by_id("AU-CDR"))
    policy, _ = rulebooks.take_over(_by_id("AU-CDR"))
    assert policy.rules.count() == 4
    assert NoticePolicy.objects.filter(audience="partner").count() == 1
