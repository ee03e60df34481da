"""The doors that stand open to the world: who is let in, and what is kept of what they say."""

from __future__ import annotations

import base64
import io
import json
import logging
import uuid
import warnings
from collections.abc import Mapping
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from config.logs import Line, RefusedReceipts
from notifications import links
from notifications.channels.providers.esp import webhook_views
from notifications.delivery import receipts, webhooks
from notifications.delivery.webhooks import guard, mail
from notifications.models import Receipt, State
from tests import refusing
from tests.notifications import messages
from tests.servers import twilio


@pytest.fixture(autouse=True)
def nothing_said_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each reason is said once in a while: by each test anew."""
    monkeypatch.setattr(guard, "_unkept", guard._Unkept())


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
    def fails(kept: Receipt) -> bool:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(receipts, "keep_receipt", fails)
    assert _call() == 503


@pytest.mark.django_db(transaction=True)
def test_receipts_that_meet_no_database_are_asked_for_again_with_one_line_for_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(Line())
    handler.addFilter(RefusedReceipts())
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
    unkept = guard._Unkept()
    for moment in (*[5.0] * 1_235, 16.0):
        unkept.log(OperationalError("connection refused"), moment)
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


def _sendgrid_event(number: int, delivery: uuid.UUID = DELIVERY, **facts: Any) -> dict[str, Any]:
    """One of the many that SendGrid sends in a request."""
    token = links.receipt_token(delivery, 1)
    return {"event": "delivered", "sg_event_id": f"event-{number}", "receipt": token, **facts}


def _sendgrid_call(settings: Settings, events: list[Any]) -> HttpResponse:
    settings.ANYMAIL = {"WEBHOOK_SECRET": "sendgrid:secret"}
    with warnings.catch_warnings(action="ignore"):  # anymail is to drop the service
        return Client(enforce_csrf_checks=True).post(  # type: ignore[return-value]
            "/receipts/email/sendgrid/tracking/",
            json.dumps(events),
            content_type="application/json",
            headers={"Authorization": f"Basic {base64.b64encode(b'sendgrid:secret').decode()}"},
        )


@pytest.mark.django_db
def test_the_events_of_a_request_are_kept_in_one_statement(settings: Settings) -> None:
    events = [_sendgrid_event(number, uuid.uuid4()) for number in range(50)]
    with CaptureQueriesContext(connection) as captured:
        assert _sendgrid_call(settings, events).status_code == 200
    inserts = [query["sql"] for query in captured if query["sql"].startswith("INSERT")]
    assert (Receipt.objects.count(), len(inserts)) == (50, 1)


@pytest.mark.django_db
def test_events_that_come_again_beside_new_ones_are_kept_once(settings: Settings) -> None:
    for numbers in ((1, 2), (2, 3), (3, 3, 4)):
        _sendgrid_call(settings, [_sendgrid_event(number) for number in numbers])
    assert Receipt.objects.count() == 4


@pytest.mark.django_db
def test_more_events_than_are_taken_are_refused_with_a_sentence(settings: Settings) -> None:
    answer = _sendgrid_call(settings, [{"event": "open"}] * 10_001)
    assert (answer.status_code, Receipt.objects.count()) == (413, 0)
    assert answer.content.decode() == "10001 events in a request: no more than 10000 are taken\n"


@pytest.mark.django_db
def test_as_many_events_as_are_taken_are_kept(settings: Settings) -> None:
    events = [_sendgrid_event(number) for number in range(10_000)]
    assert _sendgrid_call(settings, events).status_code == 200
    assert Receipt.objects.count() == 10_000


@pytest.mark.django_db
def test_one_bad_event_does_not_lose_the_rest_of_its_batch(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    key = mail._event_key

    def fails(event: Any) -> str:
        if event.event_type == "bounced":
            raise ValueError(f"of {messages.CLEO_MAIL}")
        return key(event)

    monkeypatch.setattr(mail, "_event_key", fails)
    events = [_sendgrid_event(1), _sendgrid_event(3, event="bounce", type="bounce"), _sendgrid_event(2)]
    assert _sendgrid_call(settings, events).status_code == 200
    assert sorted(Receipt.objects.values_list("event_key", flat=True)) == ["event-1", "event-2"]
    assert "could not be read: ValueError" in caplog.text
    assert messages.CLEO_MAIL not in caplog.text


@pytest.mark.django_db
def test_an_event_with_characters_that_no_database_holds_is_kept_without_them(settings: Settings) -> None:
    assert _sendgrid_call(settings, [_sendgrid_event(1, sg_event_id="a\0b\ud800c")]).status_code == 200
    assert Receipt.objects.get().event_key == "abc"


@pytest.mark.django_db
def test_a_batch_that_meets_no_database_is_sent_again_by_its_service(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(words: Any) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(receipts, "keep_receipts", fails)
    assert _mail_call(settings, _mail_event()) == 503


@pytest.mark.django_db
def test_a_long_key_is_kept_in_a_shape_that_fits(settings: Settings) -> None:
    _sendgrid_call(settings, [_sendgrid_event(0, sg_event_id="x" * 300 + last) for last in "ab"])
    assert Receipt.objects.count() == 2


@pytest.mark.django_db
def test_events_of_one_call_are_told_apart_where_the_service_has_no_names_for_them(
    settings: Settings,
) -> None:
    for delivery in (DELIVERY, uuid.uuid4()):
        token = links.receipt_token(delivery, 1)
        _mail_call(settings, _mail_event(MessageID="of the whole call", Metadata={"receipt": token}))
    assert Receipt.objects.count() == 2


SIGNED = {
    "mailersend": {"MAILERSEND_SIGNING_SECRET": "key"},
    "mailgun": {"MAILGUN_WEBHOOK_SIGNING_KEY": "key"},
}
# of services that anymail is to drop
outdated = pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailWarning")
SERVICES = [str(address.pattern) for address in webhook_views.tracking_patterns()]


@outdated
@pytest.mark.django_db
@pytest.mark.parametrize("service", SERVICES)
def test_without_a_secret_every_mail_service_is_shut_out(
    service: str, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """And asks again: nothing is lost until somebody has set it."""
    settings.ANYMAIL, settings.SNS_TOPICS = {}, []
    body = json.dumps([_mail_event(), _sendgrid_event(1)])
    answer = Client().post(f"/receipts/email/{service}", body, content_type="application/json")
    assert (answer.status_code, Receipt.objects.count()) == (503, 0)
    assert "could not be kept, and is asked for again: " in caplog.text
    assert "Traceback" not in caplog.text


@outdated
@pytest.mark.django_db
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_may_look_whether_there_is_a_door_before_it_gives_out_its_key(
    service: str, settings: Settings
) -> None:
    settings.ANYMAIL, settings.SNS_TOPICS = {}, []
    assert Client().head(f"/receipts/email/{service}").status_code == 200


@outdated
@pytest.mark.django_db
def test_a_key_that_cannot_be_read_is_no_fault_of_the_service(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ANYMAIL = {"SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY": "no key"}
    answer = Client().post("/receipts/email/sendgrid/tracking/", "[]", content_type="application/json")
    assert answer.status_code == 503
    assert "the key to SendGrid's signature cannot be read" in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize("service", SIGNED)
def test_the_key_of_a_services_own_signature_opens_it_for_what_is_signed(
    service: str, settings: Settings
) -> None:
    settings.ANYMAIL = SIGNED[service]
    url = f"/receipts/email/{service}/tracking/"
    answer = Client().post(url, json.dumps(_mail_event()), content_type="application/json")
    assert (answer.status_code, Receipt.objects.count()) == (403, 0)


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
