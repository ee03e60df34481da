"""Postmark takes many mails in one call, each with words of its own, and answers for each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from notifications import links
from notifications.channels.providers.esp import service
from notifications.channels.types import Template, Verdict
from tests.notifications.channels.providers.esp.test_batches import ARABIC, WORDS, crowd, person, send, use
from tests.servers.web import Answer, Request, Server

TOKEN = {"POSTMARK_SERVER_TOKEN": "a token"}


class Postmark(Server):
    """Takes every mail but those that `codes` names by address."""

    def __init__(self) -> None:
        super().__init__(self._answered)
        self.codes: dict[str, int] = {}
        self.answer: Answer | None = None

    def _answered(self, request: Request) -> Answer:
        if self.answer:
            return self.answer
        return Answer(200, json.dumps([self._one(mail) for mail in json.loads(request.body)]).encode())

    def _one(self, mail: dict[str, Any]) -> dict[str, Any]:
        code = self.codes.get(mail["To"], 0)
        if code:
            return {"ErrorCode": code, "Message": "No."}
        return {"ErrorCode": 0, "Message": "OK", "To": mail["To"], "MessageID": f"postmark-{mail['To']}"}


@pytest.fixture
def postmark(settings: Settings) -> Iterator[Postmark]:
    with Postmark() as running:
        use(settings, running.url)
        settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
        settings.ANYMAIL = {**TOKEN, "POSTMARK_API_URL": f"{running.url}/"}
        yield running
        service._idle.clear()


def test_each_mail_of_a_call_is_what_was_composed_for_its_reader(postmark: Postmark) -> None:
    sent = [*crowd(20), person("ada@example.com", "<b>Ada</b> & {{name}} %recipient.name%")]
    outcomes = send(*sent)
    (request,) = postmark.requests
    assert request.path == "/email/batch"
    for one, mail in zip(sent, json.loads(request.body), strict=True):
        assert (mail["To"], mail["Subject"], mail["TextBody"]) == (one.address, one.subject, one.body)
        assert links.read_receipt(mail["Metadata"]["receipt"]) == (one.delivery, one.attempt)
        headers = {header["Name"]: header["Value"] for header in mail["Headers"]}
        assert headers["List-Unsubscribe"] == one.headers["List-Unsubscribe"]
        assert headers["Message-ID"] == f"<{one.delivery}@notices.bank.example>"
        outcome = outcomes[one.delivery]
        assert (outcome.result, outcome.provider_ref) == (Verdict.ACCEPTED, f"postmark-{one.address}")
    assert [mail["HtmlBody"] for mail in json.loads(request.body)[:20]] == [one.html for one in sent[:20]]
    assert "Dear &lt;b&gt;Ada&lt;/b&gt; &amp; {{name}} %recipient.name%," in request.body.decode()


def test_of_a_call_that_was_taken_some_may_have_failed(postmark: Postmark) -> None:
    sent = crowd(50)
    postmark.codes = {sent[3].address: 406, sent[30].address: 300, sent[49].address: 405}
    outcomes = send(*sent)
    told = {number: outcomes[one.delivery].result for number, one in enumerate(sent)}
    failed = {number: result for number, result in told.items() if result is not Verdict.ACCEPTED}
    assert failed == {3: Verdict.PERMANENT, 30: Verdict.REFUSED, 49: Verdict.CONFIGURATION}
    assert len(postmark.requests) == 1


def test_a_call_of_which_all_have_failed(postmark: Postmark) -> None:
    sent = crowd(3)
    postmark.codes = {one.address: 406 for one in sent}
    assert {one.result for one in send(*sent).values()} == {Verdict.PERMANENT}
    assert len(postmark.requests) == 1


def test_a_call_that_is_refused_as_a_whole_is_made_again_in_smaller_ones(postmark: Postmark) -> None:
    postmark.answer = Answer(422, b'{"ErrorCode": 402, "Message": "Invalid JSON"}')
    assert {one.result for one in send(*crowd(2)).values()} == {Verdict.REFUSED}
    assert sorted(request.path for request in postmark.requests) == ["/email", "/email", "/email/batch"]


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (Answer(200, b"[]"), Verdict.UNKNOWN),
        (Answer(200, b'[7, null, "x"]'), Verdict.UNKNOWN),
        (Answer(200, b'[{"ErrorCode": 0, "MessageID": "1"}]'), Verdict.UNKNOWN),
        (Answer(200, b"7"), Verdict.UNKNOWN),
        (Answer(401, b'{"ErrorCode": 10, "Message": "Bad or missing token."}'), Verdict.CONFIGURATION),
        (Answer(429, b"{}"), Verdict.NOT_PROCESSED),
        (Answer(500, b"{}"), Verdict.UNKNOWN),
    ],
)
def test_an_answer_that_tells_nobody_apart_is_one_for_all(
    answer: Answer, result: Verdict, postmark: Postmark
) -> None:
    postmark.answer = answer
    assert {one.result for one in send(*crowd(3)).values()} == {result}


def test_the_interface_for_newsletters_is_not_used(postmark: Postmark, settings: Settings) -> None:
    settings.ANYMAIL = {**settings.ANYMAIL, "POSTMARK_USE_BULK_API": True}
    send(*crowd(2))
    assert [request.path for request in postmark.requests] == ["/email/batch"]


def test_languages_and_calendars_go_with_their_own_calls(postmark: Postmark) -> None:
    calendar = "BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nEND:VCALENDAR\r\n"
    words = Template(WORDS.subject, WORDS.body, WORDS.html, calendar=calendar)
    send(
        *(person(f"{name}@example.com", words=words) for name in "ab"), person("c@example.com", words=ARABIC)
    )
    many = [json.loads(request.body) for request in postmark.requests]
    (batch,) = [call for call in many if isinstance(call, list)]
    attached = [[(part["Name"], part["ContentType"]) for part in mail["Attachments"]] for mail in batch]
    assert attached == [[("invite.ics", 'text/calendar; charset="utf-8"; method="CANCEL"')]] * 2
