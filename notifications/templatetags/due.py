"""A notice in; when it goes out and how long that takes, as the bank's staff read it, out."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template
from django.utils import timezone

from maintenance.templatetags.spans import duration, moment, people
from notifications import channels
from notifications.models import Notice
from notifications.operations import configuration
from notifications.operations.configuration import Fault
from notifications.reporting.eta import Finish
from notifications.reporting.sent_times import SentTimes

register = template.Library()


@register.simple_tag
def notice_time(notice: Notice, times: SentTimes | None, now: datetime) -> str:
    """When a notice is due, or what has become of it and when, in the bank's zone.

    The one rule for every page: what has happened is dated by when it happened, and never by when it should
    have; what has not says "due".
    """
    due, ended = f"due {moment(notice.due_at)}", f" {moment(notice.ended_at)}" if notice.ended_at else ""
    sent = _sent(times)
    match Notice.Status(notice.status):
        case Notice.Status.DRAFT:
            return due if notice.due_at > now else "due as soon as it is approved"
        case Notice.Status.PLANNED:
            return due if notice.due_at > now else "due at once"
        case Notice.Status.PREPARING | Notice.Status.PREPARED:
            handed_out = f"handed out {moment(notice.prepared_at)}"
            return sent or f"{handed_out}, {f'withdrawn{ended}' if notice.withdrawn else 'nothing sent'}"
        case Notice.Status.WITHDRAWN:
            if sent:
                return f"{sent}, then withdrawn{ended}"
            ahead = notice.ended_at is None or notice.due_at > notice.ended_at
            return f"withdrawn{ended}, was {due}" if ahead else f"withdrawn{ended}"
        case Notice.Status.EXPIRED:
            return f"expired{ended}, was {due}"


def _sent(times: SentTimes | None) -> str:
    """When its messages went out; nothing where none did."""
    if times is None or times.first_at is None or times.last_at is None:
        return ""
    if times.more:
        return f"going {'into the outbox' if times.outbox else 'out'} since {moment(times.first_at)}"
    first, last = timezone.localtime(times.first_at), timezone.localtime(times.last_at)
    until = f"{last:%H:%M}" if first.date() == last.date() else moment(last)
    span = moment(first) if first == last else f"{moment(first)} to {until}"
    return f"went {'into the outbox' if times.outbox else 'out'} {span}"


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
def provider(code: str) -> str:
    """As a person calls what stands in `Delivery.provider`."""
    for name in channels.channel_names():
        if code in (labels := channels.class_of(name).provider_labels):
            return labels[code]
    return code.replace("_", " ").capitalize()


@register.filter
def channel_label(channel: str) -> str:
    """As staff call it."""
    return channels.label_of(channel)


@register.filter
def setting_faults(channel: str | None) -> list[Fault]:
    """What is wrong with the settings of a channel in use."""
    return configuration.faults_of(channel) if channel else []


@register.filter
def per_second(rate: float) -> str:
    """A rate with as many figures as matter: 0.05, 2.5, 5,200."""
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"


@register.filter
def spell(length: timedelta) -> str:
    """A length of which nobody cares for the seconds."""
    return "less than a minute" if length < timedelta(minutes=1) else duration(length)


def _unit(finish: Finish, number: float) -> str:
    one = channels.class_of(finish.channel).unit
    return one if number == 1 else f"{one}s"
