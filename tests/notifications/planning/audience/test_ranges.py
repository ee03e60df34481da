"""Of very many people some are looked at, and figures say so."""

from __future__ import annotations

from datetime import datetime

import pytest

from maintenance.models import Customer, Use
from notifications.models import Notice, State
from notifications.planning.audience import ranges, rows
from tests import people

pytestmark = pytest.mark.django_db


def _crowd(size: int) -> Notice:
    """Every fourth of them reads Arabic; nobody has an address."""
    bank = people.service()
    crowd = Customer.objects.bulk_create(
        Customer(external_id=f"c{n}", language="en" if n % 4 else "ar", time_zone="Europe/London")
        for n in range(size)
    )
    Use.objects.bulk_create(Use(customer=one, service=bank) for one in crowd)
    return people.notice(people.window(bank), channels=["sms"])


def test_of_few_everybody_is_counted(now: datetime) -> None:
    notice = _crowd(100)

    assert rows.audience_counts(notice, now=now) == [
        rows.AudienceCount("sms", "ar", State.NO_ADDRESS, 25),
        rows.AudienceCount("sms", "en", State.NO_ADDRESS, 75),
    ]


def test_of_many_a_part_stands_for_all_and_the_figures_say_so(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "_ENOUGH", 100)
    monkeypatch.setattr(ranges, "_PLACES", 8)
    notice = _crowd(1_000)
    found = rows.audience_counts(notice, now=now)

    assert {count.about for count in found} == {True}
    assert {count.language for count in found} == {"ar", "en"}
    assert sum(count.people for count in found) == rows.audience_size(notice)
    assert abs(rows.audience_size(notice) - 1_000) <= 100


def test_few_people_among_many_customers_are_all_counted(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "_ENOUGH", 100)
    notice = _crowd(1_000)
    Use.objects.exclude(customer__external_id__endswith="00").delete()

    assert rows.audience_counts(notice, now=now) == [rows.AudienceCount("sms", "ar", State.NO_ADDRESS, 9)]


def test_nobody_is_no_customer(now: datetime) -> None:
    notice = people.notice(people.window(), channels=["sms"])

    assert (ranges.end_of_slice(notice, customers=5), rows.audience_size(notice)) == (None, 0)
