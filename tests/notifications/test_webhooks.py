"""The doors that stand open to the world: who is let in, and what is kept of what they say."""

from __future__ import annotations

import base64
import io
import json
import logging
import uuid
from collections.abc import Mapping
from typing import Any

import pytest
from anymail.signals import AnymailTrackingEvent, tracking
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from config.logs import Line, SaidByTheDoor
from notifications import links, receipts, webhooks
from notifications.models import Receipt, State
from notifications.webhooks import door
from tests import refusing
from tests.notifications import messages
from tests.servers import twilio

DELIVERY = uuid.UUID("00000000-0000-4000-8000-000000000001")
FORM = {
    "MessageSid": "SM00000000000000000000000000000001",
    "MessageStatus": "delivered",
    "AccountSid": twilio.ACCOUNT,
    "To": messages.CLEO,
    "From": "+15005550006",
    "Body": "",
}


@pytest.fixture(autouse=True)
def _bank(settings: Settings) -> None:
    settings.BASE_URL = "https://notices.bank.example"
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.SECURE_SSL_REDIRECT = False
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = twilio.ACCOUNT, twilio.TOKEN
    settings.TWILIO_AUTH_TOKEN_OLD = ""


def _call(
    form: Mapping[str, str] = FORM,
    *,
    token: str = "",
    signed_for: str = "",
    by: str = twilio.TOKEN,
    signature: str | None = None,
) -> int:
    """Call the door as Twilio does, or not quite; the status of the answer."""
    return _answer(form, token=token, signed_for=signed_for, by=by, signature=signature).status_code


def _answer(
    form: Mapping[str, str] = FORM,
    *,
    token: str = "",
    signed_for: str = "",
    by: str = twilio.TOKEN,
    signature: str | None = None,
) -> HttpResponse:
    token = token or links.receipt_token(DELIVERY, 1)
    url = signed_for or f"https://notices.bank.example/receipts/sms/{token}/"
    signature = twilio.sign(url, dict(form), by) if signature is None else signature
    headers = {"X-Twilio-Signature": signature} if signature else {}
    client = Client(enforce_csrf_checks=True)
    return client.post(f"/receipts/sms/{token}/", dict(form), headers=headers)  # type: ignore[return-value]


@pytest.mark.django_db
def test_a_receipt_is_kept_with_its_delivery_and_attempt() -> None:
    assert _call(token=links.receipt_token(DELIVERY, 2)) == 204
    kept = Receipt.objects.get()
    assert (kept.provider, kept.delivery_public_id, kept.attempt) == ("twilio", DELIVERY, 2)
    assert (kept.state, kept.provider_ref, kept.processed_at) == (State.DELIVERED, FORM["MessageSid"], None)


@pytest.mark.django_db
def test_a_receipt_that_comes_again_is_kept_once() -> None:
    assert [_call(), _call()] == [204, 204]
    assert Receipt.objects.count() == 1


@pytest.mark.django_db
def test_no_number_and_no_text_is_kept() -> None:
    _call({**FORM, "Body": "Online banking rests."})
    assert Receipt.objects.get().raw == {"MessageSid": FORM["MessageSid"], "MessageStatus": "delivered"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "code", "state", "suppress"),
    [
        ("queued", "", State.SENT, ""),
        ("sent", "", State.SENT, ""),
        ("delivered", "", State.DELIVERED, ""),
        ("read", "", State.DELIVERED, ""),
        ("undelivered", "30003", State.FAILED, ""),
        ("undelivered", "30005", State.FAILED, "bounce"),
        ("undelivered", "30006", State.FAILED, "bounce"),
        ("failed", "30007", State.FAILED, ""),
        ("failed", "21610", State.FAILED, "opt_out"),
    ],
)
def test_twilios_words_become_ours(status: str, code: str, state: State, suppress: str) -> None:
    assert _call({**FORM, "MessageStatus": status, "ErrorCode": code}) == 204
    kept = Receipt.objects.get()
    assert (kept.state, kept.code, kept.suppress) == (state, code, suppress)


@pytest.mark.django_db
def test_a_status_that_says_nothing_of_arrival_is_taken_and_not_kept() -> None:
    assert (_call({**FORM, "MessageStatus": "scheduled"}), Receipt.objects.count()) == (204, 0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"signature": ""}, 403),
        ({"signature": "bm90IGEgc2lnbmF0dXJl"}, 403),
        ({"signature": "ü"}, 403),
        ({"by": "the token of another account"}, 403),
        ({"form": {**FORM, "AccountSid": "AC" + "1" * 32}}, 403),
        ({"signed_for": "https://other.example/receipts/sms/token/"}, 403),
        ({"token": "forged"}, 403),
        ({"form": {"AccountSid": twilio.ACCOUNT}}, 400),
        ({"form": {**FORM, "Body": "x" * 70_000}}, 413),
        ({"form": {**FORM, "Body": "x" * 10_000_000}}, 413),
    ],
)
def test_others_are_not_let_in(wrong: dict[str, Any], status: int) -> None:
    assert (_call(**wrong), Receipt.objects.count()) == (status, 0)


