"""What a policy demands, in sentences."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pytest_django import Settings

from maintenance import policies
from maintenance.models import Customer, NoticePolicy

Unit = NoticePolicy.Unit
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def _policy(**terms: Any) -> NoticePolicy:
    return NoticePolicy(**{"audience": Customer.Kind.PARTNER, "promised": 7 * DAY, "least": 5 * DAY} | terms)


@pytest.mark.parametrize(
    ("lead", "unit", "words"),
    [
        (7 * DAY, Unit.CALENDAR_DAYS, "7 days"),
        (DAY, Unit.CALENDAR_DAYS, "1 day"),
        (36 * HOUR, Unit.CALENDAR_DAYS, "36 hours"),
        (72 * HOUR, Unit.HOURS, "72 hours"),
        (HOUR, Unit.HOURS, "1 hour"),
        (5 * DAY, Unit.WORKING_DAYS, "5 working days"),
        (DAY, Unit.WORKING_DAYS, "1 working day"),
    ],
)
def test_a_length_is_said_in_its_unit(lead: timedelta, unit: Unit, words: str) -> None:
    assert policies.lead_words(lead, unit) == words


def test_everything_that_is_demanded_is_said() -> None:
    policy = _policy(
        unit=Unit.WORKING_DAYS,
        country="SA",
        not_before=time(22),
        not_after=time(6),
        longest=3 * HOUR,
        most_per_month=1,
        downtime_per_month=4 * HOUR,
        downtime_per_year=36 * HOUR,
        exempt=["security", "critical"],
        only_cancelling_inside=True,
        content=["services", "link"],
    )
    assert policies.demands(policy) == [
        "At least 5 working days of notice; 7 working days are promised.",
        "Working days are those of SA.",
        "The day of notice does not count.",
        "Only between 22:00 and 06:00 of the next day by the bank's clock.",
        "No window is longer than 3 h.",
        "At most 1 window of a service in a calendar month.",
        "At most 4 h of planned downtime of a service in a calendar month.",
        "At most 36 h of planned downtime of a service in a calendar year.",
        "When less than the least notice is left, a window may be cancelled, but not moved.",
        "A security fix or a critical fix is free from all this.",
        "Its notices must name: every service by its name, where to read more.",
    ]


def test_what_is_not_demanded_is_not_said() -> None:
    policy = _policy(least=7 * DAY, counts_notice_day=True)
    assert policies.demands(policy) == ["At least 7 days of notice.", "The day of notice is one of them."]


def test_of_hours_no_day_is_spoken_of() -> None:
    assert policies.demands(_policy(unit=Unit.HOURS, promised=72 * HOUR, least=72 * HOUR)) == [
        "At least 72 hours of notice."
    ]


def test_where_nothing_is_refused_that_is_said() -> None:
    said = policies.demands(_policy(least=timedelta(0)))
    assert said[0] == "7 days of notice are promised; less is allowed."


def test_working_days_without_a_country_are_the_bank_s(settings: Settings) -> None:
    settings.COUNTRY = "BR"
    said = policies.demands(_policy(unit=Unit.WORKING_DAYS))
    assert "Working days are those of BR." in said


def test_a_source_is_named_and_lull_s_own_is_none() -> None:
    named = _policy(source="Charter 4")
    assert policies.at_least(named) == "Partners are promised at least 5 days of notice (Charter 4)"
    assert policies.policy_name(named) == "The notice policy of partners (Charter 4)"
    assert policies.policy_name(_policy(source=policies.OWN)) == "The notice policy of partners"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "never",
    [
        {"promised": timedelta(0), "least": timedelta(0)},
        {"least": -DAY},
        {"promised": 4 * DAY},
        {"not_before": time(1)},
        {"not_after": time(1)},
        {"not_before": time(1), "not_after": time(1)},
        {"longest": timedelta(0)},
        {"most_per_month": 0},
        {"downtime_per_month": timedelta(0)},
        {"downtime_per_year": -HOUR},
    ],
)
def test_the_database_keeps_no_policy_that_means_nothing(never: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        _policy(name="Partners", **never).save()
