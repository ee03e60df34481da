"""A mail service behind anymail, played by a local server in Postmark's words."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest
from django.core import mail
from pytest_django import Settings

from notifications import links
from notifications.channels.providers.esp import service
from notifications.channels.providers.http import loops
from notifications.channels.types import Message, Outcome, Verdict
from tests.notifications import messages
from tests.servers.web import Answer, Request, Server


class Postmark(Server):
    """Answers every mail with `answer`; without one it takes it."""

    def __init__(self) -> None:
        super().__init__(self._answered)
        self.answer: Answer | None = None

    def _answered(self, request: Request) -> Answer:
        taken = {"ErrorCode": 0, "Message": "OK", "MessageID": "postmark-1", "To": messages.CLEO_MAIL}
        return self.answer or Answer(200, json.dumps(taken).encode())


def refusal(status: int, code: int, words: str) -> Answer:
    return Answer(status, json.dumps({"ErrorCode": code, "Message": words}).encode())


@pytest.fixture
def server(settings: Settings) -> Iterator[Postmark]:
    service._idle.clear()  # of whoever sent mail before
    with Postmark() as running:
        _use(settings, running.url)
        yield running
        service._idle.clear()


def _use(settings: Settings, url: str) -> None:
    settings.BASE_URL = "https://notices.bank.example"
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {
        "POSTMARK_SERVER_TOKEN": "a token",
        "POSTMARK_API_URL": f"{url}/",
        "REQUESTS_TIMEOUT": (1.0, 0.3),
    }


def _send(sent: Message | None = None) -> Outcome:
    (outcome,) = loops.run_on_loop(service.MailServiceProvider().send([sent or messages.mail()]))
    return outcome


def test_a_mail_goes_out_to_one_person_with_its_receipt_token(server: Postmark) -> None:
    sent = messages.mail(headers={"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"})
    outcome = _send(sent)
    (request,) = server.requests
    mail = json.loads(request.body)
    assert (mail["To"], mail["Subject"]) == (messages.CLEO_MAIL, sent.subject)
    assert (mail["TextBody"], mail["HtmlBody"]) == (sent.body, sent.html)
    assert links.read_receipt(mail["Metadata"]["receipt"]) == (sent.delivery, sent.attempt)
    headers = {header["Name"]: header["Value"] for header in mail["Headers"]}
    assert headers["Message-ID"] == f"<{sent.delivery}@notices.bank.example>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (outcome.result, outcome.provider, outcome.provider_ref) == (
        Verdict.ACCEPTED,
        "postmark",
        "postmark-1",
    )


def test_a_services_metadata_has_room_for_the_token() -> None:
    """Postmark allows eighty characters."""
    sent = messages.mail(attempt=99_999)
    assert len(links.receipt_token(sent.delivery, sent.attempt)) <= 80


def test_one_session_carries_many_mails(server: Postmark) -> None:
    for _ in range(3):
        _send()
    assert (len(server.requests), len(service._idle)) == (3, 1)


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (refusal(422, 300, "Invalid 'To' address: 'cleo@'."), Verdict.PERMANENT),
        (
            refusal(
                422,
                406,
                f"Found inactive addresses: {messages.CLEO_MAIL}. Inactive recipients are"
                " ones that have generated a hard bounce.",
            ),
            Verdict.PERMANENT,
        ),
        (
            refusal(422, 300, "Error parsing 'To': Illegal email domain 'a' in address 'b@a'."),
            Verdict.PERMANENT,
        ),
        (refusal(422, 300, "Invalid 'From' address: 'notices@'."), Verdict.REFUSED),
        (refusal(422, 300, "Invalid metadata content."), Verdict.REFUSED),
        (
            refusal(422, 400, "The 'From' address you supplied is not a Sender Signature."),
            Verdict.CONFIGURATION,
        ),
        (refusal(422, 401, "The Sender Signature is not confirmed."), Verdict.CONFIGURATION),
        (refusal(422, 405, "Not allowed to send: out of credits."), Verdict.CONFIGURATION),
        (refusal(422, 412, "While your account is pending approval"), Verdict.CONFIGURATION),
        (refusal(422, 402, "Invalid JSON"), Verdict.REFUSED),
        (refusal(401, 10, "Bad or missing API token."), Verdict.CONFIGURATION),
        (refusal(429, 429, "Rate limit exceeded"), Verdict.NOT_PROCESSED),
        (refusal(500, 0, "Internal"), Verdict.UNKNOWN),
        (Answer(503, b"<html>"), Verdict.UNKNOWN),
        (Answer(200, b"no json"), Verdict.UNKNOWN),
        (Answer(cut=True), Verdict.UNKNOWN),
        (Answer(delay=1.0), Verdict.UNKNOWN),
    ],
)
def test_an_answer_says_whether_to_send_again(answer: Answer, result: Verdict, server: Postmark) -> None:
    server.answer = answer
    assert (_send().result, len(server.requests)) == (result, 1)


def test_a_wait_is_handed_on(server: Postmark) -> None:
    server.answer = Answer(429, headers={"Retry-After": "9"})
    assert _send().retry_after == 9.0


def test_an_address_in_the_services_words_is_not_kept(server: Postmark) -> None:
    server.answer = refusal(500, 0, f"{messages.CLEO_MAIL} went wrong")
    assert messages.CLEO_MAIL not in _send().detail


def test_a_refused_connection_was_certainly_not_processed(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        port = closed_soon.getsockname()[1]
    _use(settings, f"http://127.0.0.1:{port}")
    assert _send().result is Verdict.NOT_PROCESSED
    service._idle.clear()


def test_a_missing_token_pauses_the_channel(settings: Settings) -> None:
    settings.EMAIL_BACKEND, settings.ANYMAIL = "anymail.backends.postmark.EmailBackend", {}
    assert _send().result is Verdict.CONFIGURATION


@pytest.mark.parametrize("address", ["not an address", "a@example.com, b@example.com", ""])
def test_an_address_that_cannot_be_written_is_for_good(address: str, server: Postmark) -> None:
    outcome = _send(messages.mail(address))
    assert (outcome.result, server.requests) == (Verdict.PERMANENT, [])


def test_any_other_backend_of_django_takes_mails_too(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    outcome = _send()
    assert (outcome.result, outcome.provider, len(mail.outbox)) == (Verdict.ACCEPTED, "locmem", 1)
