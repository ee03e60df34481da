"""A notice in; the facts its words must state out, or which one is missing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from urllib.parse import urlsplit

from babel.lists import format_list
from django.conf import settings
from django.db.models import QuerySet

from maintenance import languages
from maintenance.models import Alternative, Change, Impact, NoticeKind, NoticePolicy, Service, Window
from notifications.models import Notice
from notifications.wording import moments

_WORKS_AGAIN: Final = {NoticeKind.FINISHED, NoticeKind.CANCELLED}
"""Kinds that say everything works; all others must say what still does."""


_AT_SHORT_NOTICE: Final = {
    NoticeKind.ANNOUNCED: "urgent_announced",
    NoticeKind.RESCHEDULED: "urgent_rescheduled",
    NoticeKind.REMINDER: "urgent_reminder",
    NoticeKind.STARTED: "urgent_started",
    NoticeKind.CANCELLED: "urgent_cancelled",
}
"""Kinds that have words of their own for it; what is over is over, however it was announced."""


LOOKS_BACK: Final = frozenset({NoticeKind.RESCHEDULED, NoticeKind.CANCELLED})
"""Kinds whose words depend on what was told before."""


class Incomplete(ValueError):
    """A mandatory fact is missing. The message names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a notice states, in no language yet."""

    kind: NoticeKind
    bank: str
    link: str
    starts_at: datetime
    ends_at: datetime
    before: tuple[datetime, datetime] | None
    """Start and end before a window was moved."""
    outages: tuple[Service, ...]
    restricted: tuple[Service, ...]
    alternatives: tuple[Alternative, ...]
    short_notice: bool = False
    """Whether customers hear of it inside the least notice they are promised."""
    demanded: frozenset[str] = frozenset()
    """What the audience's policy demands of every text, beside what all must say (NoticePolicy.Fact)."""

    @property
    def template(self) -> str:
        """The file of its words: where the notice is short, one that says so and nothing of a plan."""
        return _AT_SHORT_NOTICE.get(self.kind, self.kind.value) if self.short_notice else self.kind.value

    @property
    def services(self) -> tuple[Service, ...]:
        """All that are touched, those that are out first."""
        return self.outages + self.restricted

    def each_name(self, language: str) -> list[str]:
        """The services one by one."""
        return [service.name_in(language) for service in self.services]

    def names(
        self, services: tuple[Service, ...], language: str, style: Literal["standard", "or"] = "standard"
    ) -> str:
        """The services in one line: Cards, Payments and Statements; or, after a no, Cards or Payments."""
        names = [service.name_in(language) for service in services]
        return format_list(names, style, locale=languages.locale(language))

    def works(self, language: str) -> list[str]:
        """What still works: whole sentences, each once."""
        return list(dict.fromkeys(_sentence(one.words_in(language)) for one in self.alternatives))


def facts_of(notice: Notice, told: Collection[int]) -> Facts:
    """Gather what the words must state. Raises Incomplete naming the first fact that is missing.

    `told` are the revisions of its window of which somebody may have heard.

    A notice that is not stored is one whose words are approved ahead: it speaks of the window as it stands,
    to those who will hold that.
    """
    kind = NoticeKind(notice.kind)
    impacts = list(
        notice.window.impacts.select_related("service")
        .prefetch_related("service__alternatives")
        .order_by("service__name")
    )
    if not impacts:
        raise Incomplete("The window takes no service away: name at least one service in the window.")
    window = notice.window
    times, before, short_notice = (window.starts_at, window.ends_at), None, window.short_notice
    if kind == NoticeKind.CANCELLED and notice.pk:  # what customers hold, wherever it has been moved since
        if (last := _last_told(window, told, before=window.revision + 1)) is not None:
            times = _times(last)
            short_notice = bool(last.after.get("short_notice", short_notice))
    elif kind == NoticeKind.RESCHEDULED:
        before = times_told(window, told, before=window.revision) or _before(getattr(notice, "change", None))
    return Facts(
        kind=kind,
        bank=_bank(),
        link=_link(),
        starts_at=times[0],
        ends_at=times[1],
        before=before,
        outages=tuple(one.service for one in impacts if one.level == Impact.Level.OUTAGE),
        restricted=tuple(one.service for one in impacts if one.level != Impact.Level.OUTAGE),
        alternatives=() if kind in _WORKS_AGAIN else _alternatives(impacts),
        short_notice=short_notice,
        demanded=_demanded(notice.audience),
    )


