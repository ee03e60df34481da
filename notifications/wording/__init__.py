"""A notice in; its words on each of its channels, in each of the bank's languages, out.

The words stand in templates/notices/<language>/<kind>.txt, a section for each channel; a new
kind of notice is one such file per language. Here they get their facts, once; names, links and
times in the reader's zone stay placeholders, which `fill` replaces for each person.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.template import Context, TemplateDoesNotExist

from maintenance.models import Change, Kind, NoticePolicy, Window
from notifications.models import ChannelName, Notice, Text
from notifications.wording import completeness, letter, moments, phrases, segments
from notifications.wording import facts as gathered
from notifications.wording.facts import Facts, Incomplete
from notifications.wording.filling import Filled, Reader, fill, put_in, values, words

__all__ = [
    "Filled",
    "Incomplete",
    "Reader",
    "draft",
    "fill",
    "put_in",
    "standard",
    "values",
    "words",
]

_SUBJECTS: Final = {ChannelName.EMAIL: "subject", ChannelName.INAPP: "inapp subject"}
_ROOM: Final = {"subject": 200, "inapp subject": 200, "social": 500, "sms": 1600}
"""Characters that fit: in our column, in a Mastodon post, in a message of Twilio."""


def draft(notice: Notice, told: Collection[int] = ()) -> list[Text]:
    """The texts of a notice, unsaved. Raises Incomplete where a mandatory fact is missing.

    `told` are the revisions of its window of which somebody may have heard.
    """
    facts = gathered.of(notice, told)
    texts = [
        _Writer(facts, ChannelName(channel), language).text(notice)
        for channel in notice.channels
        for language, _ in settings.LANGUAGES
    ]
    for text in texts:
        completeness.check(text, facts)
    return texts


def standard(window: Window, kind: Kind, change: Change | None, channels: Sequence[str]) -> list[Text]:
    """The words a later notice of this window would have, for those who approve them now."""
    return draft(Notice(window=window, kind=kind, change=change, channels=list(channels)))


class _Writer:
    """One channel's words in one language."""

    def __init__(self, facts: Facts, channel: ChannelName, language: str) -> None:
        self.facts, self.channel, self.language = facts, channel, language
        self.path = phrases.path(language, facts.template)
        try:
            self.sections = phrases.sections(language, facts.template)
        except TemplateDoesNotExist:
            raise Incomplete(
                f"There are no words in {language!r} for the kind {facts.template!r}: write "
                f"templates/{self.path}, or take {language!r} out of LANGUAGES."
            ) from None

    def text(self, notice: Notice) -> Text:
        """The unsaved row."""
        text = Text(notice=notice, channel=self.channel, language=self.language)
        if self.channel in _SUBJECTS:
            text.subject = self._line(_SUBJECTS[self.channel])
        if self.channel == ChannelName.EMAIL:
            written = self._letter()
            text.body, text.html = written.plain(), written.html()
        elif self.channel == ChannelName.SMS:
            text.body = segments.simplify(self._line("sms"))
        else:
            parts = list(letter.paragraphs(self._render(self.channel)))
            if NoticePolicy.Fact.LINK in self.facts.demanded and self.facts.link not in parts:
                parts.append(self.facts.link)
            text.body = "\n\n".join(parts)
        return text

    def _letter(self) -> letter.Letter:
        return letter.Letter(
            language=self.language,
            bank=self.facts.bank,
            link=self.facts.link,
            heading=self._line("inapp subject"),
            preheader=self._line("preheader"),
            paragraphs=tuple(letter.paragraphs(self._render("email"))),
            rows=letter.rows(self._render("facts")),
        )

    def _line(self, section: str) -> str:
        return " ".join(self._render(section).split())

    def _render(self, section: str) -> str:
        """A section with its facts; where the list of services does not fit, with a summary of it."""
        if section not in self.sections:
            raise Incomplete(f"templates/{self.path} has no section [{section}]: add it.")
        words = self._say(section, brief=False)
        if section in _ROOM and len(words) > _ROOM[section]:
            words = self._say(section, brief=True)
            if len(words) > _ROOM[section]:
                raise Incomplete(
                    f"[{section}] of templates/{self.path} comes to {len(words)} characters and "
                    f"{_ROOM[section]} fit: shorten it, or the words of the alternatives."
                )
        return words

    def _say(self, section: str, *, brief: bool) -> str:
        context = Context(self._names(brief=brief) | self._times(), autoescape=False)
        return str(self.sections[section].render(context)).strip()

    def _names(self, *, brief: bool) -> dict[str, Any]:
        facts = self.facts
        several = phrases.phrase(self.language, completeness.SEVERAL)
        lists = {
            "services": facts.services,
            "outages": facts.outages,
            "restricted": facts.restricted,
        }
        return {
            "bank": facts.bank,
            "link": facts.link,
            "facts": letter.ROWS,
            "outages_or": several if brief else facts.names(facts.outages, self.language, "or"),
            "works": facts.works(self.language)[: 1 if brief else None],
            **{
                name: several if brief and services else facts.names(services, self.language)
                for name, services in lists.items()
            },
        }

    def _times(self) -> dict[str, str]:
        start, end = self.facts.starts_at, self.facts.ends_at
        old = self.facts.before or (start, end)
        # so far apart that the dates differ in every zone, a date tells the old time from the new
        old_style = "date" if abs(start - old[0]) >= timedelta(days=2) else "baremoment"
        return {
            "day": self._time("day", start),
            "from": self._time("from", start),
            "until": self._time("until", end),
            "zone": self._time("zone", start),
            "end": self._time("moment", end),
            "short_end": self._time("shortmoment", end),
            "when": self._time("when", start, end),
            "span": self._time("span", start, end),
            "short": self._time("short", start, end),
            "old_when": self._time("barewhen", *old),
            "old_span": self._time("barespan", *old),
            "old_short": self._time(old_style, old[0]),
        }

    def _time(self, style: str, *at: datetime) -> str:
        """A placeholder for the reader's zone; in public, where none can be known, the bank's by name."""
        instants = "/".join(f"{one.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for one in at)
        if self.channel == ChannelName.SOCIAL:
            return moments.say(style, instants, self.language, settings.TIME_ZONE, name_zone=True)
        return f"[[{style}:{instants}]]"
