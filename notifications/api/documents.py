"""Notices and windows in; the JSON documents that the bank's app reads, out.

They name windows and notices by UUIDs that never change. `starts_at` and `ends_at` are the window's as it
is planned now, whatever an older notice says.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ninja import Field, Schema

from maintenance.models import Service
from maintenance.public import words
from maintenance.status import Phase, Planned
from notifications.api import inbox


class Named(Schema):
    """A service, by its fixed key and in the customer's language."""

    key: str
    name: str


class Note(Schema):
    """One notice in the inbox. `superseded`: later events have overtaken its words."""

    id: UUID
    window: UUID
    kind: str
    language: str
    title: str
    body: str
    services: list[Named]
    starts_at: datetime
    ends_at: datetime
    urgent: bool = Field(description="Whether the window is told at short notice, as it stands now.")
    handed_out_at: datetime
    read: bool
    read_at: datetime | None
    superseded: bool


class Inbox(Schema):
    """Newest first."""

    notices: list[Note]
    unread: int = Field(description="Of the notices given here.")


class Read(Schema):
    """When she first read it."""

    id: UUID
    read_at: datetime


class Banner(Schema):
    """What to show now about one window. It ends when a person has confirmed that the window is over."""

    window: UUID
    phase: Phase = Field(description="`planned` until it begins, also where it is urgent.")
    urgent: bool = Field(description="Told at short notice: show it as urgent, and never as planned.")
    title: str
    news: str
    impact: list[str]
    working: list[str]
    services: list[Named]
    starts_at: datetime
    ends_at: datetime


class Banners(Schema):
    """Empty when there is nothing to show."""

    language: str
    banners: list[Banner]


class Problem(Schema):
    """What is wrong and what to do."""

    detail: str


def note_document(item: inbox.Item) -> Note:
    """One line of the inbox."""
    return Note(
        id=item.notice.public_id,
        window=item.notice.window.public_id,
        kind=item.notice.kind,
        language=item.language,
        title=item.title,
        body=item.body,
        services=_named(item.services, item.language),
        starts_at=item.notice.window.starts_at,
        ends_at=item.notice.window.ends_at,
        urgent=item.notice.window.short_notice,
        handed_out_at=item.handed_out_at,
        read=item.read_at is not None,
        read_at=item.read_at,
        superseded=item.superseded,
    )


def banner(seen: Planned, language: str) -> Banner:
    """What to show about one window, in the active language."""
    return Banner(
        window=seen.window.public_id,
        phase=seen.phase,
        urgent=seen.urgent,
        title=words.title_words(seen),
        news=words.news_words(seen),
        impact=words.impact_words(seen),
        working=words.working_words(seen),
        services=_named(seen.services, language),
        starts_at=seen.window.starts_at,
        ends_at=seen.window.ends_at,
    )


def _named(services: tuple[Service, ...], language: str) -> list[Named]:
    return [Named(key=service.key, name=service.name_in(language)) for service in services]
