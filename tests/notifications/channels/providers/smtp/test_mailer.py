"""Mails over a real socket: what arrives, and what each way of failing means."""

from __future__ import annotations

import dataclasses
import os
import socket
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from notifications.channels.providers.http import loops
from notifications.channels.providers.smtp import mailer, pool
from notifications.channels.types import Message, Outcome, Verdict
from tests.notifications import messages
from tests.notifications.channels.providers import calls
from tests.notifications.channels.providers.relay import Relay
from tests.servers import smtp as servers
from tests.servers.smtp import Server

CALENDAR = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:CANCEL\r\nX-WR-CALNAME:الصيانة\r\nEND:VCALENDAR\r\n"


@pytest.fixture(params=["one command at a time", "several at once"])
def server(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Server]:
    """Each refusal means the same, however the commands came."""
    if request.param == "several at once":
        monkeypatch.setattr(servers._Behaviour, "handle_EHLO", _offers_pipelining, raising=False)
    with Server() as running:
        _use(settings, running.port)
        yield running
        loops.close_loops()


async def _offers_pipelining(
    behaviour: object, line: object, session: Any, envelope: object, hostname: str, offered: list[str]
) -> list[str]:
    session.host_name = hostname
    return [offered[0], "250-PIPELINING", *offered[1:]]


def _use(settings: Settings, port: int) -> None:
    settings.BASE_URL = "https://notices.bank.example"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 2
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.DEFAULT_FROM_EMAIL = "Example Bank <notices@bank.example>"


def _send(message: Message | None = None) -> Outcome:
    return calls.one(mailer.SmtpProvider(), message or messages.mail())


def _lose_the_idle_line() -> None:
    wire = mailer.SmtpProvider()
    (line,) = loops.kept_on_loop(wire._server, wire._pool)._idle
    held = line._transport.get_extra_info("socket")
    with socket.socket(fileno=os.dup(held.fileno())) as same:  # a transport's own may not be shut down
        same.shutdown(socket.SHUT_RDWR)


def test_text_and_html_arrive_as_they_were_written(server: Server) -> None:
    sent = messages.mail()
    outcome = _send(sent)
    (mail,) = server.mails
    text, html = mail.message.get_body(("plain",)), mail.message.get_body(("html",))
    assert text
    assert html
    assert text.get_content() == sent.body
    assert html.get_content().strip() == sent.html
    assert mail.message["Subject"] == sent.subject
    assert (mail.sender, mail.recipients) == ("notices@bank.example", (messages.CLEO_MAIL,))
    assert outcome.result is Verdict.ACCEPTED


def test_arabic_words_arrive(server: Server) -> None:
    sent = messages.mail()
    words = "سنقوم بأعمال الصيانة يوم الأحد\n"
    _send(dataclasses.replace(sent, subject=words.strip(), body=words))
    message = server.mails[0].message
    text = message.get_body(("plain",))
    assert text
    assert (message["Subject"].strip(), text.get_content()) == (words.strip(), words)


