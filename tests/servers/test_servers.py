"""The stand-ins as processes of their own: what they answered is on the disk."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytest_django import Settings

from notifications.contract import Class
from notifications.providers import smtp
from notifications.providers import twilio as provider
from tests.notifications import messages
from tests.servers import log
from tests.servers.twilio import ACCOUNT, TOKEN

pytestmark = pytest.mark.process


@contextmanager
def _running(name: str, file: Path) -> Iterator[int]:
    """Start a server on a free port; the port."""
    command = [sys.executable, "-m", f"tests.servers.{name}", "--port", "0", "--log", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield int(process.stdout.readline().rsplit(":", 1)[1])
        finally:
            process.kill()


def test_twilio_writes_each_message_before_it_answers(tmp_path: Path, settings: Settings) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT, TOKEN
    settings.TWILIO_FROM, settings.TWILIO_MESSAGING_SERVICE_SID = "+15005550006", ""
    file = tmp_path / "twilio.jsonl"
    with _running("twilio", file) as port:
        settings.TWILIO_API_BASE = f"http://127.0.0.1:{port}"
        outcome = provider.Provider().send(messages.sms())
    (line,) = log.read(file)
    assert outcome.result is Class.ACCEPTED
    assert (line["status"], line["form"]["To"]) == (201, messages.CLEO)
    assert outcome.provider_ref in line["answer"]


def test_smtp_writes_each_mail_before_it_answers(tmp_path: Path, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_HOST_USER = "127.0.0.1", ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    file = tmp_path / "smtp.jsonl"
    sent = messages.mail()
    with _running("smtp", file) as port:
        settings.EMAIL_PORT = port
        outcome = smtp.Provider().send(sent)
        smtp.Provider().close()
    (line,) = log.read(file)
    assert outcome.result is Class.ACCEPTED
    assert (line["recipients"], line["subject"]) == ([messages.CLEO_MAIL], sent.subject)
    assert str(sent.delivery) in line["message_id"]