def _demanded(audience: str) -> frozenset[str]:
    content = NoticePolicy.objects.filter(audience=audience).values_list("content", flat=True)
    return frozenset(name for names in content for name in names)


def last_told(told: Collection[int], *, before: int) -> int | None:
    """The newest of these revisions below `before`; None where there is none."""
    return max((revision for revision in told if revision < before), default=None)


def times_told(window: Window, told: Collection[int], *, before: int) -> tuple[datetime, datetime] | None:
    """Start and end as customers were last told them, which a window that was moved twice no longer has."""
    last = _last_told(window, told, before=before)
    return _times(last) if last is not None else None


def _last_told(window: Window, told: Collection[int], *, before: int) -> Change | None:
    """The change that chose the time which customers were last told; None where none is known."""
    revision = last_told(told, before=before)
    return None if revision is None else _chosen(window).filter(revision=revision).last()


def times_by_revision(window: Window) -> dict[int, tuple[datetime, datetime]]:
    """Start and end as each revision of the window has them, where its change says so."""
    return {change.revision: _times(change) for change in _chosen(window)}


def _chosen(window: Window) -> QuerySet[Change]:
    """The changes that chose its time and say which."""
    return window.changes.filter(
        what__in=(Change.What.BOOKED, Change.What.RESCHEDULED),
        after__has_keys=["starts_at", "ends_at"],
    ).order_by("pk")


def _times(change: Change) -> tuple[datetime, datetime]:
    return moments.parsed_instant(change.after["starts_at"]), moments.parsed_instant(change.after["ends_at"])


def _bank() -> str:
    if not (name := str(settings.BANK_NAME).strip()):
        raise Incomplete("The bank has no name: set BANK_NAME, which every text begins with.")
    if not name.isprintable():
        raise Incomplete(
            "The bank's name is not one line of text: set BANK_NAME, as every text begins with it."
        )
    return name


def _link() -> str:
    address = urlsplit(str(settings.BASE_URL))
    if not (address.scheme and address.netloc):
        raise Incomplete("There is no address to read more at: set BASE_URL to that of the status page.")
    return f"{address.geturl().rstrip('/')}/"


def _before(change: Change | None) -> tuple[datetime, datetime]:
    try:
        before = change.before if change else {}
        return moments.parsed_instant(before["starts_at"]), moments.parsed_instant(before["ends_at"])
    except (KeyError, TypeError, ValueError):
        raise Incomplete(
            "The times before the move are not known: a notice of a new time must follow from a change "
            "that holds the old starts_at and ends_at."
        ) from None


def _alternatives(impacts: list[Impact]) -> tuple[Alternative, ...]:
    """What stands in for the services, without what is itself away because of the same window."""
    away = _away({one.service_id for one in impacts})
    usable: list[Alternative] = []
    for service in (one.service for one in impacts):
        known = [one for one in service.alternatives.all() if one.words.strip()]
        if not known:
            raise Incomplete(
                f"Nothing says what still works while {service.name} is away: add an alternative to this "
                "service in the admin."
            )
        usable += [one for one in known if one.instead_id not in away]
    if not usable:
        names = ", ".join(one.service.name for one in impacts)
        raise Incomplete(
            f"All that should work instead of {names} is away in the same window: add an alternative that "
            "does not rest on these services, in the admin, or book one service after the other."
        )
    return tuple(usable)


def _away(services: set[int]) -> set[int]:
    """These services, and all that cannot work without them."""
    reached, latest = set(services), set(services)
    while latest:
        latest = set(Service.objects.filter(depends_on__in=latest).values_list("pk", flat=True)) - reached
        reached |= latest
    return reached


def _sentence(words: str) -> str:
    """A whole sentence, as it stands alone in a list: Cash machines work."""
    words = words.strip()
    first = words.partition(" ")[0]
    if first.islower():  # and not iPhone
        words = words[0].upper() + words[1:]
    return words if words.endswith((".", "!", "?", "؟", "。", "।")) else f"{words}."
