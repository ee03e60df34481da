"""What was read of the bank in; all that can stand against windows of some services, as plain values, out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from django.contrib.auth.models import User

from maintenance.models import Window
from maintenance.policies import Promise
from maintenance.proposals import Proposal
from maintenance.rules.calendar_data import Agreed
from maintenance.rules.network import Network
from maintenance.rules.spans import Spans


@dataclass(frozen=True, slots=True)
class Objection:
    """One thing that stands against a window: the rule that found it, and its words for a person.

    The words name no more than the window, what stands against it and when: read again later, of the same
    window, they are the same as long as nothing has changed. So it is known what was passed over.
    """

    rule: str
    words: str
    hard: bool = True
    """Whether only an emergency passes it. A soft one is passed with a reason."""


@dataclass(frozen=True, slots=True)
class RuleContext:
    """All that can stand against windows of the asked services. Services and staff are primary keys."""

    asked: frozenset[int]
    away: frozenset[int]
    """The asked services and all that depend on them, at any remove: what customers lose."""
    network: Network
    agreed: Agreed
    windows: Spans
    """The live windows of all services. The one that is asked about may be among them: see `own`."""
    promises: tuple[Promise, ...]
    """What every audience is promised, customers first."""
    counted: Spans = field(default_factory=Spans)
    """Windows of the years that are touched, finished ones too; read only where a policy counts them."""
    weights: Mapping[str, str] = field(default_factory=dict)
    """What the bank itself says that rules weigh; a rule not named weighs what Lull says."""
    staff: Mapping[int, str] = field(default_factory=dict)
    """Who is to do the work, with their names."""
    own: int | None = None
    """The window that is asked about, where it is booked already: it does not stand against itself."""
    moved: Window | None = None
    """The window being moved, as it stands now; None while a window is booked or only looked at again."""
    exemption: str = ""
    """A value of Exemption, or empty."""
    again: bool = False
    """Whether a window that is booked is only looked at again, and not put forward."""

    def for_proposal(self, proposal: Proposal, *, moved: Window | None = None) -> RuleContext:
        """The same for what somebody proposes; `moved` is the window that it moves, not in its own way."""
        return replace(
            self,
            staff=people_names(proposal.staff or ()),
            own=moved.pk if moved else None,
            moved=moved,
            exemption=proposal.exemption or "",
        )

    def of(self, window: Window) -> RuleContext:
        """The same for a window that is booked, to look at it again; of services that were asked for."""
        asked = frozenset(service.pk for service in window.services.all())
        return replace(
            self,
            asked=asked,
            away=self.network.away_with(asked),
            staff=people_names(window.staff.all()),
            own=window.pk,
            moved=None,
            exemption=window.exemption,
            again=True,
        )


def people_names(people: Iterable[User]) -> dict[int, str]:
    """What people are called, by primary key."""
    return {person.pk: person.get_full_name() or person.get_username() for person in people}
