"""What speaks against a window whatever stands around it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from maintenance.models import Service
from tests.maintenance.rules.asking import found, words
from tests.people import service

pytestmark = pytest.mark.django_db


def _allow(hours: int) -> Service:
    of = service()
    Service.objects.filter(pk=of.pk).update(longest_window=timedelta(hours=hours))
    return of


def test_the_past_cannot_be_booked(now: datetime) -> None:
    assert found(now=now, start=now - timedelta(minutes=1)) == ["past"]


def test_a_window_longer_than_the_service_allows_is_objected_to(now: datetime) -> None:
    assert words(_allow(3), now=now, hours=4) == [
        "Online banking may be away for 3 h at most, not for 4 h: shorten it, or split it."
    ]


def test_a_window_of_just_the_length_that_is_allowed_is_free(now: datetime) -> None:
    assert found(_allow(3), now=now, hours=3) == []


def test_the_longest_window_of_another_service_does_not_count(now: datetime) -> None:
    _allow(3)
    assert found(service("cards"), now=now, hours=4) == []
