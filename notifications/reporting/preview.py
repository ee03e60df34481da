"""A window in; what will be told of it to how many people, when, in which words and for what price, out.

The owner of prices. PRICES is JSON: a currency, and for each channel the price of one SMS segment or one
email, by the beginning of the number, the longest that fits; "" is everybody else:

    {"currency": "GBP", "sms": {"+44": "0.0385", "": "0.06"}, "email": {"": "0.0004"}}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils.translation import get_language_info

from maintenance import policies
from maintenance.models import NoticeKind, Use, Window
from notifications import channels, wording
from notifications.channels.types import Form
from notifications.customers import addresses
from notifications.models import Contact, Notice, State, Text
from notifications.planning import on_change
from notifications.planning.audience import rows
from notifications.planning.audience.rows import AudienceCount
from notifications.wording import segments

_LATER: Final = (NoticeKind.STARTED, NoticeKind.FINISHED, NoticeKind.CANCELLED)
"""Kinds that have no notice before they happen; their standard words are approved with the others."""
_LOOKED_AT: Final = 1_000
"""Numbers unsealed to see to which countries they belong: enough for a price that says "about"."""
_NAMES: Final = {"ar": "ليلى"}


@dataclass(frozen=True, slots=True)
class SeenText:
    """One text, filled as for a customer of the bank's own zone."""

    channel: str
    language: str
    subject: str
    body: str
    html: str
    right_to_left: bool
    segments: segments.Segments | None

    @property
    def form(self) -> Form:
        """As what it is shown."""
        return channels.class_of(self.channel).form

    @property
    def is_public(self) -> bool:
        """Whether anybody may read it."""
        return channels.class_of(self.channel).is_public


@dataclass(frozen=True, slots=True)
class Price:
    """What a notice's messages cost. `about` where it rests on a part of the numbers only."""

    amount: Decimal
    currency: str
    about: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One notice: its people, its words and what it costs (None where a price is not set).

    Once it is being handed out its deliveries are the truth, and people and counts stand empty. So they do,
    and the words with them, where it is `needless`.
    """

    notice: Notice
    people: int
    counts: tuple[AudienceCount, ...]
    seen: tuple[SeenText, ...]
    pieces: Mapping[str, int]
    """What is paid for on each direct channel: segments of SMS, emails."""
    price: Price | None
    needless: str = ""
    """Why it will not be sent though it is drafted; empty for all others."""

    @property
    def segments(self) -> int:
        """Segments of SMS."""
        return sum(
            pieces for channel, pieces in self.pieces.items() if channels.class_of(channel).counts_segments
        )

    @property
    def direct(self) -> bool:
        """Whether anything of it goes to persons, and so costs something."""
        return bool(self.counts)

    @property
    def about(self) -> bool:
        """Whether its people are an estimate: of very many, not all are counted."""
        return any(count.about for count in self.counts)


@dataclass(frozen=True, slots=True)
class Standard:
    """The words of what may happen later; `lacking` says why there are none yet."""

    kind: NoticeKind
    seen: tuple[SeenText, ...]
    lacking: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """All that the approver of a window's text must see."""

    parts: tuple[Part, ...]
    standard: tuple[Standard, ...]


def preview_of(window: Window, *, now: datetime) -> Preview:
    """Work it out from the drafted notices; nothing is written."""
    notices = window.notices.prefetch_related("texts").order_by("due_at", "id")
    needless = on_change.needless_reminders(notices, now=now)
    sizes: dict[tuple[str, bool], int] = {}
    return Preview(
        parts=tuple(
            Part(notice, 0, (), (), {}, None, needless[notice.pk])
            if notice.pk in needless
            else _part(notice, sizes, now=now)
            for notice in notices
        ),
        standard=tuple(_standard(window, kind) for kind in _LATER),
    )


def seen_texts(texts: Iterable[Text]) -> tuple[SeenText, ...]:
    """The newest version of each text as a customer sees it; posts in the one language they go out in."""
    own = (text for text in texts if not text.variant)
    newest = {(text.channel, text.language): text for text in sorted(own, key=lambda text: text.version)}
    shown = [
        text
        for text in newest.values()
        if text.language == settings.LANGUAGE_CODE or not channels.class_of(text.channel).is_public
    ]
    # a channel that is gone since, and a language that was dropped from LANGUAGES, come last
    order = {name: n for n, name in enumerate(channels.channel_names())}
    place = {code: n for n, (code, _) in enumerate(settings.LANGUAGES)}
    shown.sort(
        key=lambda text: (
            order.get(text.channel, len(order)),
            text.channel,
            place.get(text.language, len(place)),
        )
    )
    return tuple(_seen(text) for text in shown)


