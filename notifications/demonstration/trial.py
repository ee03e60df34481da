"""A customer in; the link that tries their preference page out, where they are invented."""

from __future__ import annotations

from maintenance.models import Customer
from notifications import links


def trial_url(customer: Customer) -> str:
    """Her working link, which is nobody's to misuse; empty for a real customer, whose link is hers alone."""
    return links.preferences_url(customer.pk) if customer.demonstration else ""
