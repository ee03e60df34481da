"""A bank with something of everything, so that every page has something to show; its pages' addresses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from maintenance import audit
from maintenance.models import (
    AuditEntry,
    CriticalDay,
    Customer,
    Cutoff,
    Freeze,
    Holiday,
    NoticeKind,
    Series,
    Skipped,
    StandingWindow,
    SupportCover,
    Window,
)
from maintenance.staff import groups
from notifications import links, sql
from notifications.models import Attempt, Bucket, Delivery, Notice, Receipt, State
from tests import people
from tests.maintenance import planned

Status = Window.Status
SKIPPED = {"admin:logout"}
"""After which nobody is signed in any more."""
ACTS = (
    ("start", Status.APPROVED),
    ("finish", Status.STARTED),
    ("cancel", Status.BOOKED),
    ("nonsense", Status.BOOKED),
)


def build() -> None:
    """Rows of every table that a page shows."""
    groups.make_groups()
    for name in ("ada", "ben", "olga"):
        people.user(name)
    banking, cards = people.service(), people.service("cards", moves_money=True)
    banking.depends_on.add(cards)
    cleo = people.customer("cleo", uses=[banking], phone="+447700900123", email="cleo@example.com")
    people.opt_out("+447700900124", "sms")
    booked = people.window(banking, cards, starts_at=people.NOW + timedelta(days=10))
    begun = people.window(banking, starts_at=people.NOW - timedelta(hours=1), status=Status.STARTED)
    begun.started_at = begun.starts_at
    begun.save(update_fields=["started_at"])
    told = people.window(banking, starts_at=people.NOW + timedelta(days=5), status=Status.APPROVED)
    people.approve(told)
    planned.conflict(booked)
    planned.skipped(banking)
    for model in (Freeze, StandingWindow, SupportCover):
        planned.times(model, model.__name__, recurrence="FREQ=WEEKLY")  # type: ignore[type-var]
    begin = people.NOW + timedelta(days=1)
    Cutoff.objects.create(
        service=cards, kind="clearing", name="Clearing", starts_at=begin, ends_at=begin + timedelta(hours=1)
    )
    CriticalDay.objects.create(name="Payday", pattern=CriticalDay.Pattern.DAY_OF_MONTH, number=25)
    holiday = Holiday.objects.create(country="GB-ENG", day=begin.date(), name="Founder's day")
    states = audit.States(after=audit.row_facts(holiday))
    stamp = audit.Stamp(people.user("olga"), people.NOW)
    audit.append_entry(AuditEntry.Action.ADDED, holiday, stamp, states=states)
    _hand_out(told)
    people.notice(booked, status=Notice.Status.DRAFT)
    assert cleo.pk


def _hand_out(told: Window) -> None:
    notice = people.notice(told, channels=("sms", "email", "inapp", "social"), status=Notice.Status.PREPARED)
    doubt: dict[str, Any] = {"state": State.UNKNOWN, "rank": 1, "attempt": 1, "intended_at": people.NOW}
    first, _ = people.queued(notice, number=2, **doubt)
    people.queued(notice, **doubt | {"state": State.HELD})
    people.queued(notice, channel="email", state=State.SENT, rank=2, attempt=1, provider="outbox")
    people.queued(
        notice, state=State.FAILED, rank=3, attempt=1, code="21408", reason="21408", settled_at=people.NOW
    )
    Delivery.objects.create(
        notice=notice,
        channel="social",
        target="by hand:facebook",
        language="en",
        state=State.BY_HAND,
        provider="by hand",
        not_before=people.NOW,
        expires_at=told.starts_at,
    )
    Delivery.objects.create(
        notice=notice,
        channel="inapp",
        language="en",
        state=State.SENT,
        not_before=people.NOW,
        expires_at=told.starts_at,
        sent_at=people.NOW,
    )
    people.notice(told, NoticeKind.REMINDER, channels=("inapp",), status=Notice.Status.PLANNED)
    Attempt.objects.create(delivery_id=first.pk, number=1, at=people.NOW, outcome="unknown")
    Receipt.objects.create(
        provider="twilio",
        event_key="1",
        delivery_public_id=first.public_id,
        attempt=1,
        state=State.SENT,
        received_at=people.NOW,
    )
    Bucket.objects.create(
        provider="twilio",
        sender="+441632960000",
        tokens=1,
        refilled_at=people.NOW,
        resting_until=sql.database_now() + timedelta(days=1),
    )


def names() -> list[str]:
    """Every page that has a name, in the order of its address."""
    return sorted({name for name in _names(get_resolver(), "") if name not in SKIPPED})


def _names(resolver: URLResolver, space: str) -> Iterator[str]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from _names(entry, inner)
        elif isinstance(entry, URLPattern) and entry.name:
            yield f"{space}{entry.name}"


def addresses(name: str) -> list[str]:
    """The addresses of a page, one for each thing it can show that is worth a look."""
    query = f"?{urlencode(_QUERIES[name], doseq=True)}" if name in _QUERIES else ""
    return [reverse(name, kwargs=arguments) + query for arguments in _arguments(name)]


_TIME = {"service": "online-banking", "starts_at": "2026-03-22T02:00", "minutes": "120"}
_QUERIES: dict[str, dict[str, str]] = {
    "admin:maintenance_window_slots": {"service": "online-banking", "minutes": "120"},
    "admin:maintenance_window_book": _TIME,
    "admin:maintenance_series_book": {**_TIME, "recurrence_every": "week"},
    "admin:maintenance_window_calendar": {"week": "2026-03-09"},
    "admin:autocomplete": {
        "app_label": "maintenance",
        "model_name": "window",
        "field_name": "services",
        "term": "",
    },
    "admin:maintenance_window_check": {"starts_at": "2026-03-22T02:00", "part": "1"},
}


def _arguments(name: str) -> list[dict[str, Any]]:
    short = name.split(":")[-1]
    if short == "maintenance_window_act":
        return [
            {"pk": Window.objects.filter(status=status).earliest("pk").pk, "name": act}
            for act, status in ACTS
        ]
    if short.startswith("maintenance_window_") and short.split("_")[2] in _OF_A_WINDOW:
        return [{"pk": Window.objects.earliest("pk").pk}]
    if short in _OTHERS:
        return [_OTHERS[short]()]
    words = short.split("_")
    if len(words) > 2 and words[-1] in ("change", "delete", "history", "password"):
        model = apps.get_model(words[0], words[1])
        rows = [row for row in (model._default_manager.first(), *_decided_on(model)) if row]
        return [{"object_id": pk} for pk in dict.fromkeys(row.pk for row in rows)]
    return [{"id": people.user("ada").pk}] if short == "auth_user_password_change" else [{}]


def _decided_on(model: type[Model]) -> QuerySet[Any]:
    """Whatever shows more forms while it waits for a decision."""
    return Window.objects.filter(status=Status.BOOKED) if model is Window else model._default_manager.none()


_OF_A_WINDOW = {"check", "move", "decide", "decide-text", "progress", "review"}
_OTHERS: dict[str, Any] = {
    "maintenance_window_decide_text": lambda: {"pk": Window.objects.earliest("pk").pk},
    "maintenance_series_end": lambda: {"pk": Series.objects.earliest("pk").pk},
    "maintenance_series_settle": lambda: {
        "pk": Series.objects.earliest("pk").pk,
        "skipped": Skipped.objects.earliest("pk").pk,
    },
    "maintenance_freeze_import_confirm": lambda: {"key": "nobody"},
    "notifications_delivery_confirm": lambda: {"public_id": Delivery.objects.get(channel="social").public_id},
    "notifications_delivery_decide": lambda: {
        "public_id": Delivery.objects.filter(state=State.UNKNOWN).earliest("pk").public_id
    },
    "notifications_delivery_awaken": lambda: {"pk": Bucket.objects.earliest("pk").pk},
    "view_on_site": lambda: {"content_type_id": 1, "object_id": "1"},
    "app_list": lambda: {"app_label": "maintenance"},
    "service_calendar": lambda: {"key": "online-banking"},
    "preferences": lambda: {"token": links.preferences_url(_cleo(), now=people.NOW).split("/")[-2]},
    "my_calendar": lambda: {"token": links.my_calendar_url(_cleo()).split("/")[-1].removesuffix(".ics")},
    "mark_read": lambda: {
        "notice": Notice.objects.filter(kind=NoticeKind.ANNOUNCED).earliest("pk").public_id
    },
    "receipt-sms": lambda: {"token": links.receipt_token(Delivery.objects.earliest("pk").public_id, 1)},
    "auth_user_password_change": lambda: {"id": people.user("ada").pk},
    "auth_group_change": lambda: {"object_id": Group.objects.earliest("pk").pk},
}


def _cleo() -> int:
    return Customer.objects.get(external_id="cleo").pk
