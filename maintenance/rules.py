"""Services and a time in; all that stands against a window of theirs at that time out.

A rule is one function: it gets the time and what stands around it, and yields an objection for each
thing it finds. What stands around is read once and can be asked about many times.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from maintenance import clock, policies
from maintenance.models import Alternative, Freeze, NoticePolicy, Service, Window

LIVE: Final = (Window.Status.BOOKED, Window.Status.APPROVED, Window.Status.STARTED)
"""The windows that others must keep clear of."""


@dataclass(frozen=True, slots=True)
class Objection:
    """One thing that stands against a window: the rule that found it, and its words for a person."""

    rule: str
    words: str


@dataclass(frozen=True, slots=True)
class Time:
    """When a window would be, and when that is being asked."""

    starts_at: datetime
    ends_at: datetime
    now: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """A freeze or another window: its name for a person, its time, and the services it holds."""

    name: str
    starts_at: datetime
    ends_at: datetime
    services: frozenset[int]

    def meets(self, time: Time) -> bool:
        """Whether they share a moment; the end belongs to what comes after it."""
        return self.starts_at < time.ends_at and time.starts_at < self.ends_at


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All that can stand against windows of the asked services. Services are named by primary key."""

    asked: frozenset[int]
    names: Mapping[int, str]
    needs: Mapping[int, frozenset[int]]
    """All that a service depends on, at any remove, and the service itself."""
    instead: Mapping[int, frozenset[int]]
    """What the notice of a service recommends instead of it."""
    freezes: tuple[Span, ...]
    windows: tuple[Span, ...]
    policy: NoticePolicy

    def named(self, services: Iterable[int]) -> str:
        """Their names, in one order."""
        return ", ".join(sorted(self.names[service] for service in services))


def objections(
    services: Iterable[Service],
    starts_at: datetime,
    ends_at: datetime,
    *,
    now: datetime,
    ignoring: Window | None = None,
) -> list[Objection]:
    """Everything that stands against a window of these services at this time; `ignoring` is the one moved."""
    asked = list(services)
    if not asked:
        return [Objection("services", "Name at least one service that the window takes away.")]
    if ends_at <= starts_at:
        return [Objection("length", "A window must end after it starts.")]
    around = surroundings(asked, starts_at, ends_at, ignoring=ignoring)
    return against(around, Time(starts_at, ends_at, now))


def against(around: Surroundings, time: Time) -> list[Objection]:
    """What every rule has to say about a time within the surroundings that were read."""
    return [objection for rule in RULES for objection in rule(time, around)]


def surroundings(
    services: Iterable[Service], starts_at: datetime, ends_at: datetime, *, ignoring: Window | None = None
) -> Surroundings:
    """Read all that stands around these services between two instants."""
    windows = Window.objects.filter(status__in=LIVE, starts_at__lt=ends_at, ends_at__gt=starts_at)
    if ignoring is not None:
        windows = windows.exclude(pk=ignoring.pk)
    instead: dict[int, set[int]] = defaultdict(set)
    for service, other in Alternative.objects.filter(instead__isnull=False).values_list("service", "instead"):
        instead[service].add(other)
    asked = frozenset(service.pk for service in services)
    freezes = Freeze.objects.filter(starts_at__lt=ends_at, ends_at__gt=starts_at)
    return Surroundings(
        asked=asked,
        names=dict(Service.objects.values_list("pk", "name")),
        needs=needs(),
        instead={service: frozenset(others) for service, others in instead.items()},
        freezes=tuple(_span(freeze.name, freeze) for freeze in freezes.prefetch_related("services")),
        windows=tuple(
            _span(f"window {window.pk}", window) for window in windows.prefetch_related("services")
        ),
        policy=policies.of(),
    )


def _span(name: str, held: Freeze | Window) -> Span:
    services = frozenset(service.pk for service in held.services.all())
    return Span(name, held.starts_at, held.ends_at, services)


