"""Services in; how many customers use them, and how many of these are vulnerable, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q

from maintenance.models import Customer, Service, Use


@dataclass(frozen=True, slots=True)
class Users:
    """Customers who use any of some services, at whatever time. Partners and regulators are not counted."""

    customers: int
    vulnerable: int
    """Those of them who are vulnerable."""


def count_users(services: Sequence[Service]) -> Users:
    """Count them, in one query."""
    found = Customer.objects.filter(
        Exists(Use.objects.filter(customer=OuterRef("pk"), service__in=services)), kind=Customer.Kind.CUSTOMER
    )
    return Users(**found.aggregate(customers=Count("pk"), vulnerable=Count("pk", filter=Q(vulnerable=True))))
