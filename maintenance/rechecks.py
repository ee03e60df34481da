"""The windows that are booked in; what has come to stand against them since, kept as conflicts, out.

A freeze is added, a policy changed, another window moved: nobody who does that need know which windows are
hit. What was passed over when a window was booked is no conflict; nor is a promised notice that was kept when
it was booked, however near its start has come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F, QuerySet

from maintenance import rules, windows
from maintenance.models import Change, Conflict, Override, Service, Window

_AHEAD: Final = (Window.Status.BOOKED, Window.Status.APPROVED)
_CALLED_OFF: Final = (Window.Status.REJECTED, Window.Status.CANCELLED)

_Key = tuple[int, str, str]
"""A window, a rule and its words."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What is not yet in the table of conflicts: what stands now, and which rows no longer do."""

    new: Mapping[_Key, bool]
    reweighed: tuple[Conflict, ...]
    gone: tuple[Conflict, ...]

    def __bool__(self) -> bool:
        return bool(self.new or self.reweighed or self.gone)


def run(now: datetime) -> int:
    """Look again at every window that has not begun; how many conflicts came or went.

    Harmless whenever and however often it is called, also by two at once: who finds something looks again
    alone, while nobody books.
    """
    if not _look(now):
        return 0
    with transaction.atomic():
        windows.hold()
        found = _look(now)
        Conflict.objects.bulk_create(
            Conflict(window_id=window, rule=rule, words=words, hard=hard, found_at=now)
            for (window, rule, words), hard in found.new.items()
        )
        Conflict.objects.bulk_update(found.reweighed, ["hard"])
        for conflict in found.gone:
            conflict.gone_at = max(now, conflict.found_at)
        Conflict.objects.bulk_update(found.gone, ["gone_at"])
    return len(found.new) + len(found.gone)


def open_conflicts() -> QuerySet[Conflict]:
    """What stands against windows that may still come, or are under way."""
    return Conflict.objects.filter(gone_at=None, window__status__in=rules.LIVE)


def _look(now: datetime) -> _Found:
    ahead = Window.objects.filter(status__in=_AHEAD, starts_at__gt=now)
    looked_at = {window.pk: window for window in ahead.prefetch_related("services", "staff")}
    standing = _standing(looked_at, now) if looked_at else {}
    known = {
        (conflict.window_id, conflict.rule, conflict.words): conflict
        for conflict in Conflict.objects.filter(gone_at=None).select_related("window")
    }
    reweighed = []
    for key in standing.keys() & known.keys():
        if known[key].hard != standing[key]:
            known[key].hard = standing[key]
            reweighed.append(known[key])
    return _Found(
        new={key: hard for key, hard in standing.items() if key not in known},
        reweighed=tuple(reweighed),
        gone=tuple(
            conflict
            for key, conflict in known.items()
            # what stood against a window when it began stays as it was
            if key not in standing
            and (conflict.window_id in looked_at or conflict.window.status in _CALLED_OFF)
        ),
    )


def _standing(looked_at: Mapping[int, Window], now: datetime) -> dict[_Key, bool]:
    """All that stands against windows, and is not passed over: with whether it is hard."""
    taken = looked_at.values()
    around = rules.surroundings(
        _services(taken), min(window.starts_at for window in taken), max(window.ends_at for window in taken)
    )
    given_at, passed = _given_at(looked_at), _passed(looked_at)
    return {
        key: objection.hard
        for window in taken
        for objection in rules.against(
            around.of(window),
            rules.Time(window.starts_at, window.ends_at, given_at.get(window.pk, window.booked_at)),
        )
        if (key := (window.pk, objection.rule, objection.words)) not in passed
    }


def _services(taken: Iterable[Window]) -> set[Service]:
    return {service for window in taken for service in window.services.all()}


def _given_at(looked_at: Iterable[int]) -> dict[int, datetime]:
    """When each window was booked for its present time: from then on its notice was possible."""
    made = Change.objects.filter(
        window__in=looked_at,
        revision=F("window__revision"),
        what__in=(Change.What.BOOKED, Change.What.RESCHEDULED),
    )
    return dict(made.values_list("window", "at"))


def _passed(looked_at: Iterable[int]) -> set[_Key]:
    made = Override.objects.filter(window__in=looked_at, revision=F("window__revision"))
    return set(made.values_list("window", "rule", "words"))
