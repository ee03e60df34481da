"""Every receipt is lost, and the provider is asked: what it says is what we say."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests
from django.db.models import Count
from pytest_django import Settings

from notifications.delivery import polling, receipts
from notifications.models import Delivery, Receipt, State, Suppression
from tests import people
from tests.notifications import messages
from tests.servers import twilio as stand_in
from tests.servers.web import Answer, Request, Server

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)
LATER = NOW + timedelta(minutes=15)


@pytest.fixture(autouse=True)
def server(settings: Settings) -> Iterator[stand_in.Twilio]:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = stand_in.ACCOUNT, stand_in.TOKEN
    settings.TWILIO_FROM = "+15005550006"
    with stand_in.Twilio() as running:
        settings.TWILIO_API_BASE = running.url
        yield running


def _sent(server: stand_in.Twilio, number: int = 1, *, channel: str = "sms") -> list[Delivery]:
    """So many deliveries that Twilio took a moment ago, and nothing was heard of them since."""
    rows = people.queued(
        people.notice(people.window(), due_at=NOW, true_until=NOW + timedelta(days=9)),
        number=number,
        channel=channel,
        state=State.SENT,
        rank=2,
        attempt=1,
        provider="twilio",
        sent_at=NOW,
    )
    url = f"{server.url}/2010-04-01/Accounts/{stand_in.ACCOUNT}/Messages.json"
    for row in rows:
        form = {"To": messages.CLEO, "Body": "x"}
        answer = requests.post(url, form, auth=(stand_in.ACCOUNT, stand_in.TOKEN), timeout=5)
        Delivery.objects.filter(pk=row.pk).update(provider_ref=answer.json()["sid"])
    return rows


def test_a_channel_that_cannot_be_opened_keeps_no_other_from_being_asked(
    server: stand_in.Twilio, settings: Settings
) -> None:
    settings.CHANNELS = ["email", "sms"]
    settings.EMAIL_CONFIGURED, settings.EMAIL_BACKEND = True, "no.such.Backend"
    _sent(server, channel="email")
    _sent(server)
    for message in server.messages:
        message.move("delivered")

    assert polling.poll(now=LATER) == 1


def _asked(server: stand_in.Twilio) -> int:
    return sum(request.method == "GET" for request in server.requests)


def _states() -> dict[int, int]:
    return dict(Delivery.objects.values_list("state").annotate(number=Count("id")))


@pytest.mark.parametrize("number", [9, 120])
def test_when_every_receipt_is_lost_polling_brings_each_state(server: stand_in.Twilio, number: int) -> None:
    _sent(server, number)
    for turn, message in enumerate(server.messages):
        message.move(("delivered", "undelivered", "sent")[turn % 3])
    assert polling.poll(now=LATER) == number * 2 // 3

    told = {"delivered": State.DELIVERED, "undelivered": State.FAILED, "sent": State.SENT}
    assert dict(Delivery.objects.values_list("provider_ref", "state")) == {
        message.sid: told[message.status] for message in server.messages
    }


def test_nobody_is_asked_while_receipts_may_still_come(server: stand_in.Twilio) -> None:
    _sent(server)
    polling.poll(now=LATER - timedelta(seconds=1))

    assert _asked(server) == 0


def test_who_has_heard_of_all_asks_nobody(server: stand_in.Twilio) -> None:
    (row,) = _sent(server)
    Delivery.objects.update(state=State.DELIVERED, rank=4)
    Delivery.objects.filter(pk=row.pk).update(provider_ref="SM1")
    polling.poll(now=LATER)

    assert _asked(server) == 0


def test_what_is_still_on_its_way_is_asked_about_when_it_is_twice_as_old(server: stand_in.Twilio) -> None:
    _sent(server)
    asked = []
    for minutes in (15, 29, 30, 59, 60):
        polling.poll(now=NOW + timedelta(minutes=minutes))
        asked.append(_asked(server))

    assert asked == [1, 1, 2, 2, 3]


def test_after_three_days_nobody_is_asked(server: stand_in.Twilio) -> None:
    _sent(server)
    polling.poll(now=NOW + timedelta(days=3, seconds=1))

    assert _asked(server) == 0


def test_more_than_one_question_takes_them_oldest_first(
    server: stand_in.Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "_BATCH", 2)
    rows = _sent(server, 5)
    for age, row in enumerate(rows):
        server.messages[age].move("delivered")
        Delivery.objects.filter(pk=row.pk).update(sent_at=NOW - timedelta(minutes=age))
    assert polling.poll(now=LATER) == 5

    asked = [request.path for request in server.requests if request.method == "GET"]
    pairs = [set(asked[:2]), set(asked[2:4]), set(asked[4:])]
    assert [[message.sid in "".join(pair) for message in server.messages] for pair in pairs] == [
        [False, False, False, True, True],
        [False, True, True, False, False],
        [True, False, False, False, False],
    ]
    assert _states() == {State.DELIVERED: 5}


def test_the_run_ends_quietly_where_twilio_cannot_be_asked_and_the_next_goes_on(
    server: stand_in.Twilio, settings: Settings
) -> None:
    _sent(server, 2)
    for message in server.messages:
        message.move("delivered")
    with Server(lambda request: stand_in.refusal(429, 20429)) as busy:
        settings.TWILIO_API_BASE = busy.url
        assert polling.poll(now=LATER) == 0
    settings.TWILIO_API_BASE = server.url
    assert polling.poll(now=LATER + timedelta(seconds=59)) == 0
    assert polling.poll(now=LATER + timedelta(seconds=60)) == 2


def test_a_run_with_slow_answers_ends_by_itself_with_what_it_heard_on_record(
    server: stand_in.Twilio, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "_TURN_SECONDS", 0.5)
    _sent(server, 40)  # more than are asked about at once
    for message in server.messages:
        message.move("delivered")

    def slowly(request: Request) -> Answer:
        time.sleep(0.4)
        return server.take(request)

    with Server(slowly) as slow:
        settings.TWILIO_API_BASE = slow.url
        heard = polling.poll(now=LATER)
    settings.TWILIO_API_BASE = server.url
    monkeypatch.undo()

    assert 0 < heard < 40
    assert _states() == {State.DELIVERED: heard, State.SENT: 40 - heard}
    assert polling.poll(now=LATER + timedelta(seconds=60)) == 40 - heard


def test_a_receipt_that_was_not_lost_after_all_is_the_same_event(server: stand_in.Twilio) -> None:
    (row,) = _sent(server)
    server.messages[0].move("delivered")
    polling.poll(now=LATER)
    fresh = receipts.keep_receipt(
        receipts.ProviderEvent(
            provider="twilio",
            event_key=f"{server.messages[0].sid}:delivered",
            delivery=row.public_id,
            attempt=1,
            state=State.DELIVERED,
            received_at=LATER,
        ).receipt()
    )

    assert (fresh, Receipt.objects.count()) == (False, 1)


def test_a_number_that_is_nobodys_is_not_used_again(server: stand_in.Twilio, settings: Settings) -> None:
    (row,) = _sent(server)
    said = {"sid": server.messages[0].sid, "status": "undelivered", "error_code": 30005}
    with Server(lambda request: Answer(200, json.dumps(said).encode())) as one:
        settings.TWILIO_API_BASE = one.url
        polling.poll(now=LATER)

    row.refresh_from_db()
    assert (row.state, row.reason) == (State.FAILED, "30005")
    assert bytes(Suppression.objects.get().address_hmac) == bytes(row.address_hmac or b"")


def test_a_delivery_that_is_being_sent_again_is_left_alone(server: stand_in.Twilio) -> None:
    (row,) = _sent(server)
    server.messages[0].move("delivered")
    Delivery.objects.filter(pk=row.pk).update(state=State.SENDING, attempt=2, lease_token=people.TOKEN)

    assert polling.poll(now=LATER) == 0


def test_a_road_without_such_a_question_is_not_asked(server: stand_in.Twilio, settings: Settings) -> None:
    _sent(server, channel="email")
    Delivery.objects.update(provider="postmark", provider_ref="<1@postmark>")
    settings.EMAIL_CONFIGURED = True
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"

    assert polling.poll(now=LATER) == 0
