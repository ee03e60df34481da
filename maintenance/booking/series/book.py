"""A series in; its times ahead, each booked as a window of its own or kept as what could not be, out.

What cannot be booked is kept, with all that stands against it, until somebody has taken care of it. A
window that was moved or cancelled keeps its place in the series, so that its time is not booked again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from maintenance import audit
from maintenance.booking import windows
from maintenance.booking.series.ahead import EVERY, Times, horizon, series_faults, times_until
from maintenance.booking.series.expected_numbers import Expecting
from maintenance.booking.validation import Refused, refuse, text_objections
from maintenance.models import AuditEntry, Series, Skipped, Window
from maintenance.proposals import Proposal
from maintenance.recurrence import RecurrenceError
from maintenance.rules import Objection

log = logging.getLogger(__name__)

PATIENCE: Final = timedelta(seconds=20)
"""After so long a turn begins with no more series: other jobs wait for the worker."""


class _Work:
    """What each of a series' times is booked with."""

    def __init__(self, series: Series, now: datetime) -> None:
        self.series, self.now = series, now
        self._services = list(series.services.all())
        self._staff = list(series.staff.all())
        self._expected = Expecting(self._services, now)

    def proposal(self, starts_at: datetime, ends_at: datetime) -> Proposal:
        """One of its times."""
        return Proposal(
            starts_at,
            ends_at,
            services=self._services,
            purpose=self.series.purpose,
            levels=self.series.levels,
            staff=self._staff,
            exemption=self.series.exemption,
            overrides=self.series.reasons,
            numbers=self._expected(starts_at, ends_at),
        )


def book_series(proposal: Proposal, recurrence: str, *, by: User, now: datetime) -> Series:
    """Book a series, and at once its times ahead. The proposal's own time is the first one.

    `recurrence` is RRULE and EXDATE lines on the bank's clock. What is proposed holds for each time, but
    an emergency and numbers, which are of one window. Raises Refused where it cannot be a series, or where
    none of its times ahead can be booked.
    """
    proposal = proposal.of_each_once()
    refuse([*series_faults(proposal, recurrence, now), *text_objections("purpose", proposal.purpose)])
    given = {name: reason.strip() for name, reason in proposal.overrides.items()}
    with transaction.atomic():
        series = Series.objects.create(
            purpose=proposal.purpose.strip(),
            starts_at=proposal.starts_at,
            ends_at=proposal.ends_at,
            recurrence=recurrence.strip(),
            levels=dict(proposal.levels),
            exemption=proposal.exemption or "",
            reasons={name: reason for name, reason in given.items() if reason},
            booker=by,
            booked_at=now,
        )
        series.services.set(proposal.services)
        series.staff.set(proposal.staff or ())
        _record(AuditEntry.Action.ADDED, series, audit.Stamp(by, now), audit.row_facts(series))
        against = _extend(series, now, horizon(now))
        if against and not series.windows.exists():
            refuse(list(dict.fromkeys(against)))
    return series


def extend_series(now: datetime) -> int:
    """Book what has come near of every series that goes on; how many series were due.

    Harmless whenever and however often it is called, also by two at once. Those that it does not get to
    within its patience are left for another turn; one whose times cannot be worked out says so on its page.
    """
    due = Q(extended_at=None) | Q(extended_at__lte=now - EVERY)
    found = list(Series.objects.filter(due, ended_at=None).order_by("pk").select_related("booker"))
    until = horizon(now) if found else now
    deadline = time.monotonic() + PATIENCE.total_seconds()
    for number, series in enumerate(found):
        if time.monotonic() > deadline:
            return number
        try:
            _extend(series, now, until)
        except RecurrenceError as problem:
            log.warning("series %s is not booked further: %s", series.pk, problem)
            Series.objects.filter(pk=series.pk).update(extended_at=now)
        except Exception:  # whatever it is, the other series must not wait for it
            log.exception("series %s cannot be booked further; it is tried again", series.pk)
    return len(found)


def end_series(series: Series, *, by: User, now: datetime) -> Series:
    """No more are booked; what is booked stays. Raises Refused where it was ended before."""
    with transaction.atomic():
        series = _locked(series)
        if series.ended_at is not None:
            refuse([Objection("state", "It was ended already.")])
        series.ended_at, series.ended_by = now, by
        series.save(update_fields=["ended_at", "ended_by"])
        _record(AuditEntry.Action.ENDED, series, audit.Stamp(by, now), {})
    return series


def settle_skipped(skipped: Skipped, said: str, *, by: User, now: datetime) -> Skipped:
    """Somebody took care of a time that could not be booked, and says how. Raises Refused without that."""
    with transaction.atomic():
        skipped = Skipped.objects.select_for_update(no_key=True).get(pk=skipped.pk)
        if skipped.settled_at is not None:
            refuse([Objection("state", "Somebody has taken care of it already.")])
        refuse(text_objections("sentence on what was done", said))
        skipped.settled_at, skipped.settled_by, skipped.settled_words = now, by, said.strip()
        skipped.save(update_fields=["settled_at", "settled_by", "settled_words"])
        settled = {"time that could not be booked": skipped.occurrence_at.isoformat()}
        _record(AuditEntry.Action.SETTLED, skipped.series, audit.Stamp(by, now), settled, said)
    return skipped


def _record(
    action: AuditEntry.Action,
    series: Series,
    stamp: audit.Stamp,
    after: Mapping[str, object],
    reason: str = "",
) -> None:
    states = audit.States(after=after)
    audit.append_entry(action, series, stamp, states=states, name=series.purpose, reason=reason)


def _extend(series: Series, now: datetime, until: datetime) -> list[Objection]:
    """Book what is not booked yet up to `until`; all that stood against what could not be."""
    work = _Work(series, now)
    known = _known(series, now)
    against: list[Objection] = []
    for times in times_until(series.recurring, now, until):
        if times[0] not in known:
            against += _make(work, times)
    Series.objects.filter(pk=series.pk).update(extended_at=now)
    return against


def _make(work: _Work, times: Times) -> Sequence[Objection]:
    """One time, booked or kept as what could not be; all that stood against it."""
    series, now = work.series, work.now
    with transaction.atomic():
        # whoever comes at the same moment waits here, and then finds it made, or the series ended
        if _locked(series).ended_at is not None or times[0] in _known(series, now):
            return ()
        try:
            windows.book_window(
                work.proposal(*times), by=series.booker, now=now, series=series, occurrence_at=times[0]
            )
        except Refused as refused:
            lines = dict.fromkeys(objection.words for objection in refused.objections)
            Skipped.objects.create(
                series=series, occurrence_at=times[0], words="\n".join(lines), found_at=now
            )
            return refused.objections
    return ()


def _known(series: Series, now: datetime) -> set[datetime | None]:
    """The times ahead that are booked, or were found impossible, whatever has become of them since."""
    return {
        at
        for rows in (Window.objects, Skipped.objects)
        for at in rows.filter(series=series, occurrence_at__gt=now).values_list("occurrence_at", flat=True)
    }


def _locked(series: Series) -> Series:
    return Series.objects.select_for_update(no_key=True).get(pk=series.pk)
