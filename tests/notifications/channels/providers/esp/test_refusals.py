"""Whose a mail service's refusal is, service by service."""

from __future__ import annotations

import json

import pytest
from anymail.exceptions import AnymailAPIError

from notifications.channels.providers.esp import answers, refusals
from notifications.channels.types import Verdict
from tests.notifications import messages


def _sendgrid(*fields: str) -> str:
    return json.dumps({"errors": [{"message": "wrong", "field": field, "help": None} for field in fields]})


def _sparkpost(code: str) -> str:
    return json.dumps({"errors": [{"message": "wrong", "code": code}]})


@pytest.mark.parametrize(
    ("service", "body", "result"),
    [
        ("mailgun", '{"message": "\'to\' parameter is not a valid address."}', Verdict.PERMANENT),
        ("mailgun", '{"message": "\'from\' parameter is not a valid address."}', Verdict.REFUSED),
        ("mailgun", '{"message": "Domain example.com is not allowed to send"}', Verdict.REFUSED),
        ("sendgrid", _sendgrid("personalizations.0.to.0.email"), Verdict.PERMANENT),
        ("sendgrid", _sendgrid("from.email"), Verdict.REFUSED),
        ("sendgrid", _sendgrid("personalizations.0.to.0.email", "from.email"), Verdict.REFUSED),
        ("sendgrid", '{"errors": [7]}', Verdict.REFUSED),
        ("sparkpost", _sparkpost("5002"), Verdict.PERMANENT),
        ("sparkpost", _sparkpost("7001"), Verdict.CONFIGURATION),
        ("sparkpost", _sparkpost("1300"), Verdict.REFUSED),
        ("sparkpost", "no json", Verdict.REFUSED),
        ("brevo", '{"code": "invalid_parameter", "message": "email is not valid in to"}', Verdict.REFUSED),
    ],
)
def test_a_refused_call_is_the_recipients_only_where_it_says_so(
    service: str, body: str, result: Verdict
) -> None:
    assert refusals.call_verdict(service, 400, body) is result


def test_a_wrong_key_is_ours_whatever_is_said_with_it() -> None:
    body = '{"message": "\'to\' parameter is not a valid address."}'
    assert refusals.call_verdict("mailgun", 401, body) is Verdict.CONFIGURATION


@pytest.mark.parametrize(
    ("code", "status", "result"),
    [
        ("MessageRejected", 400, Verdict.REFUSED),  # "Email address is not verified", of ours
        ("BadRequestException", 400, Verdict.REFUSED),
        ("MailFromDomainNotVerifiedException", 400, Verdict.CONFIGURATION),
        ("AccountSuspendedException", 400, Verdict.CONFIGURATION),
        ("TooManyRequestsException", 429, Verdict.NOT_PROCESSED),
        ("InternalFailure", 500, Verdict.UNKNOWN),
        ("InvalidClientTokenId", 403, Verdict.CONFIGURATION),
    ],
)
def test_amazon_says_what_it_means_without_http(code: str, status: int, result: Verdict) -> None:
    said = {
        "Error": {"Code": code, "Message": "no"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    (told,) = answers.failed_outcomes([messages.mail()], "amazon_ses", AnymailAPIError("no", response=said))
    assert (told.result, told.code) == (result, code)
