"""The events of a calendar file, and services, in; what they add, change and remove, and that done, out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from maintenance import recurrence
from maintenance.imports.ics.event import EventFreezes, ImportedFreeze
from maintenance.models import Freeze, Service
from maintenance.recurrence import RecurrenceError

_COLUMNS: Final = ("name", "starts_at", "ends_at", "recurrence")
_AT_ONCE: Final = 500
"""Rows to a statement."""
_STAMP: Final = re.compile(r"(.*)#\d{8}T\d{6}Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would do. Nothing is doubled: an event is known again by its UID."""

    added: Sequence[ImportedFreeze]
    changed: Sequence[tuple[Freeze, ImportedFreeze]]
    removed: Sequence[Freeze]
    same: int
    """Freezes that are already as the file has them."""
    over: int
    """Entries that are left out because their time has passed."""

    @property
    def fingerprint(self) -> str:
        """The same for the same plan: whoever confirms one has seen this one."""
        parts = (
            [repr(entry) for entry in self.added],
            [(freeze.pk, repr(entry)) for freeze, entry in self.changed],
            [freeze.pk for freeze in self.removed],
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def __bool__(self) -> bool:
        """Whether it does anything."""
        return bool(self.added or self.changed or self.removed)


def import_plan(events: Iterable[EventFreezes], services: Iterable[Service], *, now: datetime) -> ImportPlan:
    """Compare the events with what was imported before; for these services, of which none means every one."""
    taken = list(events)
    wanted = {entry.uid: entry for event in taken for entry in event.entries}
    spoken_of = {uid for event in taken for uid in event.uids}
    keys = {service.pk for service in services}
    there = {
        freeze.uid: freeze
        for freeze in Freeze.objects.exclude(uid="").prefetch_related("services")
        if freeze.uid in spoken_of or _event_of(freeze.uid) in spoken_of
    }
    new = [entry for uid, entry in wanted.items() if uid not in there]
    met = [(freeze, wanted[uid]) for uid, freeze in there.items() if uid in wanted]
    changed = [(freeze, entry) for freeze, entry in met if not _alike(freeze, entry, keys)]
    coming = [entry for entry in new if _comes(entry, now)]
    return ImportPlan(
        added=sorted(coming, key=lambda entry: entry.starts_at),
        changed=changed,
        removed=[freeze for uid, freeze in there.items() if uid not in wanted and _comes(freeze, now)],
        same=len(met) - len(changed),
        over=len(new) - len(coming),
    )


@transaction.atomic
def carry_out(planned: ImportPlan, services: Iterable[Service]) -> None:
    """Do what the plan says, all of it or nothing."""
    kept_for = list(services)
    made = Freeze.objects.bulk_create(
        (Freeze(uid=entry.uid, **_values(entry)) for entry in planned.added), batch_size=_AT_ONCE
    )
    for freeze, entry in planned.changed:
        for name, value in _values(entry).items():
            setattr(freeze, name, value)
    changed = [freeze for freeze, _ in planned.changed]
    Freeze.objects.bulk_update(changed, _COLUMNS, batch_size=_AT_ONCE // 5)
    taken = Freeze.services.through
    for some in _some([freeze.pk for freeze in changed]):
        taken.objects.filter(freeze__in=some).delete()
    taken.objects.bulk_create(
        (taken(freeze=freeze, service=service) for freeze in [*made, *changed] for service in kept_for),
        batch_size=_AT_ONCE,
    )
    for some in _some([freeze.pk for freeze in planned.removed]):
        Freeze.objects.filter(pk__in=some).delete()


def _some(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    """Not more at once than a statement should name."""
    for start in range(0, len(keys), _AT_ONCE):
        yield keys[start : start + _AT_ONCE]


def _values(entry: ImportedFreeze) -> dict[str, object]:
    return {name: getattr(entry, name) for name in _COLUMNS}


def _alike(freeze: Freeze, entry: ImportedFreeze, services: set[int]) -> bool:
    same = all(getattr(freeze, name) == value for name, value in _values(entry).items())
    return same and {service.pk for service in freeze.services.all()} == services


def _comes(one: ImportedFreeze | Freeze, now: datetime) -> bool:
    try:
        return bool(recurrence.coming_times(one.recurring, now, 1))
    except RecurrenceError:  # a row from before: nobody knows that it is over
        return True


def _event_of(uid: str) -> str:
    """The UID of the event, for a time of it that stands apart."""
    stamped = _STAMP.fullmatch(uid)
    return stamped[1] if stamped else uid
