"""The calendar as libical judges it: each phase of a window in each language, subscribed to and attached."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from maintenance.models import Window
from maintenance.public import ical
from maintenance.status import Phase
from tests import libical, people
from tests.maintenance.public.test_ical import AWKWARD, SOURCE, attached, planned

pytestmark = pytest.mark.libical
LANGUAGES = [code for code, _ in settings.LANGUAGES]
LAWFUL = ical.calendar_document([planned()], language="en", source=SOURCE)


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        (b"PRODID:-//Lull//Maintenance calendar//EN\r\n", b""),
        (b"DTEND:20260309T110000Z\r\n", b"DTEND:20260309T110000Z\r\nDURATION:PT2H\r\n"),
        (b"STATUS:CONFIRMED\r\n", b"STATUS:CONFIRMED\r\nSTATUS:CANCELLED\r\n"),
        (b"CALSCALE:GREGORIAN\r\n", b"CALSCALE:GREGORIAN\r\nMETHOD:PUBLISH\r\n"),
        (b"DTSTART:20260309T090000Z\r\n", b"DTSTART:next Monday\r\n"),
    ],
)
def test_what_the_standards_forbid_is_found(line: bytes, instead: bytes) -> None:
    assert LAWFUL.count(line) == 1
    assert libical.faults(LAWFUL.replace(line, instead))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_feed_of_every_phase_keeps_the_standards(language: str) -> None:
    seen = [replace(planned(number=number), phase=phase) for number, phase in enumerate(Phase)]
    assert libical.faults(ical.calendar_document(seen, language=language, source=SOURCE)) == []


@pytest.mark.parametrize("name", AWKWARD)
def test_a_feed_of_awkward_names_keeps_the_standards(name: str) -> None:
    assert (
        libical.faults(ical.calendar_document([planned(name, words=name)], language="en", source=SOURCE))
        == []
    )


@given(st.text(max_size=80), st.text(max_size=160))
def test_a_feed_of_any_words_keeps_the_standards(name: str, words: str) -> None:
    assert (
        libical.faults(ical.calendar_document([planned(name, words=words)], language="ar", source=SOURCE))
        == []
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_feed_without_windows_lacks_nothing_but_an_event(language: str) -> None:
    assert libical.faults(ical.calendar_document([], language=language, source=SOURCE)) == []


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("status", Window.Status)
def test_an_attachment_of_every_status_keeps_the_standards(status: Window.Status, language: str) -> None:
    assert libical.faults(attached(people.window(status=status), language)) == []
