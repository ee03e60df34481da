"""Who mails are from is one address that every wire can write, whatever the bank is called."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from config import environment
from notifications.channels.providers.esp import service
from notifications.channels.providers.http import loops
from notifications.channels.providers.mime import mailbox
from notifications.channels.providers.smtp import mailer
from notifications.channels.types import Verdict
from tests.notifications import messages
from tests.notifications.channels.providers.calls import one
from tests.servers.smtp import Server

NAMES = [
    "Example Bank, N.A.",
    "Bank @ Home",
    "Bank; Trust",
    "Bank: Trust",
    "Bank <Trust",
    "Bank > Trust",
    "Bank (UK",
    'The "First" Bank',
    "Back\\slash",
    "بنك، المثال",
    "بنك, المثال",
    "Crédit; Agricole",
    "株式会社みずほ銀行, N.A.",
]
ADDRESS = "notices@localhost"


def _written(name: str) -> str:
    return environment.sender("NO_SUCH_SETTING", called=name, address=ADDRESS)


@pytest.mark.parametrize("name", NAMES)
def test_a_bank_of_any_name_mails_every_customer(name: str, settings: Settings) -> None:
    with Server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.DEFAULT_FROM_EMAIL = _written(name)
        outcome = one(mailer.SmtpProvider(), messages.mail())
    loops.close_loops()
    (mail,) = server.mails
    (sender,) = mail.message["From"].addresses
    assert outcome.result is Verdict.ACCEPTED
    assert (mail.sender, sender.display_name, sender.addr_spec) == (ADDRESS, name, ADDRESS)


@pytest.mark.parametrize(
    "said",
    [
        ADDRESS,
        f"Example Bank <{ADDRESS}>",
        f"Example Bank (UK) <{ADDRESS}>",
        f"بنك المثال <{ADDRESS}>",
        *map(_written, NAMES),
    ],
)
def test_one_address_is_read(said: str) -> None:
    assert (mailbox.sender_fault(said), mailbox.sender_address(said)) == ("", ADDRESS)


@pytest.mark.parametrize(
    "said",
    [
        *(
            f"{name} <{ADDRESS}>"
            for name in ("Example Bank, N.A.", "Bank @ Home", "Bank; Trust", "Bank: Trust", "Bank <Trust")
        ),
        f"Bank (UK <{ADDRESS}>",
        "Example Bank",
        "notices@",
        "@bank.example",
        "a@bank.example, b@bank.example",
        f"Example\nBank <{ADDRESS}>",
        "notices at bank.example",
        f".Example Bank <{ADDRESS}>",
        "notices@[",
        "",
    ],
)
def test_anything_else_is_told_and_no_mail_fails_for_it(said: str, settings: Settings) -> None:
    settings.DEFAULT_FROM_EMAIL = said
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    by_smtp = one(mailer.SmtpProvider(), messages.mail())
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    by_service = one(service.MailServiceProvider(), messages.mail())
    assert "DEFAULT_FROM_EMAIL must be one address" in mailbox.sender_fault(said)
    assert [(told.result, told.code) for told in (by_smtp, by_service)] == [
        (Verdict.CONFIGURATION, "settings")
    ] * 2
