"""The words of what customers hear of inside their promised notice: urgent, sorry, and never planned."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from pytest_django import Settings

from maintenance.models import Change, NoticeKind, Window
from notifications import channels, wording
from notifications.models import Text
from notifications.wording import Incomplete, MessageReader, completeness, facts, filled_text, segments
from tests import people

pytestmark = pytest.mark.django_db

NIGHT = datetime(2026, 11, 29, 2, tzinfo=UTC)
CHANNELS: Final = channels.channel_names()
CLEO = MessageReader("Cleo Hart", "en", "Europe/London", "https://bank.example/preferences/cleo/")
LEILA = MessageReader("ليلى حداد", "ar", "Europe/London", "https://bank.example/preferences/leila/")
OF_A_PLAN: Final = re.compile(r"\bplan|schedul|مجدول|مخطط|مقرر", re.IGNORECASE)
RELATIVE: Final = re.compile(r"\b(today|tonight|tomorrow)\b|اليوم|الليلة|غدًا", re.IGNORECASE)


@pytest.fixture(autouse=True)
def bank(settings: Settings) -> None:
    """As in the tests of all words."""
    settings.BANK_NAME, settings.BASE_URL = "Northern Bank", "https://status.example"
    settings.LANGUAGES, settings.LANGUAGE_CODE = [("en", "English"), ("ar", "العربية")], "en"
    settings.TIME_ZONE, settings.COUNTRY = "Europe/London", "GB"


def _texts(kind: NoticeKind, *, short_notice: bool = True) -> dict[tuple[str, str], Text]:
    window = people.window(people.service(), starts_at=NIGHT)
    window.short_notice = short_notice
    window.save()
    before = {
        "starts_at": (NIGHT - timedelta(days=7)).isoformat(),
        "ends_at": (NIGHT - timedelta(days=7) + window.length).isoformat(),
    }
    change = Change(window=window, what=Change.What.RESCHEDULED, before=before)
    texts = wording.standard_texts(window, kind, change, CHANNELS)
    return {(text.channel, text.language): text for text in texts}


def _said(text: Text) -> str:
    filled = filled_text(text, LEILA if text.language == "ar" else CLEO)
    return f"{filled.subject}\n{filled.body}\n{filled.html}"


@pytest.mark.parametrize("kind", NoticeKind)
def test_nothing_is_called_planned_by_any_road_in_any_language(kind: NoticeKind) -> None:
    assert not [text for text in map(_said, _texts(kind).values()) if OF_A_PLAN.search(text)]


@pytest.mark.parametrize("kind", NoticeKind)
def test_the_day_is_named_because_today_is_another_day_when_she_reads_it(kind: NoticeKind) -> None:
    assert not [text for text in map(_said, _texts(kind).values()) if RELATIVE.search(text)]


@pytest.mark.parametrize("kind", [NoticeKind.ANNOUNCED, NoticeKind.RESCHEDULED])
def test_the_first_word_says_that_it_is_urgent_and_that_we_are_sorry(kind: NoticeKind) -> None:
    texts = _texts(kind)
    english = [_said(text).lower() for (_, language), text in texts.items() if language == "en"]
    arabic = [_said(text) for (_, language), text in texts.items() if language == "ar"]
    assert all("urgent" in text and "sorry" in text for text in english)
    assert all("عاجل" in text and "نعتذر" in text for text in arabic)


@pytest.mark.parametrize("kind", [kind for kind in NoticeKind if kind != NoticeKind.FINISHED])
def test_every_later_word_but_the_last_calls_it_urgent_too(kind: NoticeKind) -> None:
    assert all(re.search("urgent|عاجل", _said(text), re.IGNORECASE) for text in _texts(kind).values())


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            (
                "Northern Bank urgent work: no Online banking Sun 29 Nov, 02:00-04:00. Cards and cash "
                "machines work as usual. Sorry for short notice. https://status.example/"
            ),
        ),
        (
            "ar",
            (
                "صيانة عاجلة لدى Northern Bank: توقف الخدمات المصرفية عبر الإنترنت الأحد 29 نوفمبر من 2 إلى "
                "4 ص. تعمل البطاقات وأجهزة الصراف الآلي كالمعتاد. نعتذر عن تأخر الإشعار. "
                "https://status.example/"
            ),
        ),
    ],
)
def test_an_sms_says_it_all_in_a_breath(language: str, words: str) -> None:
    assert (
        filled_text(_texts(NoticeKind.ANNOUNCED)["sms", language], LEILA if language == "ar" else CLEO).body
        == words
    )


@pytest.mark.parametrize("kind", NoticeKind)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_an_sms_costs_no_more_segments_than_that_of_an_ordinary_window(
    kind: NoticeKind, language: str
) -> None:
    reader = LEILA if language == "ar" else CLEO
    short, ordinary = (
        segments.counted_segments(filled_text(_texts(kind, short_notice=short)["sms", language], reader).body)
        for short in (True, False)
    )
    assert (short.encoding, short.segments) == (ordinary.encoding, ordinary.segments)


@pytest.mark.parametrize(("language", "word"), [("en", "Sorry"), ("en", "urgent"), ("ar", "نعتذر")])
def test_the_gate_refuses_a_first_word_without_them(language: str, word: str) -> None:
    text = _texts(NoticeKind.ANNOUNCED)["sms", language]
    text.notice = people.notice(Window.objects.get())
    completeness.check_completeness(text, facts.facts_of(text.notice, ()))
    text.body = text.body.replace(word, "")
    with pytest.raises(Incomplete, match=f"short notice and does not say {word.lower()!r}"):
        completeness.check_completeness(text, facts.facts_of(text.notice, ()))


def test_what_was_told_as_urgent_and_gets_its_full_notice_is_moved_without_a_word_of_a_plan() -> None:
    moved = _texts(NoticeKind.RESCHEDULED, short_notice=False).values()
    assert not [text for text in map(_said, moved) if OF_A_PLAN.search(text)]