def needs() -> dict[int, frozenset[int]]:
    """For each service all it depends on, at any remove, and itself."""
    direct: dict[int, set[int]] = defaultdict(set)
    for service, other in Service.depends_on.through.objects.values_list("from_service", "to_service"):
        direct[service].add(other)
    return {service: _reached(service, direct) for service in Service.objects.values_list("pk", flat=True)}


def _reached(service: int, direct: Mapping[int, set[int]]) -> frozenset[int]:
    reached, ahead = {service}, [service]
    while ahead:
        found = direct.get(ahead.pop(), set()) - reached
        reached |= found
        ahead += found
    return frozenset(reached)


def past(time: Time, _around: Surroundings) -> Iterator[Objection]:
    """Nothing is planned for a time that has begun."""
    if time.starts_at < time.now:
        yield Objection("past", f"{clock.words(time.starts_at)} has passed: choose a later start.")


def notice(time: Time, around: Surroundings) -> Iterator[Objection]:
    """Customers hear at least so long ahead as the notice policy promises."""
    last = policies.last_moment_to_book(time.starts_at, around.policy)
    if last < time.now <= time.starts_at:
        yield Objection(
            "notice",
            f"Customers are promised at least {policies.words(around.policy.least)} of notice, so this time "
            f"had to be booked by {clock.words(last)}: choose a later start, or book it as an emergency.",
        )


def freeze(time: Time, around: Surroundings) -> Iterator[Objection]:
    """Nothing is touched in a freeze that names one of the services, or none and so means all."""
    for held in around.freezes:
        if held.meets(time) and (not held.services or held.services & around.asked):
            yield Objection(
                "freeze",
                f"The freeze “{held.name}” holds from {clock.span_words(held.starts_at, held.ends_at)}.",
            )


def overlap(time: Time, around: Surroundings) -> Iterator[Objection]:
    """One service is in one window at a time, and so are a service and what it depends on."""
    for other in around.windows:
        if not other.meets(time):
            continue
        when = f"{other.name}, {clock.span_words(other.starts_at, other.ends_at)}"
        same = around.asked & other.services
        if same:
            yield Objection("overlap", f"{around.named(same)}: already in {when}.")
        for ours in around.asked - same:
            under = (around.needs[ours] & other.services) - {ours}
            if under:
                yield Objection(
                    "dependency",
                    f"{around.names[ours]} depends on {around.named(under)}, which has {when}.",
                )
            over = {theirs for theirs in other.services - same if ours in around.needs[theirs]}
            if over:
                yield Objection(
                    "dependency", f"{around.named(over)}, which has {when}, depends on {around.names[ours]}."
                )


def alternative(time: Time, around: Surroundings) -> Iterator[Objection]:
    """What a notice tells customers to use instead must not be away, nor need what is away, meanwhile."""
    for away, instead in _recommended(around, around.asked):
        if around.needs[instead] & around.asked:
            yield _both(around, away, instead, "this same window")
    for held in around.windows:
        if not held.meets(time):
            continue
        for away, instead in _recommended(around, around.asked):
            if around.needs[instead] & held.services:
                when = f"{held.name}, {clock.span_words(held.starts_at, held.ends_at)},"
                yield _both(around, away, instead, when)
        for away, instead in _recommended(around, held.services):
            if around.needs[instead] & around.asked:
                yield _both(around, away, instead, f"this window, during {held.name},")


def _recommended(around: Surroundings, services: Iterable[int]) -> Iterator[tuple[int, int]]:
    for away in services:
        for instead in around.instead.get(away, ()):
            yield away, instead


def _both(around: Surroundings, away: int, instead: int, where: str) -> Objection:
    return Objection(
        "alternative",
        f"Customers of {around.names[away]} are told to use {around.names[instead]} instead, "
        f"which {where} takes away at the same time.",
    )


Rule = Callable[[Time, Surroundings], Iterator[Objection]]
RULES: Final[tuple[Rule, ...]] = (past, notice, freeze, overlap, alternative)
