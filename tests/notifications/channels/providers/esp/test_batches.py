"""Many people in one call, and nobody sees another: Mailgun, played by a local server in its own form."""

from __future__ import annotations

import json
import socket
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from email.utils import getaddresses
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from pytest_django import Settings

from notifications import links
from notifications.channels.providers.esp import batches, service
from notifications.channels.providers.http import loops
from notifications.channels.types import Message, Outcome, Template, Verdict
from tests.notifications import messages
from tests.servers import esp as stand_in
from tests.servers.web import Answer, Request, Server

WORDS = Template(
    subject=("Online banking rests on Sunday",),
    body=("Dear ", "name", ",\nit rests. Fewer mails: ", "preferences", "\n"),
    html=("<p>Dear ", "name", ', it rests. <a href="', "preferences", '">Fewer mails</a></p>'),
)
ARABIC = Template(subject=("الأحد",), body=("عزيزي ", "name", "\n"))


def person(address: str, name: str = "Cleo", words: Template = WORDS, **facts: Any) -> Message:
    """A mail as it is composed: whole, and in pieces."""
    values = {"name": name, "preferences": f"https://bank.example/p/{address}"}
    said = [
        "".join(values[piece] if place % 2 else piece for place, piece in enumerate(parts))
        for parts in (words.subject, words.body, words.html)
    ]
    headers = {"List-Unsubscribe": f"<{values['preferences']}>", "List-Unsubscribe-Post": "One-Click"}
    made = messages.mail(address, headers=headers)
    return replace(made, subject=said[0], body=said[1], html=said[2], words=words, values=values, **facts)


@dataclass(frozen=True)
class Read:
    """A mail as its reader gets it."""

    to: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    token: str


class Mailgun(Server):
    """Keeps the mails of each call; refuses a call that names an address of `bad`."""

    def __init__(self) -> None:
        super().__init__(self._answered)
        self.calls: list[list[Read]] = []
        self.bad: set[str] = set()
        self.answer: Answer | None = None

    def _answered(self, request: Request) -> Answer:
        if self.answer:
            return self.answer
        form = stand_in._pairs(request)
        to = [address for _, address in getaddresses([value for name, value in form if name == "to"])]
        if self.bad & set(to):
            words = {"message": "'to' parameter is not a valid address. please check documentation"}
            return Answer(400, json.dumps(words).encode())
        named = dict(form)
        variables = json.loads(named.get("recipient-variables", "{}"))
        self.calls.append([self._read(named, address, variables.get(address, {})) for address in to])
        return Answer(200, b'{"id": "<1@mailgun.example>", "message": "Queued. Thank you."}')

    @staticmethod
    def _read(form: dict[str, str], address: str, own: dict[str, str]) -> Read:
        def said(name: str) -> str:
            words = form.get(name, "")
            for key, value in own.items():
                words = words.replace(f"%recipient.{key}%", value)
            return words

        headers = {name.removeprefix("h:"): said(name) for name in form if name.startswith("h:")}
        # without variables of their own, all see whom the mail was sent to
        to = address if own else form["to"]
        return Read(to, said("subject"), said("text"), said("html"), headers, said("v:receipt"))

    @property
    def mails(self) -> dict[str, Read]:
        """By reader."""
        return {mail.to: mail for call in self.calls for mail in call}


@pytest.fixture
def mailgun(settings: Settings) -> Iterator[Mailgun]:
    with Mailgun() as running:
        use(settings, running.url)
        yield running
        service._idle.clear()


def use(settings: Settings, url: str) -> None:
    service._idle.clear()  # of whoever sent mail before
    settings.BASE_URL = "https://notices.bank.example"
    settings.DEFAULT_FROM_EMAIL = "Bank <notices@bank.example>"
    settings.EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"
    settings.ANYMAIL = {
        "MAILGUN_API_KEY": "a key",
        "MAILGUN_API_URL": f"{url}/v3/",
        "REQUESTS_TIMEOUT": (1.0, 0.5),
    }


def send(*sent: Message) -> dict[uuid.UUID, Outcome]:
    return {
        outcome.delivery: outcome for outcome in loops.run_on_loop(service.MailServiceProvider().send(sent))
    }


