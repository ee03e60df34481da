"""A language and the name of a words file in; the file's parts, ready to be rendered, out.

A file lies in templates/notices/<language>/ and holds its parts in sections, each under its
name in brackets on a line of its own. A further language is a further folder and no code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from django.template import Context, Engine, Template, TemplateDoesNotExist

PHRASES: Final = "phrases"
"""The file of words that every notice in a language shares."""
_HEADER: Final = re.compile(r"^\[([a-z][a-z ]*)\][ \t]*$", re.MULTILINE)


def phrases_path(language: str, name: str) -> str:
    """Where the file lies, under templates/."""
    return f"notices/{language}/{name}.txt"


@lru_cache(maxsize=256)
def phrase_sections(language: str, name: str) -> Mapping[str, Template]:
    """The parts of a file by their names. Raises TemplateDoesNotExist where there is no such file."""
    engine = Engine(dirs=Engine.get_default().dirs, autoescape=False)
    source = str(engine.get_template(phrases_path(language, name)).source)
    _, *parts = _HEADER.split(source)
    return {
        header: engine.from_string(body.strip()) for header, body in zip(parts[::2], parts[1::2], strict=True)
    }


def shared_phrase(language: str, name: str, **values: Any) -> str:
    """One of the shared phrases, in the bank's first language where this one has no words.

    Raises KeyError where the file lacks the phrase.
    """
    return str(_shared(language)[name].render(Context(values, autoescape=False)))


def _shared(language: str) -> Mapping[str, Template]:
    for candidate in (language, language.partition("-")[0]):
        try:
            return phrase_sections(candidate, PHRASES)
        except TemplateDoesNotExist:
            continue
    return phrase_sections(settings.LANGUAGE_CODE, PHRASES)
