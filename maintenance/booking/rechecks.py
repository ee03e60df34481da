"""The windows that are booked in; what has come to stand against them since, kept as conflicts, out.

A freeze is added, a policy changed, another window moved: nobody who does that need know which windows are
hit. What was passed over when a window was booked is no conflict; nor is a promised notice that was kept when
it was booked, however near its start has come.

A window has one conflict for each rule, whatever number of things the rule finds. Windows are looked at some
at a time, the nearest first: what is found is worked out without a lock, and stored in a short transaction.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, QuerySet

from maintenance import rules
from maintenance.booking import windows
from maintenance.models import Change, Conflict, Override, Service, Window

log = logging.getLogger(__name__)

PATIENCE: Final = timedelta(seconds=20)
"""After so long a turn begins with no more windows: others wait, for the page or for the worker."""
_AT_ONCE: Final = 200
"""Windows whose conflicts are stored in one transaction: some thousand rows at the most."""
_SPAN: Final = timedelta(days=100)
"""So far the windows lie apart that are looked at together: all that stands around them is read at once."""
_NAMED: Final = 3
"""Things a conflict names of those that its rule has found; the others are counted."""
_AHEAD: Final = (Window.Status.BOOKED, Window.Status.APPROVED)
_CALLED_OFF: Final = (Window.Status.REJECTED, Window.Status.CANCELLED)

_Key = tuple[int, str]
"""A window and a rule."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """All that one rule has against a window, and nobody passed over."""

    words: str
    hard: bool


@dataclass(frozen=True, slots=True)
class _Compared:
    """What is not yet in the table of conflicts: what stands now, and which rows no longer do."""

    new: Mapping[_Key, _Standing]
    changed: Sequence[Conflict]
    gone: Sequence[Conflict]

    def __len__(self) -> int:
        return len(self.new) + len(self.changed) + len(self.gone)


def recheck_windows(now: datetime, *, patience: timedelta = PATIENCE) -> int:
    """Look again at every window that has not begun; how many conflicts came, changed or went.

    Harmless whenever and however often it is called, also by two at once. What it does not get to within its
    patience is left for another turn, which the log says.
    """
    until = time.monotonic() + patience.total_seconds()
    found = _end(Conflict.objects.filter(gone_at=None, window__status__in=_CALLED_OFF), now)
    for number, some in enumerate(_together(now)):
        if number and time.monotonic() > until:
            log.warning("what stands against windows from %s on was not looked at", some[0].starts_at)
            break
        found += _look_again(some, now)
    return found


def open_conflicts() -> QuerySet[Conflict]:
    """What stands against windows that may still come, or are under way."""
    return Conflict.objects.filter(gone_at=None, window__status__in=rules.LIVE)


def _together(now: datetime) -> Iterator[list[Window]]:
    """The windows ahead in order, some at a time; one that lasts very long, by itself."""
    ahead = Window.objects.filter(status__in=_AHEAD, starts_at__gt=now).order_by("starts_at", "pk")
    some: list[Window] = []
    for window in list(ahead.prefetch_related("services", "staff")):
        if window.length > _SPAN:
            yield [window]
            continue
        if some and (len(some) == _AT_ONCE or window.starts_at - some[0].starts_at > _SPAN):
            yield some
            some = []
        some.append(window)
    if some:
        yield some


def _look_again(some: Sequence[Window], now: datetime) -> int:
    """Some windows; how many of their conflicts came, changed or went."""
    standing = _standing(some, now)
    if not _compared(standing, some):
        return 0
    with transaction.atomic():
        windows.hold()
        still = dict(Window.objects.filter(pk__in=[each.pk for each in some]).values_list("pk", "revision"))
        # who moved meanwhile is looked at in the next turn; what stood against one that began stays as it was
        same = [each for each in some if still.get(each.pk) == each.revision]
        found = _compared(standing, same)
        Conflict.objects.bulk_create(
            (
                Conflict(window_id=window, rule=rule, words=each.words, hard=each.hard, found_at=now)
                for (window, rule), each in found.new.items()
            ),
            batch_size=500,
        )
        Conflict.objects.bulk_update(found.changed, ["words", "hard"], batch_size=200)
        _end(Conflict.objects.filter(pk__in=[conflict.pk for conflict in found.gone]), now)
    return len(found)


def _compared(standing: Mapping[_Key, _Standing], some: Iterable[Window]) -> _Compared:
    """What stands against some windows beside what is known of them."""
    looked_at = {window.pk for window in some}
    rows = Conflict.objects.filter(gone_at=None, window__in=looked_at)
    known = {(conflict.window_id, conflict.rule): conflict for conflict in rows}
    changed = []
    for key in standing.keys() & known.keys():
        conflict, now = known[key], standing[key]
        if (conflict.words, conflict.hard) != (now.words, now.hard):
            conflict.words, conflict.hard = now.words, now.hard
            changed.append(conflict)
    return _Compared(
        new={key: each for key, each in standing.items() if key not in known and key[0] in looked_at},
        changed=changed,
        gone=[conflict for key, conflict in known.items() if key not in standing],
    )


def _end(conflicts: QuerySet[Conflict], now: datetime) -> int:
    """They no longer stand; how many these were. None ends before it was found: a clock may run behind."""
    ended = 0
    if conflicts.exists():  # no transaction where there is nothing to do: there hardly ever is
        ended += conflicts.filter(found_at__gt=now).update(gone_at=F("found_at"))
        ended += conflicts.filter(found_at__lte=now).update(gone_at=now)
    return ended


def _standing(some: Sequence[Window], now: datetime) -> dict[_Key, _Standing]:
    """All that stands against windows, and is not passed over: by rule, in the order of its finding."""
    around = rules.rule_context(
        _services(some), min(window.starts_at for window in some), max(window.ends_at for window in some)
    )
    given_at, passed = _given_at(some), _passed(some)
    against: dict[_Key, list[rules.Objection]] = defaultdict(list)
    for window in some:
        time = rules.WindowTime(window.starts_at, window.ends_at, given_at.get(window.pk, window.booked_at))
        for objection in rules.objections_at(around.of(window), time):
            if (window.pk, objection.rule, objection.words) not in passed:
                against[window.pk, objection.rule].append(objection)
    return {
        key: _Standing(_joined([each.words for each in found]), any(each.hard for each in found))
        for key, found in against.items()
    }


def _joined(words: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    more = len(words) - _NAMED
    return " ".join([*words[:_NAMED], *([f"And {more:,} more."] if more > 0 else [])])


def _services(taken: Iterable[Window]) -> set[Service]:
    return {service for window in taken for service in window.services.all()}


def _given_at(some: Iterable[Window]) -> dict[int, datetime]:
    """When each window was booked for its present time: from then on its notice was possible."""
    made = Change.objects.filter(
        window__in=[window.pk for window in some],
        revision=F("window__revision"),
        what__in=(Change.What.BOOKED, Change.What.RESCHEDULED),
    )
    return dict(made.values_list("window", "at"))


def _passed(some: Iterable[Window]) -> set[tuple[int, str, str]]:
    """Windows, rules and the words that were read: each thing is passed over by itself."""
    made = Override.objects.filter(window__in=[window.pk for window in some], revision=F("window__revision"))
    return set(made.values_list("window", "rule", "words"))
