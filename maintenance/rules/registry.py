"""The rules in; each with what it weighs, and how it is put to a person, out.

A new rule is one function, and one line here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from maintenance.models import RuleSetting
from maintenance.rules import keptclear, neighbours, notice
from maintenance.rules.spans import Time
from maintenance.rules.surroundings import Surroundings

Weight = RuleSetting.Weight


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: one function that gets a time and what stands around it, and says what it has against it."""

    name: str
    title: str
    explains: str
    """One line for the person who decides what it weighs."""
    find: Callable[[Time, Surroundings], Iterator[str]]
    weight: Weight = Weight.HARD
    """What it weighs where the bank says nothing else."""
    avoided: bool = True
    """Whether suggested slots keep clear of it."""
    fixed: bool = False
    """Whether nobody can set or pass it."""
    asks: str = "Why it is passed over"
    """What the field for the reason is called, while the rule is soft."""

    def weighs(self, weights: Mapping[str, str]) -> Weight:
        """What it weighs in a bank that has set these."""
        return self.weight if self.fixed else Weight(weights.get(self.name, self.weight))


RULES: Final = (
    Rule(
        "past",
        "The past",
        "Nothing is planned for a time that has begun.",
        keptclear.past,
        fixed=True,
    ),
    Rule(
        "notice",
        "Notice",
        "Customers hear at least so long ahead as their notice policy promises.",
        notice.notice,
    ),
    Rule(
        "freeze",
        "Freeze",
        "Nothing is touched in a freeze of one of the services.",
        keptclear.freeze,
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
)
SETTABLE: Final = {rule.name: rule for rule in RULES if not rule.fixed}
"""The rules whose weight a bank may set, by name."""
