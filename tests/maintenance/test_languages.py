"""Languages in; how dates are written in them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pytest_django import Settings

from maintenance import languages


@pytest.mark.parametrize(
    ("language", "country", "found"),
    [
        ("en", "GB", "en_GB"),
        ("en", "US-NY", "en_US"),
        ("en", "ZZ", "en"),
        ("en-us", "GB", "en_US"),
        ("ar", "GB", "ar"),
        ("ar", "SA", "ar_SA"),
        ("zh-hans", "GB", "zh_Hans"),
        ("de-xx", "GB", "de"),
        ("tlh", "GB", "en_GB"),
        ("../etc", "GB", "en_GB"),
    ],
)
def test_a_language_is_written_as_in_its_country(
    settings: Settings, language: str, country: str, found: str
) -> None:
    """Its own country if it names one, else the bank's if the language is written there."""
    settings.COUNTRY = country
    assert str(languages.locale(language)) == found


@pytest.mark.process
def test_a_language_is_written_the_same_whatever_was_written_before(settings: Settings) -> None:
    """Babel's data of one language leaks into those used later; seen with Urdu after English."""
    said = (
        "import django; django.setup()\n"
        "from babel.dates import format_date; from datetime import date\n"
        "from maintenance.languages import locale\n"
        "for name in ('en', 'af', 'ur'):\n"
        "    words = format_date(date(2026, 11, 29), 'E d MMM', locale=locale(name))\n"
        "print(words.encode('utf-8').hex())\n"
    )
    command = [sys.executable, "-W", "ignore", "-c", said]
    done = subprocess.run(command, cwd=settings.ROOT, capture_output=True, text=True, check=True)
    assert bytes.fromhex(done.stdout).decode() == "اتوار 29 نومبر"
