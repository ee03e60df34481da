"""What was read of the bank in; all that can stand against windows of some services, as plain values, out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from maintenance.models import NoticePolicy, Window
from maintenance.rules.spans import Spans


@dataclass(frozen=True, slots=True)
class Objection:
    """One thing that stands against a window: the rule that found it, and its words for a person."""

    rule: str
    words: str
    hard: bool = True
    """Whether only an emergency passes it. A soft one is passed with a reason."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All that can stand against windows of the asked services. Services and staff are primary keys."""

    asked: frozenset[int]
    names: Mapping[int, str]
    needs: Mapping[int, frozenset[int]]
    """All that a service depends on, at any remove, and the service itself."""
    instead: Mapping[int, frozenset[int]]
    """What the notice of a service recommends instead of it."""
    freezes: Spans
    windows: Spans
    """The live windows of all services. The one that is asked about may be among them: see `own`."""
    policy: NoticePolicy
    """What customers are promised."""
    policies: tuple[NoticePolicy, ...]
    """What every audience is promised, customers first."""
    counted: Spans = field(default_factory=Spans)
    """Windows of the years that are touched, finished ones too; read only where a policy counts them."""
    weights: Mapping[str, str] = field(default_factory=dict)
    """What the bank itself says that rules weigh; a rule not named weighs what Lull says."""
    own: int | None = None
    """The window that is asked about, where it is booked already: it does not stand against itself."""
    moved: Window | None = None
    """The window being moved, as it stands now; None while a window is booked or only looked at again."""
    exemption: str = ""
    """A value of Exemption, or empty."""

    def named(self, services: Iterable[int]) -> str:
        """Their names, in one order."""
        return ", ".join(sorted(self.names[service] for service in services))
