"""What the database itself refuses of days and times."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from maintenance.models import CriticalDay, RuleSetting
from tests import people

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("pattern", ["working_day", "last_working_days", "day_of_month", "last_days"])
@pytest.mark.parametrize("number", [None, 0, 32])
def test_a_counted_critical_day_has_its_number(pattern: str, number: int | None) -> None:
    assert not _stored(pattern=pattern, number=number)
    assert _stored(pattern=pattern, number=1)


@pytest.mark.parametrize("pattern", ["yearly", "date"])
def test_a_dated_critical_day_has_its_date(pattern: str) -> None:
    assert not _stored(pattern=pattern)
    assert _stored(pattern=pattern, day=date(2026, 4, 15))


def test_a_repeating_critical_day_has_its_rule_and_its_first_day() -> None:
    assert not _stored(pattern="recurrence", day=date(2026, 4, 15))
    assert not _stored(pattern="recurrence", recurrence="FREQ=YEARLY")
    assert _stored(pattern="recurrence", recurrence="FREQ=YEARLY", day=date(2026, 4, 15))


@pytest.mark.parametrize("hours", [0, -1])
def test_a_longest_window_has_a_length(hours: int) -> None:
    service = people.service()
    service.longest_window = timedelta(hours=hours)
    with pytest.raises(IntegrityError), transaction.atomic():
        service.save()


def _stored(**values: Any) -> bool:
    try:
        with transaction.atomic():
            CriticalDay.objects.create(name="Payday", **values)
    except IntegrityError:
        return False
    return True


def test_a_rule_weighs_what_is_known() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        RuleSetting.objects.create(rule="freeze", weight="much")