@pytest.mark.django_db
def test_a_receipt_of_one_delivery_does_not_serve_for_another() -> None:
    ours = f"https://notices.bank.example/receipts/sms/{links.receipt_token(DELIVERY, 1)}/"
    assert _call(token=links.receipt_token(uuid.uuid4(), 1), signed_for=ours) == 403


@pytest.mark.django_db
def test_without_a_token_of_our_own_nobody_is_let_in(settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = ""
    assert _call(by="") == 403


@pytest.mark.django_db
@pytest.mark.parametrize(("by", "status"), [(twilio.TOKEN, 204), ("the old one", 204), ("a third", 403)])
def test_while_tokens_change_both_are_let_in(by: str, status: int, settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN_OLD = "the old one"
    assert _call(by=by) == status


@pytest.mark.django_db
def test_a_receipt_that_meets_no_database_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**facts: Any) -> bool:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(receipts, "record", fails)
    assert _call() == 503


@pytest.mark.django_db(transaction=True)
def test_receipts_that_meet_no_database_are_asked_for_again_with_one_line_for_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(door, "_refused", door._Refused())
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(Line())
    handler.addFilter(SaidByTheDoor())
    logging.getLogger().addHandler(handler)
    try:
        with refusing.away():
            answers = [_answer() for _ in range(20)]
    finally:
        logging.getLogger().removeHandler(handler)
    assert {(answer.status_code, answer.headers["Retry-After"]) for answer in answers} == {(503, "30")}
    (line,) = written.getvalue().splitlines()
    assert 'message="a receipt could not be kept, and is asked for again: OperationalError: ' in line
    assert _call() == 204


def test_what_was_not_said_of_receipts_is_counted_in_the_next_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    refused = door._Refused()
    for moment in (*[5.0] * 1_235, 16.0):
        refused.log(OperationalError("connection refused"), moment)
    first, second = [record.getMessage() for record in caplog.records]
    assert (
        first == "a receipt could not be kept, and is asked for again: OperationalError: connection refused"
    )
    assert second == first.replace("kept", "kept, nor 1,234 before it")


@pytest.mark.django_db
@pytest.mark.parametrize("length", ["-1", "9" * 5000, "many"])
def test_a_length_that_cannot_be_is_too_long(length: str) -> None:
    url = f"/receipts/sms/{links.receipt_token(DELIVERY, 1)}/"
    assert Client().post(url, FORM, CONTENT_LENGTH=length).status_code == 413


@pytest.mark.django_db
def test_what_a_proxy_says_of_the_address_is_not_believed() -> None:
    token = links.receipt_token(DELIVERY, 1)
    signature = twilio.sign(f"https://evil.example/receipts/sms/{token}/", FORM)
    headers = {"X-Twilio-Signature": signature, "X-Forwarded-Host": "evil.example", "Host": "testserver"}
    assert Client().post(f"/receipts/sms/{token}/", FORM, headers=headers).status_code == 403


@pytest.mark.django_db
def test_only_post_is_answered(client: Client) -> None:
    assert client.get(f"/receipts/sms/{links.receipt_token(DELIVERY, 1)}/").status_code == 405


def _mail_event(**facts: Any) -> dict[str, Any]:
    """An event as Postmark sends it."""
    return {
        "RecordType": "Delivery",
        "MessageID": "postmark-1",
        "Recipient": messages.CLEO_MAIL,
        "DeliveredAt": "2026-03-02T09:00:00Z",
        "Metadata": {"receipt": links.receipt_token(DELIVERY, 1)},
        **facts,
    }


def _mail_call(settings: Settings, event: dict[str, Any] | str, *, secret: str = "") -> int:
    settings.ANYMAIL = {"WEBHOOK_SECRET": "postmark:secret", "POSTMARK_SERVER_TOKEN": "a token"}
    basic = base64.b64encode((secret or "postmark:secret").encode()).decode()
    answer = Client(enforce_csrf_checks=True).post(
        "/receipts/email/postmark/tracking/",
        event if isinstance(event, str) else json.dumps(event),
        content_type="application/json",
        headers={"Authorization": f"Basic {basic}"},
    )
    return answer.status_code


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("facts", "state", "suppress"),
    [
        ({}, State.DELIVERED, ""),
        ({"RecordType": "Bounce", "Type": "HardBounce", "ID": 7}, State.FAILED, "bounce"),
        ({"RecordType": "Bounce", "Type": "SoftBounce", "ID": 7}, State.FAILED, ""),
        ({"RecordType": "Bounce", "Type": "Transient", "ID": 7}, State.SENT, ""),
        ({"RecordType": "SpamComplaint", "Type": "SpamComplaint", "ID": 7}, State.DELIVERED, "complaint"),
        (
            {"RecordType": "SubscriptionChange", "SuppressionReason": "ManualSuppression"},
            State.DELIVERED,
            "opt_out",
        ),
    ],
)
def test_a_mail_services_event_is_kept(
    facts: dict[str, Any], state: State, suppress: str, settings: Settings
) -> None:
    assert _mail_call(settings, _mail_event(**facts)) == 200
    kept = Receipt.objects.get()
    assert (kept.provider, kept.delivery_public_id, kept.attempt) == ("postmark", DELIVERY, 1)
    assert (kept.state, kept.suppress, kept.provider_ref) == (state, suppress, "postmark-1")
    assert messages.CLEO_MAIL not in json.dumps(kept.raw)


