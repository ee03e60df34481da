"""A setting that is only half right is told before anything runs, not when a notice is due."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from celery.signals import worker_ready
from django.core import checks
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from notifications import tasks
from notifications.models import Alarm
from notifications.operations import alerts, heartbeats
from tests.notifications.checked import found
from tests.staff import address, signed_in, words

pytestmark = pytest.mark.usefixtures("nothing_set")

ACCOUNT = "AC" + "0" * 32


@pytest.mark.parametrize("deploy", [False, True])
def test_nothing_set_is_nothing_wrong(deploy: bool) -> None:
    assert found(deploy=deploy) == []


def test_a_misspelt_social_url_is_told_without_its_token(settings: Settings) -> None:
    settings.SOCIAL_URLS = ["byhand://facebook", "mastadon://TOKEN@social.example"]
    [fault] = found()
    assert (fault.id, fault.level) == ("lull.E001", checks.ERROR)
    assert fault.msg.startswith("SOCIAL_URLS, entry 2: write mastodon://")
    assert "TOKEN@social.example" not in f"{fault.msg} {fault.hint}"
    assert fault.hint


def test_social_urls_that_can_be_read_are_right(settings: Settings) -> None:
    settings.SOCIAL_URLS = ["byhand://facebook", "mastodon://TOKEN@social.example"]
    assert found() == []


@pytest.mark.parametrize(
    ("token", "sender", "lacking"),
    [
        ("", "+15005550006", "TWILIO_AUTH_TOKEN is not"),
        ("token", "", "set TWILIO_MESSAGING_SERVICE_SID or TWILIO_FROM"),
    ],
)
def test_half_an_account_is_told(settings: Settings, token: str, sender: str, lacking: str) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_FROM = ACCOUNT, token, sender
    settings.BASE_URL = "https://status.bank.example"
    [fault] = found()
    assert (fault.id, fault.level) == ("lull.E002", checks.ERROR)
    assert lacking in fault.msg
    assert fault.hint


@pytest.mark.parametrize("sender", ["TWILIO_FROM", "TWILIO_MESSAGING_SERVICE_SID"])
def test_a_whole_account_is_right(settings: Settings, sender: str) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT, "token"
    setattr(settings, sender, "+15005550006" if sender == "TWILIO_FROM" else "MG" + "0" * 32)
    settings.TWILIO_API_BASE, settings.BASE_URL = "https://api.twilio.com", "https://status.bank.example"
    assert found() == []


SMTP = {
    "EMAIL_CONFIGURED": True,
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "EMAIL_HOST": "mail.bank.example",
    "EMAIL_PORT": 587,
    "DEFAULT_FROM_EMAIL": "notices@bank.example",
}
POSTMARK = {**SMTP, "EMAIL_BACKEND": "anymail.backends.postmark.EmailBackend"}
TWILIO = {
    "TWILIO_ACCOUNT_SID": ACCOUNT,
    "TWILIO_AUTH_TOKEN": "a secret token",
    "TWILIO_FROM": "+15005550006",
    "BASE_URL": "https://status.bank.example",
}
RIGHT = [
    SMTP,
    POSTMARK | {"ANYMAIL": {"POSTMARK_SERVER_TOKEN": "t"}},
    SMTP | {"DEFAULT_FROM_EMAIL": '"Example Bank, N.A." <notices@bank.example>'},
    SMTP | {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": 1025, "DEFAULT_FROM_EMAIL": "Bank <notices@localhost>"},
    TWILIO,
    *(TWILIO | {"TWILIO_FROM": sender} for sender in ("72975", "ExampleBank", "Bank 24")),
    TWILIO | {"TWILIO_API_BASE": "http://127.0.0.1:9000", "BASE_URL": "http://127.0.0.1:8000"},
    {"OPERATOR_EMAILS": ["ops@bank.example", "Olga <olga@bank.example>"]},
    {"PRICES": {"currency": "GBP", "sms": {"+44": "0.04", "": 0.06}}},
]
WRONG = [
    (SMTP | {"DEFAULT_FROM_EMAIL": f"{name} <a@bank.example>"}, "lull.E008", "DEFAULT_FROM_EMAIL must be one")
    for name in (
        "Example Bank, N.A.",
        "Bank @ Home",
        "Bank; Trust",
        "Bank: Trust",
        "Bank < Trust",
        "Bank (UK",
    )
] + [
    ({"DEFAULT_FROM_EMAIL": "Example Bank"}, "lull.E008", "DEFAULT_FROM_EMAIL must be one address"),
    (SMTP | {"EMAIL_BACKEND": "anymail.backends.postmrk.EmailBackend"}, "lull.E009", "which is not there"),
    (SMTP | {"EMAIL_BACKEND": "django.core.mail.backends.smtp"}, "lull.E009", "which is not there"),
    (SMTP | {"EMAIL_HOST": ""}, "lull.E010", "EMAIL_URL must name a server"),
    (SMTP | {"EMAIL_PORT": 70_000}, "lull.E010", "EMAIL_URL must name a server"),
    (POSTMARK | {"ANYMAIL": {}}, "lull.E011", "POSTMARK_SERVER_TOKEN"),
    (SMTP | {"DEFAULT_FROM_EMAIL": "Bank <notices@localhost>"}, "lull.W001", "few mail servers"),
    (TWILIO | {"TWILIO_ACCOUNT_SID": "SK" + "0" * 32}, "lull.E003", "TWILIO_ACCOUNT_SID must be AC"),
    (TWILIO | {"TWILIO_MESSAGING_SERVICE_SID": "MG12"}, "lull.E004", "must be MG and 32"),
    *(
        (TWILIO | {"TWILIO_FROM": sender}, "lull.E005", "TWILIO_FROM must be a number like")
        for sender in ("01632 960000", "+0441632", "Example Bank Ltd", "12", "+44 1632 960000")
    ),
    (TWILIO | {"TWILIO_API_BASE": "api.twilio.com"}, "lull.E006", "TWILIO_API_BASE must be an address"),
    (TWILIO | {"BASE_URL": "http://127.0.0.1:8000"}, "lull.E007", "where Twilio cannot report"),
    ({"OPERATOR_EMAILS": ["ops@bank.example", "olga"]}, "lull.E012", "and 'olga' is none"),
    ({"OPERATOR_MAIL": {"HOST": "", "PORT": 25}}, "lull.E013", "OPERATOR_EMAIL_URL must name a server"),
    ({"BANK_NAME": " "}, "lull.E014", "BANK_NAME must be one line"),
    ({"BANK_NAME": "Example\nBank"}, "lull.E014", "BANK_NAME must be one line"),
    ({"BASE_URL": "https://status.example/?a=b"}, "lull.E015", "BASE_URL must be an address"),
    ({"CHANNELS": ["sms", "fax"]}, "lull.E016", "CHANNELS names 'fax'"),
    ({"CHANNELS": ["sms", "sms"]}, "lull.E016", "CHANNELS names sms twice"),
    ({"CHANNELS": []}, "lull.E016", "CHANNELS names no channel"),
    ({"DELIVERIES_IN_FLIGHT": 0}, "lull.E017", "DELIVERIES_IN_FLIGHT must be 1 or more, not 0."),
    ({"REFUSALS_IN_A_ROW": 1}, "lull.E017", "REFUSALS_IN_A_ROW must be 2 or more, not 1."),
    ({"RETRY_SECONDS": (-1,)}, "lull.E017", "RETRY_SECONDS must be 0 or more"),
    ({"PRICES": {"fax": {}}}, "lull.E018", "PRICES names 'fax'"),
    ({"PRICES": {"sms": 4}}, "lull.E018", "must give sms a table"),
    ({"PRICES": {"sms": {"+44": "four"}}}, "lull.E018", "must give sms '+44' a number"),
    ({"PRICES": {"currency": 7}}, "lull.E018", "currency as text"),
    ({"LANGUAGES": [("cy", "Cymraeg")], "LANGUAGE_CODE": "cy"}, "lull.E019", "no words in templates/notices"),
    ({"LANGUAGES": [("en", "English"), ("cy", "Cymraeg")]}, "lull.W002", "LANGUAGES names 'cy'"),
]


def _set(settings: Settings, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(settings, name, value)


@pytest.mark.parametrize("values", RIGHT, ids=map(str, range(len(RIGHT))))
def test_settings_with_which_messages_go_out_are_right(values: dict[str, Any], settings: Settings) -> None:
    _set(settings, values)
    assert found() == []


@pytest.mark.parametrize(("values", "number", "words"), WRONG, ids=map(str, range(len(WRONG))))
def test_each_setting_that_is_used_to_send_is_told_in_one_sentence(
    values: dict[str, Any], number: str, words: str, settings: Settings
) -> None:
    _set(settings, values)
    [fault] = found()
    assert fault.id == number
    assert words in fault.msg
    assert fault.hint
    assert fault.level == (checks.ERROR if "E" in number else checks.WARNING)
    assert fault.msg.endswith(".")


def test_no_secret_is_shown(settings: Settings) -> None:
    secret = "0123456789abcdef"
    _set(
        settings,
        POSTMARK
        | TWILIO
        | {
            "ANYMAIL": {"POSTMARK_SERVER_TOKEN": secret},
            "TWILIO_ACCOUNT_SID": secret,
            "TWILIO_AUTH_TOKEN": secret,
            "TWILIO_MESSAGING_SERVICE_SID": secret,
            "OPERATOR_MAIL": {"HOST": "", "PORT": 25, "HOST_PASSWORD": secret},
        },
    )
    assert [fault.id for fault in found()] == ["lull.E003", "lull.E004", "lull.E013"]
    assert [fault for fault in found() if secret in f"{fault.msg} {fault.hint}"] == []


def test_a_worker_tells_it_in_its_log(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.DEFAULT_FROM_EMAIL = "Example Bank"
    worker_ready.send(sender=None)
    [told] = [record.getMessage() for record in caplog.records if record.name == tasks.log.name]
    assert told.startswith("DEFAULT_FROM_EMAIL must be one address")


@pytest.mark.django_db
def test_readyz_and_the_first_page_name_it_at_once(settings: Settings, client: Client) -> None:
    settings.DEFAULT_FROM_EMAIL = "Example Bank, N.A. <notices@bank.example>"
    heartbeats.record_beat(heartbeats.CLOCK)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.content.decode().startswith("DEFAULT_FROM_EMAIL must be one address")
    assert "DEFAULT_FROM_EMAIL must be one address" in words(signed_in("ada"), address("index"))


@pytest.mark.django_db
def test_the_watch_calls_an_operator_and_readyz_says_it_once(
    settings: Settings, client: Client, now: datetime
) -> None:
    settings.DEFAULT_FROM_EMAIL = "Example Bank"
    heartbeats.record_beat(heartbeats.CLOCK)
    alerts.update_alarms(now=now)
    assert Alarm.objects.filter(what__startswith="settings lull.E008 ", ended_at=None).count() == 1
    assert client.get("/readyz").content.decode().count("DEFAULT_FROM_EMAIL must be") == 1


def test_check_refuses_to_go_on(settings: Settings) -> None:
    settings.SOCIAL_URLS = ["facebook"]
    with pytest.raises(CommandError, match=r"lull\.E001"):
        call_command("check")
