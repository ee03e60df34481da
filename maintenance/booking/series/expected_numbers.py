"""Services in; what their times are expected to carry and whom they hit, as a window keeps it, out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from maintenance import slots, traffic
from maintenance.models import Service
from maintenance.proposals import Numbers


class Expecting:
    """Learns the services' traffic once, at the first time that is asked of it."""

    def __init__(self, services: Sequence[Service], now: datetime) -> None:
        self._services, self._now = services, now
        self._users: slots.Users | None = None
        self._profiles: list[traffic.Profile] | None = None

    def __call__(self, starts_at: datetime, ends_at: datetime) -> Numbers:
        """Without the load where traffic says too little."""
        if self._users is None:
            self._users = slots.count_users(self._services)
            self._profiles = self._learnt()
        load = self._load(starts_at, ends_at)
        return Numbers(
            load.expected if load else None,
            load.low if load else None,
            load.high if load else None,
            customers=self._users.customers,
            vulnerable=self._users.vulnerable,
        )

    def _learnt(self) -> list[traffic.Profile] | None:
        try:
            return [traffic.profile(service, now=self._now) for service in self._services]
        except traffic.TooLittle:
            return None

    def _load(self, starts_at: datetime, ends_at: datetime) -> traffic.Load | None:
        if self._profiles is None:
            return None
        try:
            return slots.load_and_share(self._profiles, starts_at, ends_at)[0]
        except traffic.TooLittle:
            return None
