"""A text and the facts of its notice in; nothing out, or what the text lacks or reveals.

It judges the words as they will go out, whoever wrote them: a template, or a person's edit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from maintenance.models import NoticeKind, NoticePolicy
from notifications import channels
from notifications.models import Text
from notifications.wording import letter, moments, segments
from notifications.wording.facts import Facts, Incomplete
from notifications.wording.filling import PERSONAL, placeholders
from notifications.wording.phrases import shared_phrase

Fact = NoticePolicy.Fact
SEVERAL: Final = "several"
"""The phrase that stands for a list of services too long for its channel."""
_URGENT: Final = ("urgent", "sorry")
"""The phrases that must stand in what customers are first told, where that is at short notice."""
_FIRST_WORD: Final = {NoticeKind.ANNOUNCED, NoticeKind.RESCHEDULED}
_STARTS: Final = {NoticeKind.ANNOUNCED, NoticeKind.RESCHEDULED, NoticeKind.REMINDER, NoticeKind.CANCELLED}
"""Kinds that must say when the window starts."""
_ENDS: Final = _STARTS | {NoticeKind.STARTED}
_LINK: Final = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)


def check_completeness(text: Text, facts: Facts) -> None:
    """Raises Incomplete with everything that stands against this text, each with what to do."""
    if found := list(_objections(text, facts)):
        name = f"{channels.label_of(text.channel)} text in {text.language!r} for {facts.kind.value!r}"
        raise Incomplete(f"The {name} cannot go out: {'; '.join(found)}.")


def _objections(text: Text, facts: Facts) -> Iterator[str]:
    if not text.body.strip():
        yield "it is empty, write it"
        return
    yield from _wrong_placeholders(text)
    yield from _lacking(text, facts)
    kind = channels.class_of(text.channel)
    if not kind.links_elsewhere:
        links = [link for link in _LINK.findall(text.body) if link.rstrip(".,;:)") != facts.link]
        yield from (f"{kind.label} texts link to nothing but {facts.link}, take out {link}" for link in links)


def _wrong_placeholders(text: Text) -> Iterator[str]:
    kind = channels.class_of(text.channel)
    for name, instants in placeholders(f"{text.subject}\n{text.body}\n{text.html}"):
        if name in PERSONAL and not instants:
            if kind.address is None:
                yield f"[[{name}]] is about one person and this is read by others, take it out"
        elif kind.is_public:
            yield f"[[{name}:...]] is not filled in a public post, write the time and its zone"
        elif not _can_be_said(name, instants, text.language):
            yield f"[[{name}]] means nothing, correct it"


def _can_be_said(style: str, instants: str, language: str) -> bool:
    try:
        moments.moment_words(style, instants, language, moments.bank_settings().time_zone)
    except moments.NoMoment:
        return False
    return True


def _lacking(text: Text, facts: Facts) -> Iterator[str]:
    body = segments.simplify(" ".join(text.body.split()))
    is_brief = shared_phrase(text.language, SEVERAL) in body
    names, works = facts.each_name(text.language), facts.works(text.language)
    # a summary names no service and says one thing that works, where the rule-book is content with that
    needed = names if not is_brief or Fact.SERVICES in facts.demanded else []
    needed += works if not is_brief or Fact.WORKS in facts.demanded else works[:1]
    kind = channels.class_of(text.channel)
    if kind.must_link or Fact.LINK in facts.demanded:
        needed.append(facts.link)
    if kind.can_unsubscribe:
        needed.append(letter.PREFERENCES)
    yield from (f"it does not say {words!r}" for words in needed if segments.simplify(words) not in body)
    if facts.short_notice and facts.kind in _FIRST_WORD:
        said = f"{text.subject} {body}".casefold()
        phrases = (shared_phrase(text.language, name) for name in _URGENT)
        yield from (
            f"it is told at short notice and does not say {one!r}" for one in phrases if one not in said
        )
    if not kind.is_public:
        yield from _untimed(text.body, facts)


def _untimed(body: str, facts: Facts) -> Iterator[str]:
    said = {moment for _, instants in placeholders(body) for moment in _moments(instants)}
    wanted: Mapping[str, tuple[set[NoticeKind], datetime]] = {
        "starts": (_STARTS, facts.starts_at),
        "ends": (_ENDS, facts.ends_at),
    }
    for verb, (kinds, at) in wanted.items():
        if facts.kind in kinds and at.replace(microsecond=0) not in said:
            yield f"it does not say when the maintenance {verb}, or not as [[when:.../...]]"


def _moments(instants: str) -> Iterator[datetime]:
    for part in instants.split("/"):
        try:
            yield moments.parsed_instant(part)
        except ValueError:
            continue