def crowd(count: int) -> list[Message]:
    return [person(f"c{number}@example.com", f"Cleo {number}") for number in range(count)]


def test_many_go_out_in_one_call_and_each_reads_what_was_composed_for_them(mailgun: Mailgun) -> None:
    sent = crowd(40)
    outcomes = send(*sent)
    assert [len(call) for call in mailgun.calls] == [40]
    for one in sent:
        read = mailgun.mails[one.address]
        assert (read.subject, read.text, read.html) == (one.subject, one.body, one.html)
        assert links.read_receipt(read.token) == (one.delivery, one.attempt)
        assert read.headers["List-Unsubscribe"] == one.headers["List-Unsubscribe"]
        assert read.headers["List-Unsubscribe-Post"] == "One-Click"
        assert read.headers["Message-Id"] == f"<{one.delivery}@notices.bank.example>"
        assert read.headers["Auto-Submitted"] == "auto-generated"
        assert outcomes[one.delivery].result is Verdict.ACCEPTED


def test_nobody_stands_in_the_same_to_as_another(settings: Settings) -> None:
    with stand_in.Esp() as server:
        use(settings, server.url)
        send(*crowd(60), person("c1@example.com"), person("c2@example.com", words=ARABIC))
        assert len(server.mails) == 62
        assert {len(mail.to) for mail in server.mails} == {1}
    service._idle.clear()


def test_a_couple_with_one_mailbox_gets_two_mails_in_two_calls(mailgun: Mailgun) -> None:
    ada, ben = person("home@example.com", "Ada"), person("HOME@example.com", "Ben")
    send(ada, ben, *crowd(3))
    assert sorted(len(call) for call in mailgun.calls) == [1, 4]
    assert [mailgun.mails[one.address].text for one in (ada, ben)] == [ada.body, ben.body]


def test_each_language_has_its_own_call(mailgun: Mailgun) -> None:
    send(person("a@example.com"), person("b@example.com", words=ARABIC), person("c@example.com"))
    assert sorted(len(call) for call in mailgun.calls) == [1, 2]


def test_a_value_cannot_become_html(mailgun: Mailgun) -> None:
    send(person("a@example.com", "<b>Ada & Co</b>"), person("b@example.com"))
    read = mailgun.mails["a@example.com"]
    assert mailgun.mails["b@example.com"].html == person("b@example.com").html
    assert "Dear <b>Ada & Co</b>," in read.text
    assert "Dear &lt;b&gt;Ada &amp; Co&lt;/b&gt;," in read.html


@pytest.mark.parametrize("name", ["%recipient.preferences%", "Ada\nBcc: all@example.com"])
def test_a_value_that_would_be_filled_in_again_travels_alone(name: str, mailgun: Mailgun) -> None:
    send(person("a@example.com", name), *crowd(2))
    assert sorted(len(call) for call in mailgun.calls) == [1, 2]
    assert name in mailgun.mails["a@example.com"].text


def test_words_that_a_service_would_take_for_a_placeholder_travel_alone(mailgun: Mailgun) -> None:
    words = Template(subject=("x",), body=("Write %recipient.name% for a name.", "name", ""))
    send(person("a@example.com", words=words), person("b@example.com", words=words))
    assert [len(call) for call in mailgun.calls] == [1, 1]
    assert mailgun.mails["a@example.com"].text == "Write %recipient.name% for a name.Cleo"


def test_a_bad_address_fails_alone_though_the_service_refuses_the_whole_call(mailgun: Mailgun) -> None:
    sent = crowd(20)
    mailgun.bad = {sent[13].address}
    outcomes = send(*sent)
    failed = [one.address for one in sent if outcomes[one.delivery].result is not Verdict.ACCEPTED]
    assert failed == [sent[13].address]
    assert outcomes[sent[13].delivery].result is Verdict.PERMANENT
    assert sorted(mailgun.mails) == sorted(one.address for one in sent if one.address not in failed)
    assert sum(map(len, mailgun.calls)) == 19


def test_a_sender_that_the_service_refuses_costs_a_call_of_many_three_and_fails_nobody(
    mailgun: Mailgun,
) -> None:
    mailgun.answer = Answer(400, b'{"message": "\'from\' parameter is not a valid address."}')
    outcomes = send(*crowd(50))
    assert {(one.result, one.code) for one in outcomes.values()} == {(Verdict.REFUSED, "400")}
    assert (len(outcomes), len(mailgun.requests)) == (50, 3)


