"""A notice in; when it goes out, as the bank's staff read it, out."""

from __future__ import annotations

from datetime import datetime

from django import template

from maintenance.templatetags.spans import moment
from notifications.models import Notice

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
