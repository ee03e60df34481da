"""Amazon SES by boto3: a mail goes out with our token, and a refusal is told from a doubt."""

from __future__ import annotations

import base64
import email
import json
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from notifications import links
from notifications.contract import Class
from notifications.providers import esp, esp_batches
from tests.notifications import messages
from tests.notifications.providers.test_esp_batches import send, use
from tests.servers.web import Answer, Server

MAILS = "/v2/email/outbound-emails"


@pytest.fixture
def ses(settings: Settings) -> Iterator[Server]:
    """Answers as SES does, or as `answer` says."""
    with Server(lambda request: Answer(200, json.dumps({"MessageId": "ses-1"}).encode())) as running:
        use(settings, running.url)
        settings.EMAIL_BACKEND = "anymail.backends.amazon_ses.EmailBackend"
        client = {
            "endpoint_url": running.url,
            "region_name": "eu-west-1",
            "aws_access_key_id": "id",
            "aws_secret_access_key": "key",
        }
        settings.ANYMAIL = {"AMAZON_SES_CLIENT_PARAMS": client}
        yield running
        esp._idle.clear()


def test_a_mail_goes_out_with_our_token(ses: Server) -> None:
    mail = messages.mail()
    answer = send(mail)[mail.delivery]
    [request] = ses.requests
    raw = email.message_from_bytes(base64.b64decode(json.loads(request.body)["Content"]["Raw"]["Data"]))
    token = links.receipt_token(mail.delivery, mail.attempt)
    assert (answer.result, answer.provider, answer.provider_ref) == (Class.ACCEPTED, "amazon_ses", "ses-1")
    assert (request.path, raw["To"]) == (MAILS, messages.CLEO_MAIL)
    assert json.loads(raw["X-Metadata"]) == {esp_batches.METADATA: token}
