"""A message in; the email that carries it, with the same Message-ID at every attempt, out."""

from __future__ import annotations

from email.mime.text import MIMEText
from functools import lru_cache
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from icalendar import Calendar

from notifications.channels.types import Message


def django_mail(message: Message) -> EmailMultiAlternatives:
    """One mail to one person: text, HTML beside it, and the calendar where there is one.

    Raises ValueError where address, subject or headers cannot be written.
    """
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=message.body,
        to=[message.address],
        headers={
            **message.headers,
            "Message-ID": message_id(message.delivery),
            "Auto-Submitted": "auto-generated",  # RFC 3834: no out-of-office reply, please
        },
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    if message.calendar:
        mail.attach(_calendar(message.calendar))
    return mail


def message_id(delivery: UUID) -> str:
    """The same for every attempt, so that mailboxes show a repeated mail once (RFC 5322, 3.6.4)."""
    return f"<{delivery}@{_host(settings.BASE_URL)}>"


@lru_cache(maxsize=8)
def _host(url: str) -> str | None:
    return urlsplit(url).hostname


def _calendar(document: str) -> MIMEText:
    part = MIMEText(document, "calendar", "utf-8")
    if method := _method(document):
        part.set_param("method", method)
    part.add_header("Content-Disposition", "attachment", filename="invite.ics")
    return part


@lru_cache(maxsize=128)
def _method(document: str) -> str:
    """The document's own, which its header must repeat (RFC 5545, 3.7.2); empty where it has none."""
    return str(Calendar.from_ical(document).get("method", ""))
