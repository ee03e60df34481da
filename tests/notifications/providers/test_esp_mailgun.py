"""Our quicker Mailgun backend says what anymail's own would say."""

from __future__ import annotations

import json
from email.utils import getaddresses
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection
from pytest_django import Settings

from notifications.contract import Words
from notifications.providers import esp_batches, esp_mailgun
from tests.notifications.providers.test_esp_batches import WORDS, crowd, person
from tests.servers import esp as stand_in
from tests.servers.web import Answer, Request, Server

ANYMAIL = "anymail.backends.mailgun.EmailBackend"
OURS = f"{esp_mailgun.__name__}.EmailBackend"
CALENDAR = Words(WORDS.subject, WORDS.body, WORDS.html, calendar="BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")


def _said(settings: Settings, backend: str, mail: EmailMultiAlternatives) -> dict[str, Any]:
    """A form's fields by name, with those that stand for several taken apart."""

    def taken(request: Request) -> Answer:
        return Answer(200, b'{"id": "<1@mailgun.example>", "message": "Queued. Thank you."}')

    with Server(taken) as server:
        settings.ANYMAIL = {"MAILGUN_API_KEY": "a key", "MAILGUN_API_URL": f"{server.url}/v3/"}
        get_connection(backend).send_messages([mail])
        (request,) = server.requests
    fields = stand_in._pairs(request)
    to = [address for _, address in getaddresses([value for name, value in fields if name == "to"])]
    named = dict(fields)
    variables = json.loads(named.pop("recipient-variables", "{}"))
    return {**named, "to": to, "variables": variables, "calendars": request.body.count(b"BEGIN:VCALENDAR")}


@pytest.mark.parametrize("words", [WORDS, CALENDAR])
def test_a_batch_is_told_as_anymail_tells_it(words: Words, settings: Settings) -> None:
    people = [*crowd(3), person("o'brien+x@example.com", "Ada O’Brien & عائشة")]
    mail = esp_batches.compose(
        [person(one.address, one.values["name"], words) for one in people], esp_batches.SERVICES["mailgun"]
    )
    ours = _said(settings, OURS, mail)
    assert ours == _said(settings, ANYMAIL, mail)
    assert ours["to"] == [one.address for one in people]
    assert ours["calendars"] == bool(words.calendar)


@pytest.mark.parametrize("address", ["ada@example.com", "Ada <ada@example.com>", "ada@exämple.com"])
def test_a_mail_to_one_is_told_as_anymail_tells_it(address: str, settings: Settings) -> None:
    mail = EmailMultiAlternatives("Rest", "It rests.", "Bank <notices@bank.example>", [address])
    assert _said(settings, OURS, mail) == _said(settings, ANYMAIL, mail)