def seen_text(text: Text, words: wording.Filled) -> SeenText:
    """Words that were filled for somebody, ready to be shown."""
    return SeenText(
        text.channel,
        text.language,
        words.subject,
        words.body,
        words.html,
        bool(get_language_info(text.language)["bidi"]),
        segments.counted_segments(words.body) if channels.class_of(text.channel).counts_segments else None,
    )


def _seen(text: Text) -> SeenText:
    reader = wording.MessageReader(
        name=_NAMES.get(text.language.split("-")[0], "Cleo"),
        language=text.language,
        time_zone=settings.TIME_ZONE,
        preferences_url=f"{settings.BASE_URL}/preferences/example/",
    )
    return seen_text(text, wording.filled_text(text, reader))


def _part(notice: Notice, sizes: dict[tuple[str, bool], int], *, now: datetime) -> Part:
    ahead = notice.status in (Notice.Status.DRAFT, Notice.Status.PLANNED)
    counts = tuple(rows.audience_counts(notice, now=now)) if ahead else ()
    words = seen_texts(notice.texts.all())
    bill = _bill(counts, words)
    return Part(
        notice=notice,
        people=_people(notice, counts, sizes) if ahead else 0,
        counts=counts,
        seen=words,
        pieces=bill,
        price=_price(notice, bill, about=any(count.about for count in counts)),
    )


def _people(notice: Notice, counts: Sequence[AudienceCount], sizes: dict[tuple[str, bool], int]) -> int:
    """The size of its audience, counted once for all notices that share it: there may be a million."""
    audience_of = (notice.audience, notice.only_told)
    if audience_of not in sizes:
        direct = {count.channel for count in counts}
        sizes[audience_of] = (
            sum(count.people for count in counts) // len(direct)  # everybody is counted on each
            if direct and not notice.only_told
            else rows.audience_size(notice)
        )
    return sizes[audience_of]


def _standard(window: Window, kind: NoticeKind) -> Standard:
    by = [
        channel
        for rule in policies.policy_of().rules.filter(kind=kind).order_by("id")
        for channel in rule.channels
        if channel in settings.CHANNELS
    ]
    try:
        return Standard(kind, seen_texts(wording.standard_texts(window, kind, None, by)))
    except wording.Incomplete as lacking:
        return Standard(kind, (), str(lacking))


def _bill(counts: Sequence[AudienceCount], words: Sequence[SeenText]) -> dict[str, int]:
    """How many pieces are paid for on each direct channel: segments of SMS, emails."""
    sizes = {(one.channel, one.language): one.segments.segments for one in words if one.segments}
    pieces: dict[str, int] = {}
    for count in counts:
        if count.state == State.QUEUED:
            each = sizes.get((count.channel, count.language), 1)
            pieces[count.channel] = pieces.get(count.channel, 0) + count.people * each
    return pieces


def _price(notice: Notice, bill: Mapping[str, int], *, about: bool) -> Price | None:
    """The sum over all channels; None where one of them has no price."""
    amount = Decimal(0)
    for channel in channels.channel_names(lambda kind: kind.is_paid):
        if not bill.get(channel):
            continue
        prices = _prices(channel)
        if not prices:
            return None
        each, exact = _average(notice, channel, prices)
        if each is None:
            return None
        amount, about = amount + each * bill[channel], about or not exact
    return Price(amount, str(settings.PRICES.get("currency", "")), about) if bill else None


def _prices(channel: str) -> dict[str, Decimal]:
    table: Any = settings.PRICES.get(channel)
    if not isinstance(table, dict):
        return {}
    try:
        return {str(prefix): Decimal(str(price)) for prefix, price in table.items()}
    except InvalidOperation:
        return {}


def _average(notice: Notice, channel: str, prices: Mapping[str, Decimal]) -> tuple[Decimal | None, bool]:
    """The price of one piece over the audience's addresses, and whether all of them were looked at."""
    if len(prices) == 1 and "" in prices:
        return prices[""], True
    services = notice.window.impacts.values("service")
    uses = Use.objects.filter(customer=OuterRef("customer"), service__in=services)
    contacts = Contact.objects.filter(Exists(uses), channel=channel, customer__kind=notice.audience)
    found = [
        _of(addresses.unseal(sealed), prices)
        for sealed in contacts.order_by("pk").values_list("address", flat=True)[:_LOOKED_AT]
    ]
    known = [price for price in found if price is not None]
    if len(known) < len(found) or not known:
        return None, True
    return sum(known, Decimal(0)) / len(known), len(found) < _LOOKED_AT


def _of(address: str, prices: Mapping[str, Decimal]) -> Decimal | None:
    fitting = [prefix for prefix in prices if address.startswith(prefix)]
    return prices[max(fitting, key=len)] if fitting else None