@pytest.mark.django_db
def test_an_event_that_comes_again_is_kept_once(settings: Settings) -> None:
    for _ in range(2):
        _mail_call(settings, _mail_event())
    assert Receipt.objects.count() == 1


@pytest.mark.django_db
def test_a_mail_service_without_the_secret_is_not_let_in(settings: Settings) -> None:
    assert (_mail_call(settings, _mail_event(), secret="a:guess"), Receipt.objects.count()) == (403, 0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "status"),
    [("no json", 400), ("[]", 400), ('"words"', 400), ("{}", 200), ("", 400), ("x" * 10_000_000, 413)],
)
def test_a_mail_services_nonsense_is_no_fault_of_ours(body: str, status: int, settings: Settings) -> None:
    assert (_mail_call(settings, body), Receipt.objects.count()) == (status, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("metadata", [{}, {"receipt": "forged"}, {"receipt": str(DELIVERY)}])
def test_an_event_without_our_own_token_is_not_believed(metadata: dict[str, str], settings: Settings) -> None:
    assert _mail_call(settings, _mail_event(Metadata=metadata)) == 200
    assert Receipt.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["Open", "Click"])
def test_whether_a_mail_was_opened_is_not_kept(kind: str, settings: Settings) -> None:
    assert (_mail_call(settings, _mail_event(RecordType=kind)), Receipt.objects.count()) == (200, 0)


def _signal(event_id: str, delivery: uuid.UUID = DELIVERY, **facts: Any) -> None:
    event = AnymailTrackingEvent(
        event_type="delivered",
        event_id=event_id,
        timestamp=None,
        metadata={"receipt": links.receipt_token(delivery, 1)},
        esp_event={},
        **facts,
    )
    tracking.send(sender=object, event=event, esp_name="Postmark")


@pytest.mark.django_db
def test_one_bad_event_does_not_lose_the_rest_of_its_batch(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(**facts: Any) -> bool:
        raise ValueError("this event is bad")

    with monkeypatch.context() as patch:
        patch.setattr(receipts, "record", fails)
        _signal("1")
    _signal("2")
    assert Receipt.objects.get().event_key == "2"
    assert "could not be recorded" in caplog.text


@pytest.mark.django_db
def test_a_batch_that_meets_no_database_is_sent_again_by_its_service(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**facts: Any) -> bool:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(receipts, "record", fails)
    with pytest.raises(OperationalError):
        _signal("1")


@pytest.mark.django_db
def test_a_long_key_is_kept_in_a_shape_that_fits() -> None:
    for last in "ab":
        _signal("x" * 300 + last)
    assert Receipt.objects.count() == 2


@pytest.mark.django_db
def test_events_of_one_call_are_told_apart_where_the_service_has_no_names_for_them() -> None:
    for delivery in (DELIVERY, uuid.uuid4()):
        _signal("", delivery, message_id="of the whole call")
    assert Receipt.objects.count() == 2


@pytest.mark.django_db
def test_nobody_writes_to_us_through_a_mail_service(client: Client) -> None:
    for service in ("amazon_ses", "mailgun", "postmark", "sendgrid"):
        assert client.post(f"/receipts/email/{service}/inbound/").status_code == 404
        assert reverse(f"notifications:anymail:{service}_tracking_webhook").endswith(f"{service}/tracking/")


def test_the_doors_have_the_addresses_that_providers_are_given() -> None:
    assert [str(door.pattern) for door in webhooks.urlpatterns] == [
        "receipts/sms/<str:token>/",
        "receipts/email/",
    ]
