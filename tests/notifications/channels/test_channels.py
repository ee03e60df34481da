"""Which road a channel takes is decided by settings alone; and the demonstration bank has one road only."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from notifications.channels import open_channel, social
from notifications.channels.types import Message, Outcome, Verdict
from tests.notifications import messages
from tests.servers.mastodon import Mastodon
from tests.servers.smtp import Server as MailServer
from tests.servers.twilio import ACCOUNT, TOKEN, Twilio

MESSAGES: dict[str, Callable[[], Message]] = {
    "sms": messages.sms,
    "email": messages.mail,
    "inapp": lambda: messages.post(""),
    "social": lambda: messages.post(social.Channel.targets()[0]),
}


@pytest.fixture
def nothing(settings: Settings) -> Settings:
    """A bank that has set no provider."""
    settings.TWILIO_ACCOUNT_SID = settings.TWILIO_AUTH_TOKEN = ""
    settings.EMAIL_CONFIGURED, settings.SOCIAL_URLS = False, []
    return settings


@pytest.fixture
def everything(nothing: Settings) -> Iterator[tuple[Twilio, MailServer, Mastodon]]:
    """A bank that has set every provider, each a server of the tests."""
    with Twilio() as twilio, MailServer() as mail, Mastodon() as mastodon:
        nothing.TWILIO_ACCOUNT_SID, nothing.TWILIO_AUTH_TOKEN = ACCOUNT, TOKEN
        nothing.TWILIO_FROM, nothing.TWILIO_API_BASE = "+15005550006", twilio.url
        nothing.EMAIL_CONFIGURED = True
        nothing.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        nothing.EMAIL_HOST, nothing.EMAIL_PORT, nothing.EMAIL_HOST_USER = "127.0.0.1", mail.port, ""
        nothing.EMAIL_USE_TLS = nothing.EMAIL_USE_SSL = False
        nothing.SOCIAL_URLS = [f"mastodon+http://{Mastodon.token}@127.0.0.1:{mastodon.port}"]
        yield twilio, mail, mastodon


def _send(name: str, *, demonstration: bool = False) -> Outcome:
    channel = open_channel(name, 4, demonstration=demonstration)
    try:
        (outcome,) = channel.send(iter([MESSAGES[name]()]))
    finally:
        channel.close()
    return outcome


@pytest.mark.parametrize(
    ("name", "provider"), [("sms", "outbox"), ("email", "outbox"), ("inapp", "app"), ("social", "outbox")]
)
def test_without_credentials_messages_stay_in_the_outbox(name: str, provider: str, nothing: Settings) -> None:
    outcome = _send(name)
    assert (outcome.result, outcome.provider, outcome.provider_ref) == (Verdict.ACCEPTED, provider, "")


@pytest.mark.parametrize(
    ("name", "provider"), [("sms", "twilio"), ("email", "smtp"), ("inapp", "app"), ("social", "mastodon")]
)
def test_with_credentials_the_same_messages_go_out(
    name: str, provider: str, everything: tuple[Twilio, MailServer, Mastodon]
) -> None:
    outcome = _send(name)
    assert (outcome.result, outcome.provider) == (Verdict.ACCEPTED, provider)


def test_each_message_reaches_its_own_server(everything: tuple[Twilio, MailServer, Mastodon]) -> None:
    for name in MESSAGES:
        _send(name)
    twilio, mail, mastodon = everything
    assert (len(twilio.messages), len(mail.mails), len(mastodon.posts)) == (1, 1, 1)


@pytest.mark.parametrize("name", MESSAGES)
def test_the_demonstration_bank_reaches_nobody_even_with_credentials(
    name: str, everything: tuple[Twilio, MailServer, Mastodon]
) -> None:
    outcome = _send(name, demonstration=True)
    twilio, mail, mastodon = everything
    assert (outcome.result, outcome.provider) == (Verdict.ACCEPTED, "outbox")
    assert (twilio.requests, mail.mails, mail.lines, mastodon.requests) == ([], [], 0, [])


def test_every_channel_of_the_settings_has_its_file() -> None:
    for name in django_settings.CHANNELS:
        channel = open_channel(name, 4, demonstration=False)
        assert channel.provider
        channel.close()


def test_a_channel_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(ImportError):
        open_channel("pigeon", 4, demonstration=False)


@pytest.mark.parametrize(
    ("backend", "provider", "receipts"),
    [
        ("django.core.mail.backends.smtp.EmailBackend", "smtp", False),
        ("anymail.backends.postmark.EmailBackend", "postmark", True),
        ("anymail.backends.unisender_go.EmailBackend", "unisender_go", True),
        ("django.core.mail.backends.console.EmailBackend", "console", False),
    ],
)
def test_the_email_backend_names_the_provider(
    backend: str, provider: str, receipts: bool, nothing: Settings
) -> None:
    nothing.EMAIL_CONFIGURED, nothing.EMAIL_BACKEND = True, backend
    channel = open_channel("email", 4, demonstration=False)
    assert (channel.provider, channel.has_receipts) == (provider, receipts)


def test_more_mails_wait_than_a_mail_server_is_given_lines(
    everything: tuple[Twilio, MailServer, Mastodon],
) -> None:
    """So that the next mail's envelope is there to go with the text of the one before."""
    assert open_channel("email", 64, demonstration=False).in_flight == 64


def test_targets_are_the_networks_of_the_settings(nothing: Settings) -> None:
    nothing.SOCIAL_URLS = ["mastodon://secret@social.example", "byhand://facebook"]
    assert social.Channel.targets() == ["mastodon:social.example", "by hand:facebook"]


def test_without_networks_the_one_target_is_the_outbox(nothing: Settings) -> None:
    assert social.Channel.targets() == ["outbox"]


def test_a_post_by_hand_waits_for_a_person(nothing: Settings) -> None:
    nothing.SOCIAL_URLS = ["byhand://facebook"]
    outcome = _send("social")
    assert (outcome.result, outcome.provider) == (Verdict.BY_HAND, "by hand")


def test_a_post_for_a_network_no_longer_set_goes_nowhere(nothing: Settings) -> None:
    message = messages.post("mastodon:gone.example")
    (outcome,) = open_channel("social", 4, demonstration=False).send(iter([message]))
    assert (outcome.result, outcome.code) == (Verdict.PERMANENT, "no target")
