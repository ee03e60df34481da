"""By whose clock and days the hours of a service are counted; a plain value, for many stages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from maintenance.bank_days.country_days import Country


@dataclass(frozen=True, slots=True)
class Place:
    """Where a service is: by whose clock and in which country's days its hours are counted."""

    name: str
    zone: tzinfo
    country: Country
