"""Twilio, played by its own specification and by a stand-in that can be cruel."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from pytest_django import Settings

from notifications import links
from notifications.channels import in_flight
from notifications.channels.providers.twilio import sms
from notifications.channels.types import Outcome, Unreachable, Verdict
from tests.notifications import messages
from tests.notifications.channels.providers.calls import one
from tests.servers import prism
from tests.servers import twilio as stand_in
from tests.servers.web import Answer, Server

QUICK = (1.0, 0.3)


@pytest.fixture(autouse=True)
def _account(settings: Settings) -> None:
    settings.BASE_URL = "https://notices.bank.example"
    settings.TWILIO_ACCOUNT_SID = stand_in.ACCOUNT
    settings.TWILIO_AUTH_TOKEN = stand_in.TOKEN
    settings.TWILIO_MESSAGING_SERVICE_SID = "MG" + "0" * 32
    settings.TWILIO_FROM = ""


@pytest.fixture
def server(settings: Settings) -> Iterator[stand_in.Twilio]:
    with stand_in.Twilio() as running:
        settings.TWILIO_API_BASE = running.url
        yield running


def _send(number: str = messages.CLEO) -> Outcome:
    return one(sms.TwilioProvider(QUICK), messages.sms(number))


@pytest.mark.node
@pytest.mark.shared
@pytest.mark.process
def test_twilios_own_specification_takes_what_we_send(settings: Settings, shared: Path) -> None:
    service, number = ("MG" + "0" * 32, ""), ("", "+15005550006")
    outcomes = []
    with prism.mock(shared / "specs" / "twilio_api_v2010.json") as settings.TWILIO_API_BASE:
        for settings.TWILIO_MESSAGING_SERVICE_SID, settings.TWILIO_FROM in (service, number):
            outcomes.append(one(sms.TwilioProvider(), messages.sms()))
        settings.TWILIO_ACCOUNT_SID = "what the specification must refuse"
        outcomes.append(one(sms.TwilioProvider(), messages.sms()))
    assert [(outcome.result, outcome.provider_ref[:2], outcome.code) for outcome in outcomes] == [
        (Verdict.ACCEPTED, "SM", ""),
        (Verdict.ACCEPTED, "SM", ""),
        (Verdict.REFUSED, "", "422"),
    ]


def test_a_message_goes_out_with_its_receipt_address_and_how_long_it_is_true(
    server: stand_in.Twilio,
) -> None:
    message = dataclasses.replace(messages.sms(), expires_at=datetime.now(UTC) + timedelta(seconds=600.9))
    outcome = one(sms.TwilioProvider(), message)
    (taken,) = server.messages
    left = taken.form.pop("ValidityPeriod")
    assert taken.form == {
        "To": message.address,
        "Body": message.body,
        "MessagingServiceSid": "MG" + "0" * 32,
        "StatusCallback": links.receipt_url_of(links.receipt_token(message.delivery, message.attempt)),
        "SmartEncoded": "false",
    }
    assert 590 <= int(left) <= 600
    assert outcome == Outcome(message.delivery, 1, Verdict.ACCEPTED, "twilio", provider_ref=taken.sid)


@pytest.mark.parametrize("days", [-1, 1])
def test_a_machine_whose_clock_is_a_day_off_makes_a_message_true_for_no_other_time(
    days: int, server: stand_in.Twilio
) -> None:
    message = messages.sms()
    message = dataclasses.replace(message, expires_at=message.composed_at + timedelta(seconds=600))
    with time_machine.travel(datetime.now(UTC) + timedelta(days=days)):
        one(sms.TwilioProvider(), message)
    assert server.messages[0].form["ValidityPeriod"] == "600"


@pytest.mark.parametrize(("days", "seconds"), [(-1, "1"), (3, "36000")])
def test_twilio_holds_a_message_neither_longer_than_it_can_nor_less_than_a_second(
    days: int, seconds: str, server: stand_in.Twilio
) -> None:
    message = dataclasses.replace(messages.sms(), expires_at=datetime.now(UTC) + timedelta(days=days))
    one(sms.TwilioProvider(), message)
    assert server.messages[0].form["ValidityPeriod"] == seconds


@pytest.mark.parametrize(
    ("status", "code", "result"),
    [
        (429, 20429, Verdict.NOT_PROCESSED),
        (400, 21610, Verdict.OPT_OUT),
        *((400, code, Verdict.PERMANENT) for code in (21211, 21214, 21217, 21265, 21268, 21614, 21635)),
        *(
            (400, code, Verdict.REFUSED) for code in (21408, 21612)
        ),  # its region; no way from our sender to it
        (403, 21408, Verdict.REFUSED),
        *((400, code, Verdict.CONFIGURATION) for code in (21212, 21601, 21603, 21606, 21659, 21660, 21661)),
        *((400, code, Verdict.CONFIGURATION) for code in (21609, 21701, 21703, 21704, 21705, 30002, 30034)),
        *((400, code, Verdict.REFUSED) for code in (21617, 21999, 30007)),  # of the text; not listed
        (400, 0, Verdict.REFUSED),
        (400, 21611, Verdict.NOT_PROCESSED),
        (401, 20003, Verdict.CONFIGURATION),
        (403, 20403, Verdict.CONFIGURATION),
        (404, 20404, Verdict.CONFIGURATION),
        (500, 20500, Verdict.UNKNOWN),
        (503, 20503, Verdict.UNKNOWN),
        (302, 0, Verdict.CONFIGURATION),
    ],
)
def test_an_answer_says_whether_to_send_again(
    status: int, code: int, result: Verdict, server: stand_in.Twilio
) -> None:
    server.answers[messages.CLEO] = stand_in.refusal(status, code)
    outcome = _send()
    assert (outcome.result, outcome.code) == (result, str(code or status))
    assert len(server.requests) == 1  # nothing is repeated on the way, whatever the answer


def test_an_answer_that_is_no_json_still_has_a_meaning(server: stand_in.Twilio) -> None:
    server.answers[messages.CLEO] = Answer(502, b"<html>Bad Gateway</html>")
    assert (_send().result, _send().code) == (Verdict.UNKNOWN, "502")


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (stand_in.refusal(429, 20429, Retry_After="7"), 7.0),
        (stand_in.refusal(429, 20429), None),
        (stand_in.refusal(400, 21611), 300.0),
    ],
)
def test_a_wait_is_handed_on(answer: Answer, seconds: float | None, server: stand_in.Twilio) -> None:
    server.answers[messages.CLEO] = answer
    assert _send().retry_after == seconds


def test_no_answer_in_time_is_unknown_and_is_not_repeated(server: stand_in.Twilio) -> None:
    server.answers[messages.CLEO] = Answer(delay=1.0)
    outcome = _send()
    assert (outcome.result, outcome.code, len(server.messages)) == (Verdict.UNKNOWN, "timeout", 1)


def test_a_line_cut_after_the_message_was_taken_is_unknown_and_is_not_repeated(
    server: stand_in.Twilio,
) -> None:
    server.answers[messages.CLEO] = Answer(cut=True)
    outcome = _send()
    assert (outcome.result, outcome.code, len(server.messages)) == (Verdict.UNKNOWN, "connection lost", 1)


def test_a_refused_connection_was_certainly_not_processed(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        settings.TWILIO_API_BASE = f"http://127.0.0.1:{closed_soon.getsockname()[1]}"
    assert (_send().result, _send().code) == (Verdict.NOT_PROCESSED, "no connection")


def test_a_name_that_does_not_resolve_was_certainly_not_processed(settings: Settings) -> None:
    settings.TWILIO_API_BASE = "http://twilio.invalid"
    assert _send().result is Verdict.NOT_PROCESSED


def test_a_failed_handshake_was_certainly_not_processed(server: stand_in.Twilio, settings: Settings) -> None:
    settings.TWILIO_API_BASE = server.url.replace("http://", "https://")
    assert (_send().result, server.messages) == (Verdict.NOT_PROCESSED, [])


def test_a_missing_sender_pauses_the_channel_and_says_what_to_do(settings: Settings) -> None:
    settings.TWILIO_MESSAGING_SERVICE_SID = ""
    outcome = _send()
    assert outcome.result is Verdict.CONFIGURATION
    assert outcome.detail == "Nobody to send SMS as: set TWILIO_MESSAGING_SERVICE_SID or TWILIO_FROM."


def test_a_number_in_twilios_words_is_not_kept(server: stand_in.Twilio) -> None:
    server.answers[messages.CLEO] = stand_in.refusal(400, 21211, f"'{messages.CLEO}' is no phone number")
    assert _send().detail == "'(address)' is no phone number"


def test_each_of_many_calls_at_once_is_told_of_its_own_message(server: stand_in.Twilio) -> None:
    sent = [messages.sms(f"+4477009{number:05}") for number in range(200)]
    outcomes = in_flight.Channel(32, sms.TwilioProvider()).send(iter(sent))
    told = {outcome.delivery: outcome.provider_ref for outcome in outcomes}
    assert told == {message.delivery: server.sent_to(message.address)[0].sid for message in sent}


def test_a_message_that_twilio_took_is_found(server: stand_in.Twilio) -> None:
    server.answers[messages.CLEO] = Answer(cut=True)
    message, since = messages.sms(), datetime.now(UTC)
    provider = sms.TwilioProvider(QUICK)
    assert one(provider, message).result is Verdict.UNKNOWN
    found = provider.find(message, since)
    assert found
    assert found.provider_ref == server.messages[0].sid


def test_a_text_behind_a_trial_accounts_words_is_found(server: stand_in.Twilio) -> None:
    message = messages.sms()
    one(sms.TwilioProvider(), message)
    server.messages[0].body = f"Sent from your Twilio trial account - {message.body}"
    assert sms.TwilioProvider().find(message, datetime.now(UTC)) is not None


def test_another_text_or_an_older_one_is_not_taken_for_ours(server: stand_in.Twilio) -> None:
    message = messages.sms()
    provider = sms.TwilioProvider()
    one(provider, dataclasses.replace(message, body="Online banking rests on Monday."))
    one(provider, message)
    server.messages[1].created -= timedelta(minutes=3)
    assert provider.find(message, datetime.now(UTC)) is None


@pytest.mark.parametrize(
    "answer", [Answer(503), Answer(cut=True), Answer(200, b"no json"), Answer(200, b"{}")]
)
def test_a_twilio_that_cannot_be_asked_is_asked_again_later(answer: Answer, settings: Settings) -> None:
    with Server(lambda request: answer) as broken:
        settings.TWILIO_API_BASE = broken.url
        with pytest.raises(Unreachable):
            sms.TwilioProvider(QUICK).find(messages.sms(), datetime.now(UTC))
