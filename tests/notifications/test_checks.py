"""A setting that is only half right is told before anything runs, not when a notice is due."""

from __future__ import annotations

import pytest
from django.core import checks
from django.core.management import CommandError, call_command
from pytest_django import Settings

ACCOUNT = "AC" + "0" * 32


@pytest.fixture(autouse=True)
def nothing_set(settings: Settings) -> None:
    """Whatever this machine sets."""
    settings.SOCIAL_URLS = []
    settings.TWILIO_ACCOUNT_SID = settings.TWILIO_AUTH_TOKEN = ""
    settings.TWILIO_MESSAGING_SERVICE_SID = settings.TWILIO_FROM = ""


def _found() -> list[checks.CheckMessage]:
    return [fault for fault in checks.run_checks() if (fault.id or "").startswith("lull.")]


def test_nothing_set_is_nothing_wrong() -> None:
    assert _found() == []


def test_a_misspelt_social_url_is_told_without_its_token(settings: Settings) -> None:
    settings.SOCIAL_URLS = ["byhand://facebook", "mastadon://TOKEN@social.example"]
    [fault] = _found()
    assert (fault.id, fault.level) == ("lull.E001", checks.ERROR)
    assert fault.msg.startswith("SOCIAL_URLS, entry 2: write mastodon://")
    assert "TOKEN@social.example" not in f"{fault.msg} {fault.hint}"
    assert fault.hint


def test_social_urls_that_can_be_read_are_right(settings: Settings) -> None:
    settings.SOCIAL_URLS = ["byhand://facebook", "mastodon://TOKEN@social.example"]
    assert _found() == []


@pytest.mark.parametrize(
    ("token", "sender", "lacking"),
    [
        ("", "+15005550006", "TWILIO_AUTH_TOKEN is not"),
        ("token", "", "set TWILIO_MESSAGING_SERVICE_SID or TWILIO_FROM"),
    ],
)
def test_half_an_account_is_told(settings: Settings, token: str, sender: str, lacking: str) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_FROM = ACCOUNT, token, sender
    [fault] = _found()
    assert (fault.id, fault.level) == ("lull.E002", checks.ERROR)
    assert lacking in fault.msg
    assert fault.hint


@pytest.mark.parametrize("sender", ["TWILIO_FROM", "TWILIO_MESSAGING_SERVICE_SID"])
def test_a_whole_account_is_right(settings: Settings, sender: str) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT, "token"
    setattr(settings, sender, "set")
    assert _found() == []


def test_check_refuses_to_go_on(settings: Settings) -> None:
    settings.SOCIAL_URLS = ["facebook"]
    with pytest.raises(CommandError, match=r"lull\.E001"):
        call_command("check")
