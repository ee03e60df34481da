"""A first time and a rule to repeat it in; the times ahead, with what stands against each, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from maintenance import policies, recurrence, rules
from maintenance.booking.validation import refuse
from maintenance.proposals import Proposal
from maintenance.recurrence import Recurring
from maintenance.rules import Objection, WindowTime

AHEAD: Final = timedelta(days=60)
"""So far ahead every time is booked at the least."""
EVERY: Final = timedelta(hours=12)
"""How often a series is looked at."""
_BETWEEN: Final = timedelta(days=1)
"""So much further ahead its times are booked, so that between two looks they are far enough."""
_APPROVED_IN: Final = timedelta(days=14)
"""So long both approvals may take before customers must hear of it."""
_SHOWN: Final = 3
_AT_ONCE: Final = timedelta(days=800)
"""So long a stretch of what repeats daily is worked out at once."""

Times = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time of a series that is not booked yet, and all that stands against it."""

    starts_at: datetime
    ends_at: datetime
    against: tuple[Objection, ...]
    at_once: bool
    """Whether it is booked with the series; what lies further ahead is booked when its time comes near."""


def horizon(now: datetime) -> datetime:
    """Up to where a series is booked now: far enough to be approved and told of, and 60 days at the least."""
    told = policies.earliest_start(now, policies.all_promises()) + _APPROVED_IN
    return max(now + AHEAD, told) + _BETWEEN


def times_until(of: Recurring, now: datetime, until: datetime) -> list[Times]:
    """The times that begin after `now`, and at `until` at the latest. Raises RecurrenceError."""
    found = recurrence.occurrences(of, now, until + timedelta(microseconds=1))
    return [times for times in found if times[0] > now]


def preview(proposal: Proposal, rule: str, *, now: datetime) -> list[Occurrence]:
    """The times that a series would have, the next three at the least, each with what stands against it.

    The proposal's own time is the first one. Raises Refused where it cannot be a series at all.
    """
    refuse(series_faults(proposal, rule, now))
    until = horizon(now)
    of = Recurring(proposal.starts_at, proposal.ends_at, rule)
    times = times_until(of, now, until)
    if len(times) < _SHOWN:
        times = _coming(of, now)[:_SHOWN]
    found = []
    for some in _stretches(times):
        around = rules.rule_context(proposal.services, some[0][0], some[-1][1]).for_proposal(proposal)
        for begin, end in some:
            against = tuple(rules.objections_at(around, WindowTime(begin, end, now)))
            found.append(Occurrence(begin, end, against, at_once=begin <= until))
    return found


def _stretches(times: Sequence[Times]) -> list[Sequence[Times]]:
    """The times whose surroundings are read at once: all of them, unless decades lie between."""
    return [times] if times[-1][1] - times[0][0] <= _AT_ONCE else [[each] for each in times]


def series_faults(proposal: Proposal, rule: str, now: datetime) -> list[Objection]:
    """Why this cannot be a series, whatever stands against single times of it."""
    starts_at, ends_at = proposal.starts_at, proposal.ends_at
    if not proposal.services:
        return [Objection("services", "Name at least one service that the windows take away.")]
    if ends_at <= starts_at:
        return [Objection("length", "A window must end after it starts.")]
    if not rule.strip():
        return [Objection("recurrence", "Say how it repeats, or book a single window.")]
    try:
        recurrence.check_recurrence(rule, starts_at, ends_at)
        times = _coming(Recurring(starts_at, ends_at, rule), now)
    except recurrence.RecurrenceError as problem:
        return [Objection("recurrence", str(problem))]
    if not times:
        return [Objection("recurrence", "None of its times is still to come: choose a later first time.")]
    return []


def _coming(of: Recurring, now: datetime) -> list[Times]:
    """The next few that have not begun."""
    found = recurrence.coming_times(of, now, 3 * _SHOWN)
    return [times for times in found if times[0] > now]
