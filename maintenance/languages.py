"""A language in; how it is written in the bank's country, as Babel knows it, out."""

from __future__ import annotations

import copy
from functools import lru_cache

from babel import Locale, UnknownLocaleError, localedata
from django.conf import settings


def locale(language: str) -> Locale:
    """The locale of a language code: 24 or 12 hours, day or month first are its country's habits.

    The country is that of the code (en-us), else the bank's where the language is written there,
    else none. An unknown language is taken for the bank's first.
    """
    return _locale(language, settings.COUNTRY.partition("-")[0], settings.LANGUAGE_CODE)


@lru_cache(maxsize=512)
def _locale(language: str, territory: str, first: str) -> Locale:
    for known in (language, language.partition("-")[0], first):
        for code in (f"{known}-{territory}", known):
            try:
                found = Locale.parse(code, sep="-")
            except (UnknownLocaleError, ValueError):
                continue
            # Babel takes en-ZZ for en-US
            if code == known or found.territory == territory:
                return _alone(found)
    return _alone(Locale("en"))


@lru_cache(maxsize=512)
def _alone(found: Locale) -> Locale:
    """The locale with data of its own.

    Babel's locales share what they inherit, and using one writes what it found into the shared
    part: after an English text, an Urdu one would be dated "Sun 29 M11" (python-babel issue 1234).
    """
    data = localedata.load(str(found))
    for name in data:
        data[name] = copy.deepcopy(data[name])
    return found
