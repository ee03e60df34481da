"""The stand-ins as processes of their own: what they answered is on the disk."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from pytest_django import Settings

from notifications.channels.providers.http import loops
from notifications.channels.providers.smtp import mailer
from notifications.channels.providers.twilio import sms
from notifications.channels.types import Verdict
from tests.notifications import messages
from tests.notifications.channels.providers import calls
from tests.servers import behaviour, log
from tests.servers.behaviour import Behaviour
from tests.servers.twilio import ACCOUNT, TOKEN, Twilio

pytestmark = pytest.mark.process


@contextmanager
def _running(name: str, file: Path) -> Iterator[int]:
    """Start a server on a free port; the port."""
    command = [sys.executable, "-m", f"tests.servers.{name}", "--port", "0", "--log", str(file)]
    command += ["--behave", str(file.with_suffix(".behave"))]
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
        outcome = calls.one(sms.TwilioProvider(), messages.sms())
    (line,) = log.read(file)
    assert outcome.result is Verdict.ACCEPTED
    assert (line["status"], line["form"]["To"]) == (201, messages.CLEO)
    assert outcome.provider_ref in line["answer"]


def test_twilio_changes_its_ways_in_mid_run(tmp_path: Path, settings: Settings) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT, TOKEN
    settings.TWILIO_FROM, settings.TWILIO_MESSAGING_SERVICE_SID = "+15005550006", ""
    file = tmp_path / "twilio.jsonl"
    with _running("twilio", file) as port:
        settings.TWILIO_API_BASE = f"http://127.0.0.1:{port}"
        results = []
        for ways in (Behaviour(status=429, retry_after=7), Behaviour(cut=True), Behaviour()):
            behaviour.write(file.with_suffix(".behave"), ways)
            results.append(calls.one(sms.TwilioProvider(), messages.sms()))
        loops.close_loops()
    assert [one.result for one in results] == [Verdict.NOT_PROCESSED, Verdict.UNKNOWN, Verdict.ACCEPTED]
    assert results[0].retry_after == 7
    assert ["sid" in line for line in log.read(file)] == [False, True, True]  # cut, and taken all the same


def test_twilio_lists_by_number_and_by_date_a_page_at_a_time(tmp_path: Path) -> None:
    with Twilio() as server:
        root = f"{server.url}/2010-04-01/Accounts/{ACCOUNT}/Messages"
        key = (ACCOUNT, TOKEN)
        for number in range(5):
            form = {"To": f"+44770090000{number % 2}", "From": "+15005550006", "Body": str(number)}
            requests.post(f"{root}.json", data=form, auth=key, timeout=5)
        first = requests.get(f"{root}.json?PageSize=2", auth=key, timeout=5).json()
        second = requests.get(f"{server.url}{first['next_page_uri']}", auth=key, timeout=5).json()
        theirs = requests.get(f"{root}.json", params={"To": "+447700900001"}, auth=key, timeout=5).json()
        later = {"DateSent>": "2100-01-01T00:00:00Z"}
        none = requests.get(f"{root}.json", params=later, auth=key, timeout=5).json()
        one = requests.get(f"{root}/{first['messages'][0]['sid']}.json", auth=key, timeout=5).json()
    assert [message["body"] for message in first["messages"] + second["messages"]] == ["4", "3", "2", "1"]
    assert [message["body"] for message in theirs["messages"]] == ["3", "1"]
    assert none["messages"] == []
    assert one["body"] == "4"


def test_smtp_writes_each_mail_before_it_answers(tmp_path: Path, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_HOST_USER = "127.0.0.1", ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    file = tmp_path / "smtp.jsonl"
    sent = messages.mail()
    with _running("smtp", file) as port:
        settings.EMAIL_PORT = port
        outcome = calls.one(mailer.SmtpProvider(), sent)
        loops.close_loops()
    (line,) = log.read(file)
    assert outcome.result is Verdict.ACCEPTED
    assert (line["recipients"], line["subject"]) == ([messages.CLEO_MAIL], sent.subject)
    assert str(sent.delivery) in line["message_id"]