def test_headers_of_the_message_arrive(server: Server) -> None:
    headers = {
        "List-Unsubscribe": "<https://notices.bank.example/preferences/token/>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    _send(messages.mail(headers=headers))
    message = server.mails[0].message
    assert {name: message[name] for name in headers} == headers
    assert message["Auto-Submitted"] == "auto-generated"


def test_every_attempt_carries_the_same_message_id(server: Server) -> None:
    delivery = uuid.uuid4()
    for attempt in (1, 2):
        _send(messages.mail(delivery=delivery, attempt=attempt))
    assert [mail.message["Message-ID"] for mail in server.mails] == [f"<{delivery}@notices.bank.example>"] * 2


def test_no_mail_names_two_people(server: Server) -> None:
    for address in ("cleo@example.com", "dan@example.com"):
        _send(messages.mail(address))
    assert [mail.message["To"] for mail in server.mails] == ["cleo@example.com", "dan@example.com"]


def test_a_calendar_is_attached_under_its_own_method(server: Server) -> None:
    _send(messages.mail(calendar=CALENDAR))
    (attached,) = server.mails[0].message.iter_attachments()
    assert attached["Content-Type"].params == {"charset": "utf-8", "method": "CANCEL"}
    assert (attached.get_content_type(), attached.get_filename()) == ("text/calendar", "invite.ics")
    content = attached.get_payload(decode=True)
    assert content == CALENDAR.encode()


def test_a_calendar_without_a_method_is_attached_without_one(server: Server) -> None:
    _send(messages.mail(calendar=CALENDAR.replace("METHOD:CANCEL\r\n", "")))
    (attached,) = server.mails[0].message.iter_attachments()
    assert attached["Content-Type"].params == {"charset": "utf-8"}


def test_without_a_calendar_nothing_is_attached(server: Server) -> None:
    _send(messages.mail())
    assert list(server.mails[0].message.iter_attachments()) == []


def test_one_line_carries_many_mails(server: Server) -> None:
    for _ in range(5):
        _send()
    assert (len(server.mails), server.lines) == (5, 1)


@pytest.mark.parametrize(
    ("command", "answer", "result"),
    [
        ("MAIL", "550 5.7.1 you may not send as this bank", Verdict.CONFIGURATION),
        ("MAIL", "552 5.3.4 too big", Verdict.REFUSED),
        ("MAIL", "451 4.3.0 later", Verdict.NOT_PROCESSED),
        ("RCPT", "550 5.1.1 no such user", Verdict.PERMANENT),
        ("RCPT", "554 5.7.1 <cleo@example.com>: Relay access denied", Verdict.REFUSED),
        ("RCPT", "450 4.2.0 greylisted", Verdict.NOT_PROCESSED),
        ("RCPT", "421 4.3.2 closing", Verdict.NOT_PROCESSED),
        ("DATA", "554 5.5.1 no", Verdict.REFUSED),
        ("DATA", "451 4.3.0 later", Verdict.NOT_PROCESSED),
        ("END", "554 5.7.1 looks like spam", Verdict.REFUSED),
        ("END", "452 4.3.1 disk full", Verdict.NOT_PROCESSED),
    ],
)
def test_a_refusal_says_whether_to_send_again(
    command: str, answer: str, result: Verdict, server: Server
) -> None:
    server.refuse[command] = answer
    outcome = _send()
    assert (outcome.result, outcome.code) == (result, answer[:3])


def test_after_a_refused_person_the_line_carries_the_next(server: Server) -> None:
    server.refuse["dan@example.com"] = "550 5.1.1 <dan@example.com>: no such user"
    outcomes = [_send(messages.mail(name)) for name in ("dan@example.com", messages.CLEO_MAIL)]
    assert [outcome.result for outcome in outcomes] == [Verdict.PERMANENT, Verdict.ACCEPTED]
    assert outcomes[0].detail == "5.1.1 <(address)>: no such user"
    assert server.lines == 1


@pytest.mark.parametrize(
    ("command", "result"),
    [
        ("MAIL", Verdict.NOT_PROCESSED),
        ("RCPT", Verdict.NOT_PROCESSED),
        ("DATA", Verdict.NOT_PROCESSED),
        ("END", Verdict.UNKNOWN),
    ],
)
def test_a_line_that_breaks_is_unknown_only_once_the_text_was_on_its_way(
    command: str, result: Verdict, server: Server
) -> None:
    server.cut.add(command)
    assert _send().result is result


def test_a_server_that_falls_silent_after_the_text_leaves_it_unknown(
    server: Server, settings: Settings
) -> None:
    settings.EMAIL_TIMEOUT = 0.3
    server.delay = 1.0
    assert (_send().result, len(server.mails)) == (Verdict.UNKNOWN, 1)


def test_a_line_that_the_server_closed_is_opened_anew_for_the_next_mail(server: Server) -> None:
    _send()
    server.refuse["MAIL"] = "421 4.7.0 enough on this line"
    assert _send().result is Verdict.NOT_PROCESSED
    server.refuse.clear()
    assert (_send().result, server.lines) == (Verdict.ACCEPTED, 3)


def test_a_line_lost_while_idle_costs_no_mail(server: Server) -> None:
    _send()
    _lose_the_idle_line()
    assert (_send().result, len(server.mails)) == (Verdict.ACCEPTED, 2)


def test_a_line_idle_for_long_is_tried_before_it_is_used(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    _send()
    monkeypatch.setattr(pool, "_STALE_SECONDS", -1.0)
    _lose_the_idle_line()
    assert (_send().result, server.lines) == (Verdict.ACCEPTED, 2)


def test_a_refused_connection_was_certainly_not_processed(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        port = closed_soon.getsockname()[1]
    _use(settings, port)
    assert (_send().result, _send().code) == (Verdict.NOT_PROCESSED, "no connection")


def test_an_address_in_another_script_arrives_in_ascii(server: Server) -> None:
    _send(messages.mail("cleo@bücher.example"))
    (mail,) = server.mails
    assert (mail.recipients, mail.message["To"]) == (
        ("cleo@xn--bcher-kva.example",),
        "cleo@xn--bcher-kva.example",
    )


def test_a_wrong_password_pauses_the_channel(settings: Settings) -> None:
    with Server(password="right") as server:
        _use(settings, server.port)
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "bank", "wrong"
        assert (_send().result, server.mails) == (Verdict.CONFIGURATION, [])
    loops.close_loops()


def test_a_password_for_a_server_that_asks_for_none_pauses_the_channel(settings: Settings) -> None:
    with Relay() as relay:
        _use(settings, relay.port)
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "bank", "right"
        assert (_send().result, relay.mails) == (Verdict.CONFIGURATION, [])
    loops.close_loops()


def test_an_address_that_cannot_be_written_is_for_good(server: Server) -> None:
    outcome = _send(messages.mail("cleo@example.com\nBcc: everyone@example.com"))
    assert (outcome.result, outcome.code, server.mails) == (Verdict.PERMANENT, "invalid", [])


def test_a_server_cannot_be_asked_what_became_of_a_mail() -> None:
    sent = messages.mail()
    with pytest.raises(LookupError):
        mailer.SmtpProvider().find(sent, sent.expires_at)
