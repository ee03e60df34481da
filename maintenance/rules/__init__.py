"""Services and a time in; all that stands against a window of theirs at that time out.

A rule is one function: it gets the time and what stands around it, and says in words what it has against
it, once for each thing it finds. What stands around is read once and can be asked about many times.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from maintenance import recurrence
from maintenance.models import Window
from maintenance.proposals import Proposal
from maintenance.rules.calendar_data import Agreed
from maintenance.rules.context import Objection, RuleContext
from maintenance.rules.loader import LIVE, agreed_for_services, rule_context
from maintenance.rules.registry import RULES, SETTABLE, Rule, Weight
from maintenance.rules.spans import Span, Spans, WindowTime

__all__ = [
    "LIVE",
    "RULES",
    "SETTABLE",
    "Agreed",
    "Objection",
    "Rule",
    "RuleContext",
    "Span",
    "Spans",
    "Weight",
    "WindowTime",
    "agreed_for_services",
    "is_free",
    "objections",
    "objections_at",
    "objections_now",
    "rule_context",
]


def objections(
    proposal: Proposal, *, now: datetime, moved: Window | None = None, times: Agreed | None = None
) -> list[Objection]:
    """Everything that stands against a window of these services at this time, hard or soft.

    `moved` is the window that is moved to it, `times` are the agreed ones of that stretch, where they have
    been worked out: see `agreed_for_services`.
    """
    starts_at, ends_at = proposal.starts_at, proposal.ends_at
    if not proposal.services:
        return [Objection("services", "Name at least one service that the window takes away.")]
    if ends_at <= starts_at:
        return [Objection("length", "A window must end after it starts.")]
    if refused := recurrence.too_long("A window", starts_at, ends_at):
        return [Objection("length", refused)]
    around = rule_context(proposal.services, starts_at, ends_at, times=times)
    around = around.for_proposal(proposal, moved=moved)
    if moved is not None and (moved.starts_at, moved.ends_at) == (starts_at, ends_at):
        around = replace(around, moved=None)  # put forward again where it is
    return objections_at(around, WindowTime(starts_at, ends_at, now))


def objections_now(window: Window, *, now: datetime) -> list[Objection]:
    """Everything that stands against a booked window at its present time."""
    around = rule_context(window.services.all(), window.starts_at, window.ends_at).of(window)
    return objections_at(around, WindowTime(window.starts_at, window.ends_at, now))


def objections_at(around: RuleContext, time: WindowTime) -> list[Objection]:
    """What every rule has to say about a time within the surroundings that were read."""
    return [
        Objection(rule.name, words, hard=weight == Weight.HARD)
        for rule in RULES
        if (weight := rule.weighs(around.weights)) != Weight.OFF
        for words in rule.find(time, around)
    ]


def is_free(around: RuleContext, time: WindowTime) -> bool:
    """Whether a time may be suggested: no rule that suggestions keep clear of has anything against it."""
    return not any(
        True
        for rule in RULES
        if rule.avoided and rule.weighs(around.weights) != Weight.OFF
        for _ in rule.find(time, around)
    )
