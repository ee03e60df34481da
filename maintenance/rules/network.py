"""The register of services in; how they hang together, as plain values, out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import Final

from maintenance import bank_time
from maintenance.models import Alternative, Service

_COLUMNS: Final = ("pk", "name", "country", "time_zone", "longest_window")


@dataclass(frozen=True, slots=True)
class KnownService:
    """What the rules know of one service."""

    name: str
    country: str
    zone: tzinfo
    longest: timedelta | None


@dataclass(frozen=True, slots=True)
class Network:
    """All services, by primary key, and what each needs and leans on."""

    services: Mapping[int, KnownService]
    needs: Mapping[int, frozenset[int]]
    """All that a service depends on, at any remove, and the service itself."""
    instead: Mapping[int, frozenset[int]]
    """What the notice of a service recommends instead of it."""

    def named(self, services: Iterable[int]) -> str:
        """Their names, in one order."""
        return ", ".join(sorted(self.services[service].name for service in services))

    def away_with(self, services: frozenset[int]) -> frozenset[int]:
        """These services and all that depend on them, at any remove: what customers lose."""
        return frozenset(one for one, needed in self.needs.items() if not needed.isdisjoint(services))


def service_network() -> Network:
    """All services, in three queries."""
    services = {
        # where a zone does not exist the forecast says so; rules hold all the same
        pk: KnownService(name, country, bank_time.zone(zone) or bank_time.bank_zone(), longest)
        for pk, name, country, zone, longest in Service.objects.values_list(*_COLUMNS)
    }
    instead: dict[int, set[int]] = defaultdict(set)
    for service, other in Alternative.objects.filter(instead__isnull=False).values_list("service", "instead"):
        instead[service].add(other)
    return Network(services, _needs(services), {one: frozenset(others) for one, others in instead.items()})


def _needs(services: Iterable[int]) -> dict[int, frozenset[int]]:
    direct: dict[int, set[int]] = defaultdict(set)
    for service, other in Service.depends_on.through.objects.values_list("from_service", "to_service"):
        direct[service].add(other)
    return {service: _reached(service, direct) for service in services}


def _reached(service: int, direct: Mapping[int, set[int]]) -> frozenset[int]:
    reached, ahead = {service}, [service]
    while ahead:
        found = direct.get(ahead.pop(), set()) - reached
        reached |= found
        ahead += found
    return frozenset(reached)
