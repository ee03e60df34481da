"""Windows as the public may see them in; one iCalendar document (RFC 5545, RFC 7986) out.

A feed has no METHOD: it is a snapshot without scheduling meaning. What is attached to a message has one
(RFC 5546). There is no UID for the whole calendar, although RFC 7986 allows one: a common reader
(vdirsyncer) then takes the feed for one event. Everything follows from the facts of the windows, so that
the same facts give the same bytes.

A window that was public, was moved and awaits approval is TENTATIVE at its new time, with a higher
SEQUENCE. A cancelled one stays, CANCELLED, until its end has passed: readers drop in silence what
disappears.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vCalAddress, vDuration, vUri

from maintenance import status
from maintenance.models import Window
from maintenance.public import words
from maintenance.status import Phase, Planned

CONTENT_TYPE: Final = "text/calendar; charset=utf-8"
REFRESH: Final = timedelta(hours=1)
"""How often a reader should ask again."""

_STATUS: Final = {Phase.UNCONFIRMED: "TENTATIVE", Phase.CANCELLED: "CANCELLED"}


@dataclass(frozen=True, slots=True)
class FeedSource:
    """What a feed is called, and the path under BASE_URL where it can be had again."""

    name: str
    path: str


def attachment(window: Window, language: str, *, organizer: str, issued_at: datetime) -> str:
    """One window as a document to attach to a message, in that language, from an address of the bank's.

    Its METHOD is PUBLISH, and CANCEL where the window is cancelled. Both need an ORGANIZER and neither asks
    for an answer; RFC 5546 cancels a published event so, without attendees (4.1.3). REQUEST would need the
    reader as ATTENDEE, so a document for each reader, and Outlook, Gmail and Apple Mail would show it as an
    invitation, with buttons whose answers come to the bank's sender. PUBLISH is a file that a reader adds to
    her calendar if she wants to. CANCEL, opened, takes the event of this UID out of it again; PUBLISH with
    STATUS:CANCELLED would leave it among her appointments. Outlook goes by the METHOD inside.

    `issued_at` must be the same whenever the message is made again. DTSTAMP follows from it, which under a
    METHOD is when the document was made (RFC 5545, 3.8.7.2): of two with one SEQUENCE the later counts.

    A message goes out only when its window is approved, so one that is seen before that, by those who
    have to approve it, already reads as it will.
    """
    loaded = status.with_services(Window.objects.filter(pk=window.pk)).get()
    seen = status.planned(loaded, loaded.changed_at)
    if seen.phase is Phase.UNCONFIRMED:
        seen = replace(seen, phase=Phase.PLANNED)
    with translation.override(language):
        calendar = _head()
        calendar.add("method", "CANCEL" if seen.phase is Phase.CANCELLED else "PUBLISH")
        event = _event(seen, max(issued_at, seen.modified_at))
        event.add("organizer", _bank(organizer))
        calendar.add_component(event)
        return bytes(calendar.to_ical(sorted=False)).decode()


def calendar_document(windows: Iterable[Planned], *, language: str, source: FeedSource) -> bytes:
    """The windows in one language, as a feed that can be subscribed to."""
    seen = list(windows)
    with translation.override(language):
        calendar = _calendar(seen, source)
        for window in seen:
            # without METHOD, DTSTAMP says when the event was last revised
            calendar.add_component(_event(window, window.modified_at))
        return bytes(calendar.to_ical(sorted=False))


def modified_at(windows: Sequence[Planned], now: datetime) -> datetime:
    """The last moment at which the document of these windows may have become another one.

    At least the last midnight UTC, because windows drop out then.
    """
    return max([status.start_of_day(now), *(seen.modified_at for seen in windows)])


def _head() -> Calendar:
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//Lull//Maintenance calendar//EN")
    calendar.add("calscale", "GREGORIAN")
    return calendar


def _calendar(windows: Sequence[Planned], source: FeedSource) -> Calendar:
    calendar = _head()
    name = _clean(source.name)
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("source", vUri(f"{settings.BASE_URL}{source.path}", params={"VALUE": "URI"}))
    calendar.add("url", vUri(f"{settings.BASE_URL}/"))
    calendar.add("refresh-interval", vDuration(REFRESH, params={"VALUE": "DURATION"}))
    calendar.add("x-published-ttl", vDuration(REFRESH))
    if windows:
        calendar.add("last-modified", _second(max(seen.modified_at for seen in windows)))
    return calendar


def _event(planned: Planned, stamped_at: datetime) -> Event:
    window = planned.window
    event = Event()
    event.add("uid", f"{window.public_id}@{urlsplit(settings.BASE_URL).hostname}")
    event.add("dtstamp", _second(stamped_at))
    event.add("last-modified", _second(planned.modified_at))
    event.add("sequence", window.sequence)
    event.add("status", _STATUS.get(planned.phase, "CONFIRMED"))
    event.add("transp", "TRANSPARENT")  # a bank's maintenance does not make its customers busy
    event.add("dtstart", _second(window.starts_at))
    event.add("dtend", _second(window.ends_at))
    event.add("summary", _clean(f"{words.title_words(planned)} ({settings.BANK_NAME})"))
    event.add("description", "\n".join(_clean(line) for line in _lines(planned)))
    event.add("categories", [_("Maintenance"), *([_("Urgent")] if planned.urgent else [])])
    if planned.urgent:
        event.add("priority", 1)  # the highest (RFC 5545, 3.8.1.9)
    event.add("url", vUri(f"{settings.BASE_URL}/#{window.public_id}"))
    return event


def _bank(address: str) -> vCalAddress:
    """The bank as ORGANIZER: its name, and its address as a URI (RFC 6068)."""
    organizer = vCalAddress(f"mailto:{quote(address, safe='@!$*+')}")
    organizer.params["CN"] = _clean(settings.BANK_NAME)
    return organizer


def _lines(planned: Planned) -> list[str]:
    lines = []
    if planned.phase not in (Phase.DUE, Phase.UNDER_WAY):  # true only as long as nobody reads it later
        lines.append(words.news_words(planned))
    if planned.phase not in (Phase.OVER, Phase.CANCELLED):
        lines += [*words.impact_words(planned), *words.working_words(planned)]
    lines.append(_("How it stands now: %(address)s") % {"address": f"{settings.BASE_URL}/"})
    if words.is_demonstration(planned.services):
        lines.append(words.demonstration_words())
    return [line for line in lines if line]


def _second(at: datetime) -> datetime:
    """An instant as iCalendar can write it: UTC, in whole seconds."""
    return at.astimezone(UTC).replace(microsecond=0)


def _clean(text: str) -> str:
    """One line without control characters: they are illegal in TEXT, and some readers split lines on them."""
    spaced = " ".join(text.split())
    return "".join(letter for letter in spaced if unicodedata.category(letter) != "Cc")
