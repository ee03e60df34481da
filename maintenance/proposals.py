"""What somebody wants to do to services, and when, in; all of it as one thing, not yet booked, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from maintenance.models import Service, Window


@dataclass(frozen=True, slots=True)
class Emergency:
    """The only way past what is hard: why it cannot wait, and who answers for it."""

    reason: str
    approver: User

    def columns(self) -> dict[str, Any]:
        """As a window keeps it."""
        return {"emergency_reason": self.reason.strip(), "emergency_approver": self.approver}


@dataclass(frozen=True, slots=True)
class Numbers:
    """What was expected when a time was chosen; kept with the window, so that what came can be compared."""

    load: float | None = None
    """Uses in the whole window; None where traffic says too little."""
    low: float | None = None
    """The low end of the range of 80 %."""
    high: float | None = None
    customers: int | None = None
    """Customers who use any of the services, at whatever time."""
    vulnerable: int | None = None
    """Those of them who are vulnerable."""

    def columns(self) -> dict[str, Any]:
        """As a window keeps them."""
        return {
            "expected_load": self.load,
            "expected_low": self.low,
            "expected_high": self.high,
            "expected_customers": self.customers,
            "expected_vulnerable": self.vulnerable,
        }


@dataclass(frozen=True, slots=True)
class Proposal:
    """A time for a new window, or a new time for one that is there.

    What is passed over, the emergency and the numbers hold for this time only.
    """

    starts_at: datetime
    ends_at: datetime
    services: Sequence[Service] = ()
    """None where a window is moved: it keeps its own, and what happens to each."""
    purpose: str = ""
    """Of a new window; one that is moved keeps its own."""
    levels: Mapping[str, str] = field(default_factory=dict)
    """What happens to a service, by its key (a value of Impact.Level); without one it is not available."""
    staff: Sequence[User] | None = None
    """Who does the work; None where nobody was asked: a window that is moved keeps its own."""
    exemption: str | None = None
    """What frees it from the notice of some rule-books (a value of Exemption) or empty; None as for staff."""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """Why what is soft is passed over, by rule."""
    emergency: Emergency | None = None
    numbers: Numbers = Numbers()

    def of_each_once(self) -> Proposal:
        """The same with each of its services once."""
        return replace(self, services=tuple({each.pk: each for each in self.services}.values()))

    def keeping(self, window: Window) -> Proposal:
        """The same for a window that is moved: what it leaves open stays as the window has it.

        Raises ValueError where it would change what a window keeps when it is moved.
        """
        if self.services or self.levels or self.purpose:
            raise ValueError("A window that is moved keeps its services, their levels and its purpose.")
        return replace(
            self,
            services=tuple(window.services.all()),
            staff=tuple(window.staff.all()) if self.staff is None else self.staff,
            exemption=window.exemption if self.exemption is None else self.exemption,
        )

    def columns(self) -> dict[str, Any]:
        """As a window keeps them: its time, and what holds for that time only."""
        none = {"emergency_reason": "", "emergency_approver": None}
        return {
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "exemption": self.exemption or "",
            **self.numbers.columns(),
            **(self.emergency.columns() if self.emergency else none),
        }
