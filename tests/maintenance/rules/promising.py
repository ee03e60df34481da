"""What the tests of policies make: an audience with a policy of its own, beside the customers'."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from maintenance.models import Customer, NoticePolicy


def partners(least: timedelta = timedelta(days=1), **terms: Any) -> NoticePolicy:
    """Partners are promised a day, and whatever else is given."""
    policy, _ = NoticePolicy.objects.update_or_create(
        audience=Customer.Kind.PARTNER,
        defaults={"name": "Partners", "promised": least, "least": least, "source": "Charter 4", **terms},
    )
    return policy
