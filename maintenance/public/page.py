"""Windows and services as the public may see them in; what the status page shows, in words, out.

All in the active language and the bank's zone; the templates only lay it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from babel.dates import format_skeleton
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from maintenance import bank_time
from maintenance.public import words
from maintenance.status import NOW, Phase, Planned, Standing, State

RECENT: Final = timedelta(days=14)
"""How long the page shows what is over; the calendar keeps it longer."""

_NEWS: Final = (Phase.UNCONFIRMED, Phase.DUE, Phase.OVERRUN)
"""The phases of which the badge beside the title does not say enough."""
_AHEAD: Final = (Phase.PLANNED, Phase.UNCONFIRMED, Phase.CANCELLED)


@dataclass(frozen=True, slots=True)
class PublicEntry:
    """One window on the page. `mark` is what sets it apart from what was planned."""

    anchor: str
    tone: str
    mark: str
    badge: str
    title: str
    news: str
    when: SafeString
    zone: str
    tile_day: str
    tile_month: str
    impact: list[str]
    working: list[str]


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """One service on the page, with the address of its own calendar."""

    name: str
    tone: str
    state: str
    detail: str
    calendar: str


@dataclass(frozen=True, slots=True)
class StatusPage:
    """The status page. `tone` colours the headline like the worst of its lines."""

    tone: str
    headline: str
    lines: list[ServiceLine]
    now: list[PublicEntry]
    ahead: list[PublicEntry]
    recent: list[PublicEntry]
    calendar: str
    webcal: str
    as_of: str
    zone: str


def page_content(
    windows: Sequence[Planned], standings: Sequence[Standing], *, language: str, now: datetime
) -> StatusPage:
    """What the page says at `now`; `language` goes into the calendars' addresses."""
    calendar = f"{settings.BASE_URL}/calendar.ics?lang={language}"
    recent = [seen for seen in windows if seen.phase is Phase.OVER and _ended_at(seen) > now - RECENT]
    return StatusPage(
        tone=_worst(standings),
        headline=_headline(standings),
        lines=[_line(standing, language) for standing in standings],
        now=_entries(seen for seen in windows if seen.phase in NOW),
        ahead=_entries(seen for seen in windows if seen.phase in _AHEAD and seen.window.ends_at > now),
        recent=_entries(sorted(recent, key=_ended_at, reverse=True)),
        calendar=calendar,
        webcal=f"webcal://{calendar.split('://', 1)[1]}",
        as_of=words.moment_and_zone(now),
        zone=settings.TIME_ZONE,
    )


def time_span(starts_at: datetime, ends_at: datetime) -> SafeString:
    """From when to when by the bank's clock; the second day only where it is another one."""
    same_day = words.public_day(starts_at) == words.public_day(ends_at)
    end = words.public_time(ends_at) if same_day else words.public_moment(ends_at)
    return format_html(
        _("{start} to {end}"), start=_time(starts_at, words.public_moment(starts_at)), end=_time(ends_at, end)
    )


