"""Doors that anybody could open are told before they are opened to the world."""

from __future__ import annotations

import pytest
from django.core import checks
from pytest_django import Settings

from notifications.channels.providers.esp import webhook_views
from tests.notifications.checked import checked, found

pytestmark = pytest.mark.usefixtures("nothing_set")

KEY = "a key of the bank that is long enough for HS256"


@pytest.mark.parametrize(
    ("service", "lacking"),
    [
        ("postmark", "set ANYMAIL_WEBHOOK_SECRET"),
        ("sparkpost", "set ANYMAIL_WEBHOOK_SECRET"),
        ("amazon_ses", "set ANYMAIL_WEBHOOK_SECRET"),
        ("mailgun", "MAILGUN_WEBHOOK_SIGNING_KEY"),
    ],
)
def test_a_mail_service_that_cannot_be_told_from_others_is_told(
    settings: Settings, service: str, lacking: str
) -> None:
    settings.EMAIL_BACKEND = f"anymail.backends.{service}.EmailBackend"
    [fault] = found(deploy=True)
    assert (fault.id, fault.level) == ("lull.E022", checks.ERROR)
    assert lacking in fault.msg
    assert fault.hint


def test_the_address_that_a_mail_service_is_given_is_the_banks_and_its_own(settings: Settings) -> None:
    settings.BASE_URL = "https://notices.example"
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    [fault] = found(deploy=True)
    assert "https://user:password@notices.example/receipts/email/postmark/tracking/" in fault.msg
    assert fault.msg.count(": ") == 1


@pytest.mark.parametrize(
    ("service", "topics", "anymail"),
    [
        ("postmark", [], {"WEBHOOK_SECRET": "user:password"}),
        ("mailgun", [], {"MAILGUN_WEBHOOK_SIGNING_KEY": "key"}),
        ("amazon_ses", ["arn:aws:sns:eu-west-1:123456789012:mail"], {}),
    ],
)
def test_a_mail_service_that_can_be_told_is_right(
    settings: Settings, service: str, topics: list[str], anymail: dict[str, str]
) -> None:
    settings.EMAIL_BACKEND = f"anymail.backends.{service}.EmailBackend"
    settings.SNS_TOPICS, settings.ANYMAIL = topics, anymail
    assert found(deploy=True) == []


def test_amazon_ses_without_boto_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_views, "has_boto", lambda: False)
    settings.EMAIL_CONFIGURED, settings.DEFAULT_FROM_EMAIL = True, "notices@bank.example"
    settings.EMAIL_BACKEND = "anymail.backends.amazon_ses.EmailBackend"
    [fault] = found()
    assert (fault.id, fault.level) == ("lull.E020", checks.ERROR)
    assert "requirements/ses.txt" in fault.msg


@pytest.mark.parametrize("backend", ["smtp", "console", "locmem"])
def test_mail_without_a_service_has_no_events(settings: Settings, backend: str) -> None:
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"
    assert found(deploy=True) == []


@pytest.mark.parametrize("name", ["APP_JWT_KEY", "APP_JWKS_URL"])
@pytest.mark.parametrize(
    ("audience", "issuer", "ids"),
    [
        ("", "", ["lull.W023", "lull.W024"]),
        ("lull", "", ["lull.W024"]),
        ("", "bank", ["lull.W023"]),
        ("lull", "bank", []),
    ],
)
def test_an_app_whose_tokens_may_be_anybodys_is_told(
    settings: Settings, name: str, audience: str, issuer: str, ids: list[str]
) -> None:
    setattr(settings, name, KEY)
    settings.APP_JWT_AUDIENCE, settings.APP_JWT_ISSUER = audience, issuer
    assert checked() == ids
    assert found() == []


def test_a_short_key_of_the_app_is_told(settings: Settings) -> None:
    settings.APP_JWT_KEY = "short"
    assert [(fault.id, fault.level) for fault in found()] == [("lull.E021", checks.ERROR)]


@pytest.mark.parametrize("key", ["k" * 31, "k" * 64])
def test_a_key_of_addresses_that_can_be_found_by_trying_is_told(settings: Settings, key: str) -> None:
    settings.ADDRESS_KEY = key
    assert checked() == ["lull.W025"]


@pytest.mark.parametrize(("token", "ids"), [("prometheus", ["lull.W026"]), ("p" * 16, [])])
def test_a_token_of_prometheus_that_can_be_guessed_is_told(
    settings: Settings, token: str, ids: list[str]
) -> None:
    settings.METRICS_TOKEN = token
    assert checked() == ids
