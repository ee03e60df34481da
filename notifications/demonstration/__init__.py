"""A moment in; an invented bank with services, a year of traffic, customers and staff, out.

Everything is made in one transaction: a build that was cut short leaves an empty database, and the
next start builds again. The same moment gives the same bank, but for its passwords. None of its
customers can be told for real: their addresses are reserved for fiction, and they are marked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from maintenance import traffic
from maintenance.models import Service
from notifications.customers import store
from notifications.demonstration import bank, invented_customers, staff, usage
from notifications.demonstration.staff import reissue

__all__ = ["Built", "build", "reissue"]


@dataclass(frozen=True, slots=True)
class Built:
    """Who can sign in: pairs of username and one-time password, which are known nowhere else."""

    people: Sequence[tuple[str, str]]


def build(*, now: datetime, progress: Callable[[str], object]) -> Built:
    """Fill an empty database, all or nothing; `progress` hears of each stage.

    The traffic ends at the last full hour before `now`.
    """
    with transaction.atomic():
        progress("Services, with a year of generated traffic ...")
        for service in bank.make_bank(now=now):
            traffic.keep_samples(service, usage.year_of_usage(service, until=now))
        progress(f"{invented_customers.SIZE:,} invented customers ...")
        services = list(Service.objects.filter(demonstration=True).values_list("key", flat=True))
        rows = invented_customers.make_customers(services)
        store.store_customers(rows, demonstration=True)
        invented_customers.opt_out(rows, now=now)
        progress("Ada, Ben and Olga ...")
        return Built(staff.make_staff(now=now))
