"""What is known of services, and a time, in; the time as a slot, with its figures and its reasons, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from maintenance import policies, rules, traffic
from maintenance.slots import loads, reasons
from maintenance.slots.context import SlotContext
from maintenance.slots.loads import ExpectedLoad
from maintenance.traffic import Load


@dataclass(frozen=True, slots=True)
class Slot:
    """A time that was looked at. Of several services the load counts in ordinary hours, not in counts."""

    services: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    load: Load | None
    """Uses expected in it; None where the traffic of a service says nothing of it."""
    share: float | None
    """The expected rate over the mean rate: 0.12 is 12 % of an ordinary hour."""
    habit: float | None
    """The share over that of Sunday 02:00 of the same week; None where either is not known."""
    customers: int
    """Customers who use any of the services, at whatever time."""
    vulnerable: int
    """Those of them who are vulnerable."""
    in_words: tuple[str, ...]
    """Its figures and its time, as sentences."""
    favours: tuple[str, ...]
    """What else speaks for it."""
    cautions: tuple[str, ...]
    """What should be weighed, though no rule says it."""
    objections: tuple[rules.Objection, ...]
    """What the rules have against it. Of a suggested slot: what they demand, but do not forbid it for."""
    last_moment_to_book: datetime

    @property
    def reasons(self) -> tuple[str, ...]:
        """All that speaks for it."""
        return self.in_words + self.favours

    @property
    def against(self) -> tuple[str, ...]:
        """All that speaks against it."""
        return tuple(objection.words for objection in self.objections) + self.cautions


def slot_at(known: SlotContext, starts_at: datetime, length: timedelta) -> Slot:
    """Any time as a slot, with everything that stands against it."""
    return slots_at(known, [starts_at], length)[0]


def slots_at(known: SlotContext, starts: Sequence[datetime], length: timedelta) -> list[Slot]:
    """Many times at once: each as `slot_at` sees it."""
    sundays = [loads.habitual_start(starts_at) for starts_at in starts]
    found: Sequence[ExpectedLoad | None] = [None] * (2 * len(sundays))
    if known.profiles and starts:
        found = loads.expected_each(known.profiles, [*starts, *sundays], length)
    pairs = zip(starts, found[: len(sundays)], found[len(sundays) :], strict=True)
    return [_slot(known, starts_at, length, expected, sunday) for starts_at, expected, sunday in pairs]


def _slot(
    known: SlotContext,
    starts_at: datetime,
    length: timedelta,
    expected: ExpectedLoad | None,
    sunday: ExpectedLoad | None,
) -> Slot:
    """`sunday` is what Sunday 02:00 is expected to carry, where that is known."""
    ends_at = starts_at + length
    objections = tuple(rules.objections_at(known.around, rules.WindowTime(starts_at, ends_at, known.now)))
    load, share = (expected.load, expected.share) if expected else (None, None)
    habit = expected.share / sunday.share if expected and sunday and sunday.share > 0 else None
    unknown = "" if expected else _unknown(known, starts_at, ends_at)
    promises = known.around.promises
    told, kept = reasons.notice_reason(starts_at, promises[0], known.now)
    return Slot(
        services=known.keys,
        starts_at=starts_at,
        ends_at=ends_at,
        load=load,
        share=share,
        habit=habit,
        customers=known.users.customers,
        vulnerable=known.users.vulnerable,
        in_words=(
            *reasons.figures(_named(known, expected), habit),
            *reasons.time_reasons(starts_at, ends_at, known.places),
        ),
        favours=(*([told] if kept else []), *([] if objections else ["No rule stands against it."])),
        cautions=(
            *([unknown] if unknown else []),
            *([] if kept else [told]),
            *reasons.cautions(starts_at, ends_at, known.places, share, habit),
        ),
        objections=objections,
        last_moment_to_book=policies.last_moment(starts_at, promises),
    )


def _unknown(known: SlotContext, starts_at: datetime, ends_at: datetime) -> str:
    """Why it cannot be said what to expect."""
    if not known.profiles:
        return "Not based on traffic: nobody knows how much this time carries."
    try:
        loads.load_and_share(known.profiles, starts_at, ends_at)
    except traffic.TooLittle as problem:
        return str(problem)
    raise AssertionError("What can be expected was expected.")


def _named(known: SlotContext, expected: ExpectedLoad | None) -> dict[str, float]:
    """The share of each service's ordinary hour, by name."""
    if expected is None:
        return {}
    return {profile.name: share for profile, share in zip(known.profiles, expected.each, strict=True)}
