"""Twilio's list, asked what it took and what became of it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests
from pytest_django import Settings

from notifications.channels.providers.twilio import lookup
from notifications.channels.types import Fate, Found, Message, Report, Unreachable
from tests.notifications import messages
from tests.servers import twilio as stand_in
from tests.servers.web import Answer, Server

SINCE, UNTIL = datetime.now(UTC), datetime.now(UTC) + timedelta(hours=1)
QUICK = (1.0, 0.3)


@pytest.fixture(autouse=True)
def server(settings: Settings) -> Iterator[stand_in.Twilio]:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = stand_in.ACCOUNT, stand_in.TOKEN
    with stand_in.Twilio() as running:
        settings.TWILIO_API_BASE = running.url
        yield running


def _took(server: stand_in.Twilio, message: Message) -> stand_in.Taken:
    """Put a message there, as whoever sends it does."""
    url = f"{server.url}/2010-04-01/Accounts/{stand_in.ACCOUNT}/Messages.json"
    form = {"To": message.address, "Body": message.body}
    sid = requests.post(url, form, auth=(stand_in.ACCOUNT, stand_in.TOKEN), timeout=5).json()["sid"]
    return next(taken for taken in server.messages if taken.sid == sid)


def _asked(server: stand_in.Twilio) -> int:
    return sum(request.method == "GET" for request in server.requests)


def test_of_messages_that_cannot_be_told_apart_the_oldest_is_first(server: stand_in.Twilio) -> None:
    first, second = _took(server, messages.sms()), _took(server, messages.sms())
    _took(server, dataclasses.replace(messages.sms(), body="Other words."))

    assert lookup.found_message(messages.sms(), SINCE) == Found(first.sid, (second.sid,))


def test_what_was_never_taken_is_not_found(server: stand_in.Twilio) -> None:
    assert lookup.found_message(messages.sms(), SINCE) is None


def test_a_few_messages_are_asked_about_one_by_one(server: stand_in.Twilio) -> None:
    delivered, waiting, strange = (_took(server, messages.sms()) for _ in range(3))
    delivered.status, strange.status = "delivered", "dancing"
    asked = [delivered.sid, waiting.sid, strange.sid, "SM" + "f" * 32]

    reports = set(lookup.reported_messages(asked, SINCE, UNTIL))
    assert reports == {
        Report(delivered.sid, Fate.DELIVERED, "delivered"),
        Report(waiting.sid, Fate.SENT, "queued"),
    }
    assert _asked(server) == 4


def test_many_messages_are_told_of_in_pages(server: stand_in.Twilio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "_PAGE", 20)
    monkeypatch.setattr(lookup, "_WORTH", 20)
    taken = [_took(server, messages.sms(f"+4477009{number:05}")) for number in range(60)]
    for one in taken:
        one.move("delivered")
    newest = taken[-40:]

    reports = list(lookup.reported_messages([one.sid for one in newest], SINCE, UNTIL))
    assert {report.provider_ref for report in reports} == {one.sid for one in newest}
    assert _asked(server) == 2


def test_what_is_on_no_page_of_its_time_is_asked_about_by_itself(
    server: stand_in.Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "_WORTH", 20)
    taken = [_took(server, messages.sms(f"+4477009{number:05}")) for number in range(40)]
    taken[0].move("delivered")
    taken[0].sent = UNTIL + timedelta(hours=3)

    reports = list(lookup.reported_messages([one.sid for one in taken], SINCE, UNTIL))
    assert Report(taken[0].sid, Fate.DELIVERED, "delivered") in reports
    assert (len(reports), _asked(server)) == (40, 2)


@pytest.mark.parametrize(
    ("code", "opted_out", "bad_address"), [(21610, True, False), (30005, False, True), (30003, False, False)]
)
def test_a_failure_says_whether_the_number_may_be_used_again(
    code: int, opted_out: bool, bad_address: bool, settings: Settings
) -> None:
    said = {"sid": "SM1", "status": "undelivered", "error_code": code}
    with Server(lambda request: Answer(200, json.dumps(said).encode())) as one:
        settings.TWILIO_API_BASE = one.url
        reports = list(lookup.reported_messages(["SM1"], SINCE, UNTIL))

    assert reports == [
        Report(
            "SM1",
            Fate.FAILED,
            "undelivered",
            code=str(code),
            opted_out=opted_out,
            bad_address=bad_address,
        )
    ]


@pytest.mark.parametrize("answer", [Answer(429), Answer(503), Answer(cut=True), Answer(200, b"no json")])
@pytest.mark.parametrize("number", [1, 100])
def test_a_twilio_that_cannot_be_asked_says_nothing(answer: Answer, number: int, settings: Settings) -> None:
    with Server(lambda request: answer) as broken:
        settings.TWILIO_API_BASE = broken.url
        with pytest.raises(Unreachable):
            list(lookup.reported_messages([f"SM{n}" for n in range(number)], SINCE, UNTIL, QUICK))


def test_without_a_key_nobody_can_be_asked(settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = ""
    with pytest.raises(Unreachable, match="TWILIO_AUTH_TOKEN"):
        lookup.found_message(messages.sms(), SINCE)