def _time(at: datetime, said: str) -> SafeString:
    """HTML's own element for an instant, so that programs and scripts need not read the words."""
    return format_html('<time datetime="{}">{}</time>', at.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ"), said)


def _entries(windows: Iterable[Planned]) -> list[PublicEntry]:
    return [_entry(seen) for seen in windows]


def _entry(seen: Planned) -> PublicEntry:
    window = seen.window
    # what is over is told by its real times, the rest by its plan
    starts_at = window.started_at or window.starts_at if seen.phase is Phase.OVER else window.starts_at
    ends_at = _ended_at(seen) if seen.phase is Phase.OVER else window.ends_at
    zones = dict.fromkeys(
        [words.zone_words(starts_at), words.zone_words(ends_at)]
    )  # the clocks may change in between
    over = seen.phase in (Phase.OVER, Phase.CANCELLED)
    return PublicEntry(
        anchor=str(window.public_id),
        tone=_tone_of(seen),
        mark=_("Urgent") if seen.urgent else "",
        badge="" if _is_urgent_ahead(seen) else _badge(seen.phase),
        title=words.service_names(seen.services),
        news=words.news_words(seen) if seen.phase in _NEWS else "",
        when=time_span(starts_at, ends_at),
        zone=" / ".join(zones),
        tile_day=format_skeleton("d", starts_at, tzinfo=bank_time.bank_zone(), locale=words.active_locale()),
        tile_month=format_skeleton(
            "MMM", starts_at, tzinfo=bank_time.bank_zone(), locale=words.active_locale()
        ),
        impact=[] if over else words.impact_words(seen),
        working=[] if over else words.working_words(seen),
    )


def _line(standing: Standing, language: str) -> ServiceLine:
    return ServiceLine(
        name=standing.service.name_in(language),
        tone=_tone(standing),
        state=_state(standing.state),
        detail=_detail(standing),
        calendar=f"{settings.BASE_URL}/calendar/{standing.service.key}.ics?lang={language}",
    )


def _detail(standing: Standing) -> str:
    if standing.because is not None:
        window = standing.because.window
        if standing.because.phase is Phase.OVERRUN:
            return _("Taking longer than expected; expected until %(time)s") % {
                "time": words.public_moment(window.ends_at)
            }
        if standing.because.phase is Phase.DUE:
            return _("Due to have begun: %(time)s") % {"time": words.public_moment(window.starts_at)}
        return _("Expected until %(time)s") % {"time": words.public_moment(window.ends_at)}
    if standing.next is not None:
        said = _("Urgent maintenance: %(time)s") if standing.next.urgent else _("Next maintenance: %(time)s")
        return said % {"time": words.public_moment(standing.next.window.starts_at)}
    return ""


def _headline(standings: Sequence[Standing]) -> str:
    states = {standing.state for standing in standings}
    if State.MAINTENANCE in states or State.RESTRICTED in states:
        return _("Maintenance is under way")
    if State.EXPECTED in states:
        return _("Maintenance is due")
    return _("No maintenance is under way")


def _worst(standings: Sequence[Standing]) -> str:
    tones = {_tone(standing) for standing in standings}
    return next((tone for tone in ("late", "away") if tone in tones), "good")


def _tone(standing: Standing) -> str:
    return _tone_of(standing.because) if standing.because else "good"


def _tone_of(seen: Planned) -> str:
    return "urgent" if _is_urgent_ahead(seen) else _TONES[seen.phase]


def _is_urgent_ahead(seen: Planned) -> bool:
    return seen.urgent and seen.phase is Phase.PLANNED


def _ended_at(seen: Planned) -> datetime:
    return seen.window.finished_at or seen.window.ends_at


_TONES: Final = {
    Phase.UNCONFIRMED: "unconfirmed",
    Phase.PLANNED: "planned",
    Phase.DUE: "away",
    Phase.UNREPORTED: "over",
    Phase.UNDER_WAY: "away",
    Phase.OVERRUN: "late",
    Phase.OVER: "over",
    Phase.CANCELLED: "cancelled",
}


def _badge(phase: Phase) -> str:
    return {
        Phase.UNCONFIRMED: _("New time not confirmed"),
        Phase.PLANNED: _("Planned"),
        Phase.DUE: _("Due now"),
        Phase.UNREPORTED: "",
        Phase.UNDER_WAY: _("Under way"),
        Phase.OVERRUN: _("Longer than expected"),
        Phase.OVER: _("Over"),
        Phase.CANCELLED: _("Cancelled"),
    }[phase]


def _state(state: State) -> str:
    return {
        State.OPERATIONAL: _("No maintenance"),
        State.EXPECTED: _("Maintenance due"),
        State.RESTRICTED: _("Restricted"),
        State.MAINTENANCE: _("Under maintenance"),
    }[state]
