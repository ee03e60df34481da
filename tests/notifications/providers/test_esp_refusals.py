"""Whose a mail service's refusal is, service by service."""

from __future__ import annotations

import json

import pytest
from anymail.exceptions import AnymailAPIError

from notifications.contract import Class
from notifications.providers import esp_answers, esp_refusals
from tests.notifications import messages


def _sendgrid(*fields: str) -> str:
    return json.dumps({"errors": [{"message": "wrong", "field": field, "help": None} for field in fields]})


def _sparkpost(code: str) -> str:
    return json.dumps({"errors": [{"message": "wrong", "code": code}]})


@pytest.mark.parametrize(
    ("service", "body", "result"),
    [
        ("mailgun", '{"message": "\'to\' parameter is not a valid address."}', Class.PERMANENT),
        ("mailgun", '{"message": "\'from\' parameter is not a valid address."}', Class.REFUSED),
        ("mailgun", '{"message": "Domain example.com is not allowed to send"}', Class.REFUSED),
        ("sendgrid", _sendgrid("personalizations.0.to.0.email"), Class.PERMANENT),
        ("sendgrid", _sendgrid("from.email"), Class.REFUSED),
        ("sendgrid", _sendgrid("personalizations.0.to.0.email", "from.email"), Class.REFUSED),
        ("sendgrid", '{"errors": [7]}', Class.REFUSED),
        ("sparkpost", _sparkpost("5002"), Class.PERMANENT),
        ("sparkpost", _sparkpost("7001"), Class.CONFIGURATION),
        ("sparkpost", _sparkpost("1300"), Class.REFUSED),
        ("sparkpost", "no json", Class.REFUSED),
        ("brevo", '{"code": "invalid_parameter", "message": "email is not valid in to"}', Class.REFUSED),
    ],
)
def test_a_refused_call_is_the_recipients_only_where_it_says_so(
    service: str, body: str, result: Class
) -> None:
    assert esp_refusals.meaning(service, 400, body) is result


def test_a_wrong_key_is_ours_whatever_is_said_with_it() -> None:
    body = '{"message": "\'to\' parameter is not a valid address."}'
    assert esp_refusals.meaning("mailgun", 401, body) is Class.CONFIGURATION


@pytest.mark.parametrize(
    ("code", "status", "result"),
    [
        ("MessageRejected", 400, Class.REFUSED),  # "Email address is not verified", of ours
        ("BadRequestException", 400, Class.REFUSED),
        ("MailFromDomainNotVerifiedException", 400, Class.CONFIGURATION),
        ("AccountSuspendedException", 400, Class.CONFIGURATION),
        ("TooManyRequestsException", 429, Class.NOT_PROCESSED),
        ("InternalFailure", 500, Class.UNKNOWN),
        ("InvalidClientTokenId", 403, Class.CONFIGURATION),
    ],
)
def test_amazon_says_what_it_means_without_http(code: str, status: int, result: Class) -> None:
    said = {
        "Error": {"Code": code, "Message": "no"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    (told,) = esp_answers.failed([messages.mail()], "amazon_ses", AnymailAPIError("no", response=said))
    assert (told.result, told.code) == (result, code)