@pytest.mark.parametrize("address", ["not an address", "ada@exämple.com", "Ada <ada@example.com>"])
def test_an_unusual_address_does_not_hold_up_the_others(address: str, mailgun: Mailgun) -> None:
    sent = crowd(3)
    outcomes = send(person(address), *sent)
    assert [outcomes[one.delivery].result for one in sent] == [Verdict.ACCEPTED] * 3


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (Answer(401, b"Forbidden"), Verdict.CONFIGURATION),
        (Answer(429, headers={"Retry-After": "9"}), Verdict.NOT_PROCESSED),
        (Answer(503), Verdict.UNKNOWN),
        (Answer(200, b"no json"), Verdict.UNKNOWN),
        (Answer(cut=True), Verdict.UNKNOWN),
        (Answer(delay=2.0), Verdict.UNKNOWN),
    ],
)
def test_an_answer_to_a_call_is_one_for_all_in_it(answer: Answer, result: Verdict, mailgun: Mailgun) -> None:
    mailgun.answer = answer
    sent = crowd(5)
    outcomes = send(*sent)
    assert [outcomes[one.delivery].result for one in sent] == [result] * 5
    assert len(mailgun.requests) == 1
    assert {one.retry_after for one in outcomes.values()} == {9.0 if answer.status == 429 else None}


def test_no_address_of_another_is_kept_with_an_error(mailgun: Mailgun) -> None:
    mailgun.answer = Answer(503, b"c1@example.com is too much for us")
    outcomes = send(*crowd(3))
    assert [one.delivery for one in outcomes.values() if "@example.com" in one.detail] == []


