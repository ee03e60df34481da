"""A policy in; what it demands, in sentences for a person, out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.utils.text import get_text_list

from maintenance import bank_time
from maintenance.models import Customer, Exemption, NoticePolicy
from maintenance.policies import rulebooks

Unit = NoticePolicy.Unit
OWN: Final = rulebooks.DEFAULT.source
"""The source of what is promised until the bank says otherwise; there is nothing to look up in it."""
_PROMISED: Final[dict[str, str]] = {
    Customer.Kind.CUSTOMER: "Customers are",
    Customer.Kind.PARTNER: "Partners are",
    Customer.Kind.REGULATOR: "The regulator is",
    Customer.Kind.STAFF: "Staff are",
}
_OF: Final[dict[str, str]] = {
    Customer.Kind.CUSTOMER: "customers",
    Customer.Kind.PARTNER: "partners",
    Customer.Kind.REGULATOR: "the regulator",
    Customer.Kind.STAFF: "staff",
}


def lead_words(lead: timedelta, unit: str = Unit.CALENDAR_DAYS) -> str:
    """`5 days`, `36 hours`, `5 working days`."""
    hours = lead.total_seconds() / 3600
    if unit == Unit.HOURS or (unit == Unit.CALENDAR_DAYS and lead % timedelta(days=1)):
        return _many(hours, "hour")
    return _many(lead.days, "working day" if unit == Unit.WORKING_DAYS else "day")


def demands(policy: NoticePolicy) -> list[str]:
    """All that a policy asks of a window and of its notices."""
    return [*_notice(policy), *_times(policy), *_budgets(policy), *_freedom(policy), *_content(policy)]


def at_least(policy: NoticePolicy) -> str:
    """`Customers are promised at least 5 days of notice`, and where that stands."""
    least = lead_words(policy.least, policy.unit)
    return f"{_PROMISED[policy.audience]} promised at least {least} of notice{_source(policy)}"


def audience_words(audience: str) -> str:
    """`partners`, `the regulator`."""
    return _OF[audience]


def policy_name(policy: NoticePolicy) -> str:
    """`The notice policy of partners`, and where it stands."""
    return f"The notice policy of {_OF[policy.audience]}{_source(policy)}"


def daily_words(policy: NoticePolicy) -> str:
    """`between 22:00 and 06:00 of the next day`; empty where every hour of the day is allowed."""
    if policy.not_before is None or policy.not_after is None:
        return ""
    night = " of the next day" if policy.not_after < policy.not_before else ""
    return f"between {policy.not_before:%H:%M} and {policy.not_after:%H:%M}{night}"


def content_words(policy: NoticePolicy) -> list[str]:
    """The facts that its notices must name, in words; a name that is not known stays as it is."""
    known = dict(NoticePolicy.Fact.choices)
    return [str(known.get(name, name)) for name in policy.content]


def _source(policy: NoticePolicy) -> str:
    return "" if policy.source in ("", OWN) else f" ({policy.source})"


def _many(number: float, thing: str) -> str:
    return f"{number:g} {thing}{'' if number == 1 else 's'}"


def _notice(policy: NoticePolicy) -> Iterator[str]:
    least, promised = lead_words(policy.least, policy.unit), lead_words(policy.promised, policy.unit)
    if not policy.least:
        yield f"{promised} of notice are promised; less is allowed."
    elif policy.least == policy.promised:
        yield f"At least {least} of notice."
    else:
        yield f"At least {least} of notice; {promised} are promised."
    if policy.unit == Unit.WORKING_DAYS:
        yield f"Working days are those of {policy.country or settings.COUNTRY}."
    if policy.unit != Unit.HOURS:
        yield f"The day of notice {'is one of them' if policy.counts_notice_day else 'does not count'}."


def _times(policy: NoticePolicy) -> Iterator[str]:
    if daily_words(policy):
        yield f"Only {daily_words(policy)} by the bank's clock."
    if policy.longest:
        yield f"No window is longer than {bank_time.length_words(policy.longest)}."


def _budgets(policy: NoticePolicy) -> Iterator[str]:
    if policy.most_per_month:
        yield f"At most {_many(policy.most_per_month, 'window')} of a service in a calendar month."
    for length, period in ((policy.downtime_per_month, "month"), (policy.downtime_per_year, "year")):
        if length:
            most = bank_time.length_words(length)
            yield f"At most {most} of planned downtime of a service in a calendar {period}."


def _freedom(policy: NoticePolicy) -> Iterator[str]:
    if policy.only_cancelling_inside:
        yield "When less than the least notice is left, a window may be cancelled, but not moved."
    if policy.exempt:
        known = dict(Exemption.choices)
        kinds = get_text_list([f"a {str(known.get(name, name)).lower()}" for name in policy.exempt], "or")
        yield f"{kinds[0].upper()}{kinds[1:]} is free from all this."


def _content(policy: NoticePolicy) -> Iterator[str]:
    if policy.content:
        yield f"Its notices must name: {', '.join(content_words(policy)).lower()}."
