"""The rules in; each with what it weighs, and how it is put to a person, out.

A new rule is one function, and one line here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from maintenance.models import RuleSetting
from maintenance.rules import basic, budgets, calendar, neighbours, notice, people
from maintenance.rules.context import RuleContext
from maintenance.rules.spans import WindowTime

Weight = RuleSetting.Weight


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: one function that gets a time and what stands around it, and says what it has against it."""

    name: str
    title: str
    explains: str
    """One line for the person who decides what it weighs."""
    find: Callable[[WindowTime, RuleContext], Iterator[str]]
    weight: Weight = Weight.HARD
    """What it weighs where the bank says nothing else."""
    avoided: bool = True
    """Whether suggested slots keep clear of it."""
    fixed: bool = False
    """Whether nobody can set or pass it."""
    asks: str = "Why it is passed over"
    """What the field for the reason is called, while the rule is soft."""

    def weighs(self, weights: Mapping[str, str]) -> str:
        """What it weighs, a value of Weight, in a bank that has set these."""
        return self.weight if self.fixed else weights.get(self.name, self.weight)


RULES: Final = (
    Rule(
        "past",
        "The past",
        "Nothing is planned for a time that has begun.",
        basic.past,
        fixed=True,
    ),
    Rule(
        "notice",
        "Notice",
        "Every audience hears at least so long ahead as its notice policy promises.",
        notice.notice,
    ),
    Rule(
        "moving",
        "Moving too late",
        "A window is not moved once the least notice has begun, where a notice policy forbids it.",
        notice.moving,
    ),
    Rule(
        "daily",
        "Hours of the day",
        "A window lies in the hours that a notice policy leaves to maintenance.",
        notice.daily_hours,
    ),
    Rule(
        "policy_length",
        "Longest by policy",
        "No window is longer than a notice policy allows.",
        notice.longest_length,
    ),
    Rule(
        "windows",
        "Windows in a month",
        "A service has no more windows in a calendar month than a notice policy allows.",
        budgets.windows,
    ),
    Rule(
        "downtime",
        "Planned downtime",
        "A service is not away longer in a calendar month or year than a notice policy allows.",
        budgets.downtime,
    ),
    Rule(
        "freeze",
        "Freeze",
        "Nothing is touched in a freeze of one of the services.",
        calendar.freeze,
    ),
    Rule(
        "critical",
        "Critical day",
        "A service, and what it depends on, stays up on paydays, month ends and other days that hurt.",
        calendar.critical,
    ),
    Rule(
        "cutoff",
        "Cut-off",
        "A service, and what it depends on, runs for its batches, salary files and clearing cut-offs.",
        calendar.cutoff,
    ),
    Rule(
        "standing",
        "Standing window",
        "A service that has standing windows is touched only in them.",
        calendar.outside_standing_windows,
        Weight.SOFT,
    ),
    Rule(
        "broken",
        "Broken times",
        "A freeze, a cut-off or another time that cannot be worked out is not considered, and that is said.",
        calendar.unreadable_times,
        Weight.SOFT,
        avoided=False,
        asks="How you know that it does not stand against it",
    ),
    Rule(
        "longest",
        "Longest window",
        "No window is longer than its services allow.",
        basic.longest,
    ),
    Rule(
        "overlap",
        "Same service twice",
        "A service is in one window at a time.",
        neighbours.overlap,
    ),
    Rule(
        "dependency",
        "Depending services",
        "A service and what it depends on are not in two windows at once.",
        neighbours.dependency,
    ),
    Rule(
        "alternative",
        "What works instead",
        "What customers are told to use instead is not away at the same time.",
        neighbours.alternative,
    ),
    Rule(
        "support",
        "Support cover",
        "Somebody answers customers during the whole window.",
        people.support,
        Weight.SOFT,
        avoided=False,
        asks="Who answers customers meanwhile",
    ),
    Rule(
        "staff",
        "Staff",
        "Nobody works on two windows at once.",
        people.staff,
        Weight.SOFT,
    ),
)
SETTABLE: Final = {rule.name: rule for rule in RULES if not rule.fixed}
"""The rules whose weight a bank may set, by name."""
