"""A customer in; the notices in her app, in her words, and what she has read, out.

The app's channel is a broadcast: nothing is stored per customer. What is in an inbox is worked out when
it is read, from the notices that were handed out and the services she uses.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Prefetch, QuerySet, Subquery

from maintenance.models import Customer, Impact, NoticeKind, Service, Use, Window
from notifications import channels, wording
from notifications.delivery import composition
from notifications.models import Delivery, Notice, ReadMark, State, Text

_LAST_WORD = {Window.Status.FINISHED: NoticeKind.FINISHED, Window.Status.CANCELLED: NoticeKind.CANCELLED}


@dataclass(frozen=True, slots=True)
class Item:
    """One notice as it stands in a customer's app. Instants are UTC."""

    notice: Notice
    services: tuple[Service, ...]
    language: str
    title: str
    body: str
    handed_out_at: datetime
    read_at: datetime | None
    superseded: bool


def inbox_items(customer: Customer, *, limit: int, since: datetime | None = None) -> list[Item]:
    """The customer's newest notices, the newest first; with `since`, those handed out after it."""
    handed_out_at = Subquery(_sent().order_by("sent_at").values("sent_at")[:1])
    read_at = ReadMark.objects.filter(customer=customer, notice=OuterRef("pk")).values("read_at")
    notices = _handed_out(customer).annotate(handed_out_at=handed_out_at, read_at=Subquery(read_at))
    if since is not None:
        notices = notices.filter(handed_out_at__gt=since)
    texts = Text.objects.filter(channel__in=channels.in_app_names(), variant="").order_by("version")
    impacts = Impact.objects.select_related("service").order_by("service__name", "service_id")
    found = (
        notices.select_related("window")
        .prefetch_related(Prefetch("texts", texts), Prefetch("window__impacts", impacts))
        .order_by("-handed_out_at", "-pk")[:limit]
    )
    return [item for notice in found if (item := _item(notice, customer)) is not None]


def mark_read(customer: Customer, notice: UUID, *, now: datetime) -> datetime | None:
    """Note that the customer has read a notice; when she first did. None where it is not in her inbox."""
    found = _handed_out(customer).filter(public_id=notice).first()
    if found is None:
        return None
    mark, _ = ReadMark.objects.get_or_create(customer=customer, notice=found, defaults={"read_at": now})
    return mark.read_at


def _handed_out(customer: Customer) -> QuerySet[Notice]:
    """The notices that reached the app for services this customer uses."""
    used = Use.objects.filter(customer=customer).values("service")
    touched = Impact.objects.filter(window=OuterRef("window"), service__in=used)
    return Notice.objects.filter(Exists(_sent()), Exists(touched), audience=customer.kind)


def _sent() -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        notice=OuterRef("pk"),
        channel__in=channels.in_app_names(),
        state__in=(State.SENT, State.DELIVERED),
        sent_at__isnull=False,
    )


def _item(notice: Notice, customer: Customer) -> Item | None:
    text = _text(notice.texts.all(), customer.language)
    if text is None:
        return None
    filled = wording.filled_text(text, composition.message_reader(customer, text.language))
    return Item(
        notice=notice,
        services=tuple(impact.service for impact in notice.window.impacts.all()),
        language=text.language,
        title=filled.subject,
        body=filled.body,
        handed_out_at=notice.handed_out_at,  # type: ignore[attr-defined]  # annotated
        read_at=notice.read_at,  # type: ignore[attr-defined]  # annotated
        superseded=_superseded(notice),
    )


def _text(texts: Iterable[Text], language: str) -> Text | None:
    """The latest words in the customer's language, or the nearest to it that there is."""
    latest = {text.language: text for text in texts}  # they come by version
    for wanted in (language, language.split("-")[0], settings.LANGUAGE_CODE):
        if wanted in latest:
            return latest[wanted]
    return next(iter(latest.values()), None)


def _superseded(notice: Notice) -> bool:
    """Whether its words are not the last: the window was moved, called off or confirmed over since."""
    window = notice.window
    last = _LAST_WORD.get(Window.Status(window.status))
    return notice.revision < window.revision or (last is not None and notice.kind != last)
