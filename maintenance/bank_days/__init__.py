"""A country in; its days, with the bank's own additions and removals, out."""

from __future__ import annotations

from maintenance.bank_days.country_days import Country
from maintenance.models import Holiday

__all__ = ["Country", "days_of_country"]


def days_of_country(code: str) -> Country:
    """The days of a country (ISO 3166, perhaps with a subdivision), over which the bank's own table goes.

    What the bank says of the country holds for its parts as well; what it says of the part goes first.
    """
    code = code.upper()
    rows = Holiday.objects.filter(country__in={code, code.partition("-")[0]})
    known = sorted(rows.values_list("country", "day", "name", "observed"))  # GB before GB-ENG
    return Country(code, {day: name if observed else None for _, day, name, observed in known})
