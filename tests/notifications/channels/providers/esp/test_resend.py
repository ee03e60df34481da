"""Resend knows a key again: what is in doubt is handed over once more, and sent once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from notifications.channels.providers.esp import service
from notifications.channels.types import Unreachable, Verdict
from tests.notifications import messages
from tests.notifications.channels.providers.esp.test_batches import send, use
from tests.servers.web import Answer, Request, Server


class Resend(Server):
    """Sends a mail for each new key; `broken` loses the answer after that."""

    def __init__(self) -> None:
        super().__init__(self._answered)
        self.sent: dict[str, str] = {}
        self.broken = False
        self.status = 200

    def _answered(self, request: Request) -> Answer:
        if self.status != 200:
            return Answer(self.status)
        key = request.headers["Idempotency-Key"]
        self.sent.setdefault(key, f"resend-{len(self.sent)}")
        return Answer(200, json.dumps({"id": self.sent[key]}).encode(), cut=self.broken)


@pytest.fixture
def resend(settings: Settings) -> Iterator[Resend]:
    with Resend() as running:
        use(settings, running.url)
        settings.EMAIL_BACKEND = "anymail.backends.resend.EmailBackend"
        settings.ANYMAIL = {"RESEND_API_KEY": "a key", "RESEND_API_URL": f"{running.url}/"}
        yield running
        service._idle.clear()


def test_a_mail_in_doubt_that_was_taken_is_found_and_not_sent_twice(resend: Resend) -> None:
    mail, resend.broken = messages.mail(), True
    assert send(mail)[mail.delivery].result is Verdict.UNKNOWN
    resend.broken = False
    found = service.MailServiceProvider().find(mail, datetime.now(UTC))
    assert found is not None
    assert (found.provider_ref, len(resend.sent), len(resend.requests)) == ("resend-0", 1, 2)


def test_each_attempt_has_a_key_of_its_own(resend: Resend) -> None:
    mail = messages.mail()
    send(mail, replace(mail, attempt=2), messages.mail())
    assert len(resend.sent) == 3


@pytest.mark.parametrize("status", [429, 500, 409])
def test_a_service_that_does_not_say_is_asked_again_later(status: int, resend: Resend) -> None:
    resend.status = status
    with pytest.raises(Unreachable):
        service.MailServiceProvider().find(messages.mail(), datetime.now(UTC))


def test_a_mail_is_not_handed_over_again_when_the_key_is_forgotten_or_the_words_are_old(
    resend: Resend,
) -> None:
    mail, now = messages.mail(), datetime.now(UTC)
    for asked, since in ((mail, now - timedelta(days=1)), (replace(mail, expires_at=mail.composed_at), now)):
        with pytest.raises(LookupError, match="too late"):
            service.MailServiceProvider().find(asked, since)
    assert resend.requests == []


def test_other_services_are_never_asked_so(resend: Resend, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"
    with pytest.raises(LookupError, match="cannot be asked"):
        service.MailServiceProvider().find(messages.mail(), datetime.now(UTC))
    assert resend.requests == []
