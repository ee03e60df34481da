"""The words of the public pages: every one is in the Arabic catalogue, and nothing else is.

After a change to a .po file: pybabel compile -D django -d <app>/locale
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCES: Final = {
    "maintenance": [
        "maintenance/public/*.py",
        "maintenance/views.py",
        "templates/base.html",
        "templates/40?.html",
        "templates/maintenance/*.html",
    ],
    "notifications": [
        "notifications/views.py",
        "notifications/channels/*.py",
        "templates/notifications/preferences*.html",
    ],
}
LANGUAGES: Final = ["ar"]

type_of_message = tuple[str, str | None]


def said(app: str) -> set[type_of_message]:
    """All that an app's public faces say by gettext, each with its context."""
    found = {message for pattern in SOURCES[app] for path in ROOT.glob(pattern) for message in _in(path)}
    # what both say is in the catalogue of the first, and the two are one at run time
    return found if app == "maintenance" else found - said("maintenance")


def _in(path: Path) -> Iterator[type_of_message]:
    source = path.read_text()
    if path.suffix == ".html":
        source = templatize(source)
    keywords = {"_": None, "gettext": None, "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2)}
    for _line, message, _comments, context in extract(
        "python", io.BytesIO(source.encode()), keywords=keywords
    ):
        assert isinstance(message, str), f"{path}: {message}"
        yield message, context


def catalogue(app: str, language: str) -> Catalog:
    path = ROOT / app / "locale" / language / "LC_MESSAGES" / "django.po"
    return read_po(io.BytesIO(path.read_bytes()), locale=language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("app", SOURCES)
def test_the_catalogue_holds_what_the_pages_say_and_nothing_else(app: str, language: str) -> None:
    assert {(entry.id, entry.context) for entry in catalogue(app, language) if entry.id} == said(app)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("app", SOURCES)
def test_every_entry_is_translated_with_its_facts(app: str, language: str) -> None:
    for entry in catalogue(app, language):
        if entry.id:
            assert entry.string, entry.id
            assert not entry.fuzzy, entry.id
            assert not list(entry.check()), entry.id


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("app", SOURCES)
def test_the_compiled_catalogue_is_that_of_the_source(app: str, language: str) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(app, language))
    path = ROOT / app / "locale" / language / "LC_MESSAGES" / "django.mo"
    assert path.read_bytes() == compiled.getvalue()
