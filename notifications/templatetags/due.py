"""A notice in; when it goes out and how long that takes, as the bank's staff read it, out."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template

from maintenance.templatetags.spans import duration, moment, people
from notifications.finishing import Finish
from notifications.models import ChannelName, Notice

register = template.Library()


@register.simple_tag
def goes_out(notice: Notice, now: datetime) -> str:
    """Its time in the bank's zone; in words where that has passed and the notice waits for no clock."""
    if notice.due_at <= now:
        if notice.status == Notice.Status.DRAFT:
            return "as soon as it is approved"
        if notice.status == Notice.Status.PLANNED:
            return "at once"
    return moment(notice.due_at)


@register.filter
def before_start(length: timedelta | None) -> str:
    """ "6 days 16 h before the start"; "5 min after the start" where it is negative."""
    side = "after" if length is not None and length < timedelta() else "before"
    return f"{duration(length)} {side} the start"


@register.filter
def pieces(finish: Finish) -> str:
    """ "1,200 segments", "1 email": what its rate counts."""
    return f"{people(finish.pieces)} {_unit(finish, finish.pieces)}"


@register.filter
def speed(finish: Finish) -> str:
    """ "10 segments a second"."""
    rate = finish.rate or finish.pace or 0.0
    return f"{per_second(rate)} {_unit(finish, rate)} a second"


@register.filter
def per_second(rate: float) -> str:
    """A rate with as many figures as matter: 0.05, 2.5, 5,200."""
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"


@register.filter
def spell(length: timedelta) -> str:
    """A length of which nobody cares for the seconds."""
    return "less than a minute" if length < timedelta(minutes=1) else duration(length)


def _unit(finish: Finish, number: float) -> str:
    one = "segment" if finish.channel == ChannelName.SMS else "email"
    return one if number == 1 else f"{one}s"
