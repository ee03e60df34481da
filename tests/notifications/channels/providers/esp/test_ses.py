"""Amazon SES by boto3: a mail goes out with our token, and a refusal is told from a doubt."""

from __future__ import annotations

import base64
import email
import json
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from notifications import links
from notifications.channels.providers.esp import batches, service
from notifications.channels.types import Verdict
from tests.notifications import messages
from tests.notifications.channels.providers.esp.test_batches import send, use
from tests.servers.web import Answer, Request, Server

MAILS = "/v2/email/outbound-emails"


class Ses(Server):
    """Takes every mail, or answers as `answer` says."""

    def __init__(self) -> None:
        super().__init__(self._answered)
        self.answer = Answer(200, json.dumps({"MessageId": "ses-1"}).encode())

    def _answered(self, request: Request) -> Answer:
        return self.answer


@pytest.fixture
def ses(settings: Settings) -> Iterator[Ses]:
    with Ses() as running:
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
        service._idle.clear()


def test_a_mail_goes_out_with_our_token(ses: Ses) -> None:
    mail = messages.mail()
    answer = send(mail)[mail.delivery]
    [request] = ses.requests
    raw = email.message_from_bytes(base64.b64decode(json.loads(request.body)["Content"]["Raw"]["Data"]))
    token = links.receipt_token(mail.delivery, mail.attempt)
    assert (answer.result, answer.provider, answer.provider_ref) == (Verdict.ACCEPTED, "amazon_ses", "ses-1")
    assert (request.path, raw["To"]) == (MAILS, messages.CLEO_MAIL)
    assert json.loads(raw["X-Metadata"]) == {batches.METADATA: token}


REFUSALS = {
    (400, "BadRequestException"): Verdict.REFUSED,
    (400, "MessageRejected"): Verdict.REFUSED,
    (400, "MailFromDomainNotVerifiedException"): Verdict.CONFIGURATION,
    (400, "AccountSuspendedException"): Verdict.CONFIGURATION,
    (403, "InvalidClientTokenId"): Verdict.CONFIGURATION,
    (400, "LimitExceededException"): Verdict.NOT_PROCESSED,
    (429, "TooManyRequestsException"): Verdict.NOT_PROCESSED,
    (500, "InternalFailure"): Verdict.UNKNOWN,
    (503, "ServiceUnavailable"): Verdict.UNKNOWN,
}


def test_a_refusal_is_told_from_a_doubt(ses: Ses) -> None:
    found = {}
    for status, code in REFUSALS:  # by one client: to make one takes long
        ses.answer, mail = Answer(status, b'{"message": "no"}', {"x-amzn-ErrorType": code}), messages.mail()
        answer = send(mail)[mail.delivery]
        found[status, code] = answer.result
        assert code in answer.detail
    assert found == REFUSALS


def test_a_call_that_may_have_sent_it_is_not_made_again(ses: Ses) -> None:
    lost = [Answer(cut=True), Answer(500), Answer(503)]
    for answer in lost:
        ses.answer, mail = answer, messages.mail()
        assert send(mail)[mail.delivery].result is Verdict.UNKNOWN
    assert len(ses.requests) == len(lost)


def test_without_a_connection_nothing_was_sent(ses: Ses, settings: Settings) -> None:
    client = {**settings.ANYMAIL["AMAZON_SES_CLIENT_PARAMS"], "endpoint_url": "http://127.0.0.1:9"}
    settings.ANYMAIL, mail = {"AMAZON_SES_CLIENT_PARAMS": client}, messages.mail()
    assert send(mail)[mail.delivery].result is Verdict.NOT_PROCESSED


def test_without_a_region_it_is_our_fault(
    ses: Ses, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    settings.ANYMAIL, mail = {"AMAZON_SES_CLIENT_PARAMS": {}}, messages.mail()
    answer = send(mail)[mail.delivery]
    assert (answer.result, "region" in answer.detail) == (Verdict.CONFIGURATION, True)