def test_a_refused_connection_was_certainly_not_processed_for_anybody(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        port = closed_soon.getsockname()[1]
    use(settings, f"http://127.0.0.1:{port}")
    assert {one.result for one in send(*crowd(3)).values()} == {Verdict.NOT_PROCESSED}
    service._idle.clear()


def test_a_fault_in_one_call_leaves_the_others_their_outcome(
    mailgun: Mailgun, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    compose = batches.batch_mail

    def fails(batch: Sequence[Message], service: batches.Service) -> EmailMultiAlternatives:
        if batch[0].words is ARABIC:
            raise RuntimeError("no such thing")
        return compose(batch, service)

    monkeypatch.setattr(batches, "batch_mail", fails)
    good, bad = crowd(2), [person(f"{name}@example.com", words=ARABIC) for name in "ab"]
    outcomes = send(*good, *bad)
    assert [outcomes[one.delivery].result for one in good] == [Verdict.ACCEPTED] * 2
    assert [outcomes[one.delivery].result for one in bad] == [Verdict.UNKNOWN] * 2
    assert "a fault while they were being sent" in caplog.text


def test_all_share_the_calendar(mailgun: Mailgun) -> None:
    words = Template(WORDS.subject, WORDS.body, WORDS.html, calendar="BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
    send(*(person(f"{name}@example.com", words=words, calendar=words.calendar) for name in "ab"))
    (request,) = mailgun.requests
    assert [len(call) for call in mailgun.calls] == [2]
    assert request.body.count(b"BEGIN:VCALENDAR") == 1
    assert b'filename="invite.ics"' in request.body


def _no_data(mail: Any) -> None:
    del mail.merge_data


def _no_metadata(mail: Any) -> None:
    del mail.merge_metadata


def _one_forgotten(mail: Any) -> None:
    mail.merge_data.popitem()


def _one_twice(mail: Any) -> None:
    mail.to.append(mail.to[0])


def _one_in_copy(mail: Any) -> None:
    mail.cc = ["archive@bank.example"]


@pytest.mark.parametrize("spoil", [_no_data, _no_metadata, _one_forgotten, _one_twice, _one_in_copy])
def test_a_mail_that_would_show_addresses_is_never_handed_over(
    spoil: Callable[[Any], None], mailgun: Mailgun, monkeypatch: pytest.MonkeyPatch
) -> None:
    compose = batches.batch_mail

    def spoilt(batch: Sequence[Message], service: batches.Service) -> EmailMultiAlternatives:
        mail = compose(batch, service)
        spoil(mail)
        return mail

    monkeypatch.setattr(batches, "batch_mail", spoilt)
    assert {one.result for one in send(*crowd(2)).values()} == {Verdict.CONFIGURATION}
    assert mailgun.requests == []


@pytest.mark.parametrize("service", batches.SERVICES.values())
def test_a_call_holds_one_text_no_mailbox_twice_and_no_more_than_the_service_takes(
    service: batches.Service,
) -> None:
    people = [
        person(f"c{number % 700}@example.com", words=(WORDS, ARABIC)[number % 3 == 0])
        for number in range(1500)
    ]
    calls = batches.split_messages(people, service)
    assert sorted(one.delivery for call in calls for one in call) == sorted(one.delivery for one in people)
    for call in calls:
        assert len(call) <= min(service.most, 500)
        assert len({one.words for one in call}) == 1
        assert len({one.address for one in call}) == len(call)
    assert len(calls) < 20


def _called(settings: Settings, name: str, answer: str, *sent: Message) -> tuple[Any, set[Verdict]]:
    """What another service is asked, as JSON, and what its answer means."""
    with Server(lambda request: Answer(200, answer.encode())) as server:
        use(settings, server.url)
        settings.EMAIL_BACKEND = f"anymail.backends.{name}.EmailBackend"
        settings.ANYMAIL = {
            f"{name.upper()}_API_KEY": "a key",
            f"{name.upper()}_API_URL": f"{server.url}/v3/",
        }
        results = {one.result for one in send(*sent).values()}
        (request,) = server.requests
    service._idle.clear()
    return json.loads(request.body), results


@pytest.mark.filterwarnings("ignore:django-anymail has dropped official support for SendGrid")
def test_sendgrid_is_given_each_persons_own_words(settings: Settings) -> None:
    sent = crowd(3)
    asked, results = _called(settings, "sendgrid", "", *sent)
    text, html = [part["value"] for part in asked["content"]]
    for one, own in zip(sent, asked["personalizations"], strict=True):
        assert own["to"] == [{"email": one.address}]
        assert own["headers"] == {"List-Unsubscribe": one.headers["List-Unsubscribe"]}
        assert links.read_receipt(own["custom_args"]["receipt"]) == (one.delivery, one.attempt)
        for key, value in own["substitutions"].items():
            text, html = text.replace(key, value), html.replace(key, value)
        assert (text, html) == (one.body, one.html)
        text, html = [part["value"] for part in asked["content"]]
    assert results == {Verdict.ACCEPTED}


@pytest.mark.parametrize(("accepted", "result"), [(3, Verdict.ACCEPTED), (2, Verdict.UNKNOWN)])
def test_sparkpost_is_given_each_persons_own_words(
    accepted: int, result: Verdict, settings: Settings
) -> None:
    """It says how many it took, but not whom."""
    sent = crowd(3)
    said = {"total_accepted_recipients": accepted, "total_rejected_recipients": 3 - accepted, "id": "1"}
    asked, results = _called(settings, "sparkpost", json.dumps({"results": said}), *sent)
    for one, own in zip(sent, asked["recipients"], strict=True):
        assert own["address"] == {"email": one.address, "header_to": one.address}
        assert links.read_receipt(own["metadata"]["receipt"]) == (one.delivery, one.attempt)
        html = asked["content"]["html"]
        for key, value in own["substitution_data"].items():
            html = html.replace(f"{{{{{{{key}}}}}}}", value)
        assert html == one.html
    assert results == {result}


def test_a_service_that_fills_in_nothing_gets_a_call_for_each(settings: Settings) -> None:
    with Server(lambda request: Answer(200, b'{"id": "1"}')) as server:
        use(settings, server.url)
        settings.EMAIL_BACKEND = "anymail.backends.resend.EmailBackend"
        settings.ANYMAIL = {"RESEND_API_KEY": "a key", "RESEND_API_URL": f"{server.url}/"}
        assert service.MailServiceProvider().in_one_call == 1
        sent = crowd(3)
        send(*sent)
        asked = sorted(json.loads(request.body)["to"] for request in server.requests)
        assert asked == [[one.address] for one in sent]
    service._idle.clear()
