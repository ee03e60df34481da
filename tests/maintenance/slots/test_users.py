"""How many customers use some services, counted once each."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from maintenance import slots
from maintenance.models import Customer
from maintenance.slots import Users
from tests.people import customer, service

pytestmark = pytest.mark.django_db


def test_who_uses_two_of_the_services_counts_once() -> None:
    app, cards = service("app"), service("cards")
    customer("cleo", uses=[app, cards])
    customer("dan", uses=[cards], vulnerable=True)
    customer("elsewhere", uses=[service("loans")], vulnerable=True)
    assert slots.count_users([app, cards]) == Users(2, 1)
    assert slots.count_users([app]) == Users(1, 0)


def test_partners_are_no_customers() -> None:
    partner = customer("partner", uses=[service()], vulnerable=True)
    Customer.objects.filter(pk=partner.pk).update(kind=Customer.Kind.PARTNER)
    assert slots.count_users([service()]) == Users(0, 0)


def test_one_query_counts_them() -> None:
    both = [service("app"), service("cards")]
    with CaptureQueriesContext(connection) as captured:
        slots.count_users(both)
    assert len(captured) == 1
