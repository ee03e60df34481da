"""Instants and lengths in; how the bank's staff read them, in the bank's zone, out."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.formats import date_format

register = template.Library()

# the times of a span stay on one line; after a dash that takes a word joiner (UAX 14, rule LB12a)
_GAP = "\N{NO-BREAK SPACE}"
_JOINER = "\N{WORD JOINER}"


@register.filter
def moment(at: datetime | None) -> str:
    """Weekday, day and time: "Sun 29 Nov 2026, 02:00"; a dash where there is none."""
    if at is None:
        return "–"
    return date_format(timezone.localtime(at), "D j M Y, H:i")


@register.simple_tag
def span(starts_at: datetime, ends_at: datetime) -> str:
    """From when till when; years and zones are named twice where they differ."""
    start, end = timezone.localtime(starts_at), timezone.localtime(ends_at)
    first, last = start.tzname() or "", end.tzname() or ""
    days = "" if start.date() == end.date() else "D j M, " if start.year == end.year else "D j M Y, "
    ending = date_format(end, f"{days}H:i")
    zone = "" if first == last else f" {first}"
    return f"{moment(starts_at)}{zone}{_GAP}–{_JOINER}{_GAP}{ending.replace(' ', _GAP)}{_GAP}{last}"


@register.filter
def duration(length: timedelta | None) -> str:
    """ "2 h 30 min", "5 days"; a dash where there is none."""
    if length is None:
        return "–"
    minutes = round(abs(length.total_seconds()) / 60)
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = [
        f"{days} day{'s' if days > 1 else ''}" if days else "",
        f"{hours} h" if hours else "",
        f"{minutes} min" if minutes else "",
    ]
    return " ".join(part for part in parts if part) or "0 min"


def ago(length: timedelta) -> str:
    """ "5 min ago"; "just now" where it is less than a minute."""
    return "just now" if length < timedelta(minutes=1) else f"{duration(length)} ago"


@register.filter
def sentence(words: str) -> str:
    """With a full stop, where no sign ends it."""
    return words if words.endswith((".", "?", "!")) else f"{words}."


@register.filter
def people(number: int) -> str:
    """A count as English writes it: 12,345."""
    return f"{number:,}"


@register.filter
def figure(number: float) -> str:
    """A load as English writes it, with so many decimals as it takes to tell small ones apart."""
    return f"{number:,.{0 if number >= 10 else 1 if number >= 1 else 2}f}" if number else "0"
