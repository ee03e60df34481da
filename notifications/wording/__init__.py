"""A notice in; its words on each of its channels, in each of the bank's languages, out.

The words stand in templates/notices/<language>/<kind>.txt, a section for each channel; a new
kind of notice is one such file per language. Here they get their facts, once; names, links and
times in the reader's zone stay placeholders, which `filled_text` replaces for each person.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.template import Context, TemplateDoesNotExist

from maintenance.models import Change, NoticeKind, NoticePolicy, Window
from notifications import channels
from notifications.channels.types import Form
from notifications.models import Notice, Text
from notifications.wording import completeness, letter, moments, phrases, segments
from notifications.wording.facts import Facts, Incomplete, facts_of
from notifications.wording.filling import (
    Filled,
    MessageReader,
    filled_template,
    filled_text,
    message_template,
    reader_values,
)

__all__ = [
    "Filled",
    "Incomplete",
    "MessageReader",
    "drafted_texts",
    "filled_template",
    "filled_text",
    "message_template",
    "reader_values",
    "standard_texts",
]

_SUBJECT_ROOM: Final[int] = Text._meta.get_field("subject").max_length or 0


def drafted_texts(notice: Notice, told: Collection[int]) -> list[Text]:
    """The texts of a notice, unsaved. Raises Incomplete where a mandatory fact is missing.

    `told` are the revisions of its window of which somebody may have heard.
    """
    facts = facts_of(notice, told)
    texts = [
        _Writer(facts, channel, language).text(notice)
        for channel in notice.channels
        for language, _ in settings.LANGUAGES
    ]
    for text in texts:
        completeness.check_completeness(text, facts)
    return texts


def standard_texts(
    window: Window, kind: NoticeKind, change: Change | None, channels: Sequence[str]
) -> list[Text]:
    """The words a later notice of this window would have, for those who approve them now."""
    return drafted_texts(Notice(window=window, kind=kind, change=change, channels=list(channels)), ())


class _Writer:
    """One channel's words in one language."""

    def __init__(self, facts: Facts, channel: str, language: str) -> None:
        self.facts, self.channel, self.language = facts, channel, language
        self.kind = channels.class_of(channel)
        self.path = phrases.phrases_path(language, facts.template)
        try:
            self.sections = phrases.phrase_sections(language, facts.template)
        except TemplateDoesNotExist:
            raise Incomplete(
                f"There are no words in {language!r} for the kind {facts.template!r}: write "
                f"templates/{self.path}, or take {language!r} out of LANGUAGES."
            ) from None

    def text(self, notice: Notice) -> Text:
        """The unsaved row."""
        text = Text(notice=notice, channel=self.channel, language=self.language)
        if self.kind.subject_section:
            text.subject = self._line(self.kind.subject_section, _SUBJECT_ROOM)
        body = self._render(self.kind.section or self.channel, self.kind.room)
        match self.kind.form:
            case Form.LETTER:
                written = self._letter(body)
                text.body, text.html = written.plain(), written.html()
            case Form.LINE:
                text.body = segments.simplify(" ".join(body.split()))
            case Form.PARAGRAPHS:
                parts = list(letter.paragraphs(body))
                if NoticePolicy.Fact.LINK in self.facts.demanded and self.facts.link not in parts:
                    parts.append(self.facts.link)
                text.body = "\n\n".join(parts)
        return text

    def _letter(self, body: str) -> letter.Letter:
        return letter.Letter(
            language=self.language,
            bank=self.facts.bank,
            link=self.facts.link,
            heading=self._line(self.kind.heading_section, _SUBJECT_ROOM),
            preheader=self._line("preheader"),
            paragraphs=tuple(letter.paragraphs(body)),
            rows=letter.fact_rows(self._render("facts")),
        )

    def _line(self, section: str, room: int | None = None) -> str:
        return " ".join(self._render(section, room).split())

    def _render(self, section: str, room: int | None = None) -> str:
        """A section with its facts; where the list of services does not fit, with a summary of it."""
        if section not in self.sections:
            raise Incomplete(f"templates/{self.path} has no section [{section}]: add it.")
        words = self._say(section, brief=False)
        if room is not None and len(words) > room:
            words = self._say(section, brief=True)
            if len(words) > room:
                raise Incomplete(
                    f"[{section}] of templates/{self.path} comes to {len(words)} characters and "
                    f"{room} fit: shorten it, or the words of the alternatives."
                )
        return words

    def _say(self, section: str, *, brief: bool) -> str:
        context = Context(self._names(brief=brief) | self._times(), autoescape=False)
        return str(self.sections[section].render(context)).strip()

    def _names(self, *, brief: bool) -> dict[str, Any]:
        facts = self.facts
        several = phrases.shared_phrase(self.language, completeness.SEVERAL)
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
        if self.kind.is_public:
            return moments.moment_words(style, instants, self.language, settings.TIME_ZONE, name_zone=True)
        return f"[[{style}:{instants}]]"
