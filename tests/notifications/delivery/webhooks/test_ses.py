"""Events of Amazon SES come through SNS: only what SNS signed is let in."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import types
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from anymail.webhooks import amazon_ses
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.test import Client
from pytest_django import Settings
from requests.adapters import HTTPAdapter

from notifications import links
from notifications.channels.providers.esp import sns
from notifications.channels.providers.http import responses
from notifications.delivery.webhooks import guard
from notifications.models import Receipt, State
from tests.notifications import messages
from tests.servers.web import Answer, Request, Server

DELIVERY = uuid.UUID("00000000-0000-4000-8000-000000000001")
TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail"
NAME = "/SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem"
CERTIFICATE = f"https://sns.eu-west-1.amazonaws.com{NAME}"


@cache
def key(owner: str) -> rsa.RSAPrivateKey:
    """Somebody's key; the same for the same name."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(owner: str, *, until: timedelta = timedelta(days=1)) -> bytes:
    now = datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key(owner).public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=9)).not_valid_after(now + until)
    return made.sign(key(owner), hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


class Amazon(Server):
    """SNS's own host, as far as certificates go."""

    def __init__(self) -> None:
        super().__init__(self._answered)
        self.answer = Answer(200, certificate("amazon"))

    def _answered(self, request: Request) -> Answer:
        return self.answer


class _Detour(HTTPAdapter):
    """To a server of ours, whatever host was asked for."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        request.url = f"{self._url}{urlsplit(str(request.url)).path}"
        return super().send(request, *args, **kwargs)


@pytest.fixture(autouse=True)
def amazon(settings: Settings) -> Iterator[Amazon]:
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.SECURE_SSL_REDIRECT = False
    settings.SNS_TOPICS = []
    settings.ANYMAIL = {"WEBHOOK_SECRET": "sns:secret"}
    sns._certificates.clear()
    responses.process_session.cache_clear()
    with Amazon() as running:
        responses.process_session(os.getpid(), "sns").mount("https://", _Detour(running.url))
        yield running
    responses.process_session.cache_clear()
    sns._certificates.clear()


def said(**facts: Any) -> dict[str, Any]:
    """A notification of SES that Cleo's mail arrived, as SNS writes it; unsigned."""
    token = json.dumps({"receipt": links.receipt_token(DELIVERY, 1)})
    event = {
        "eventType": "Delivery",
        "mail": {
            "messageId": "ses-1",
            "destination": [messages.CLEO_MAIL],
            "headers": [{"name": "X-Metadata", "value": token}],
        },
        "delivery": {"recipients": [messages.CLEO_MAIL]},
    }
    return {
        "Type": "Notification",
        "MessageId": "5f0ab5d3-0000-0000-0000-000000000001",
        "TopicArn": TOPIC,
        "Message": json.dumps(event),
        "Timestamp": "2026-03-02T09:00:00.000Z",
        "SignatureVersion": "1",
        "SigningCertURL": CERTIFICATE,
        **facts,
    }


def sign(message: dict[str, Any], by: str = "amazon") -> dict[str, Any]:
    """As Amazon's page on verifying signatures has it."""
    names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    content = "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
    algorithm = hashes.SHA1() if message["SignatureVersion"] == "1" else hashes.SHA256()  # noqa: S303
    signature = key(by).sign(content.encode(), padding.PKCS1v15(), algorithm)
    return {**message, "Signature": base64.b64encode(signature).decode()}


def call(message: dict[str, Any] | list[Any] | str, *, secret: str | None = "sns:secret") -> int:  # noqa: S107
    body = message if isinstance(message, str) else json.dumps(message)
    facts = message if isinstance(message, dict) else {}
    headers = {
        "x-amz-sns-message-type": str(facts.get("Type", "Notification")),
        "x-amz-sns-message-id": str(facts.get("MessageId", "")),
    }
    if secret:
        headers["Authorization"] = f"Basic {base64.b64encode(secret.encode()).decode()}"
    return (
        Client(enforce_csrf_checks=True)
        .post(
            "/receipts/email/amazon_ses/tracking/",
            body,
            content_type="text/plain; charset=UTF-8",
            headers=headers,
        )
        .status_code
    )


@pytest.mark.django_db
@pytest.mark.parametrize("facts", [{}, {"SignatureVersion": "2"}, {"Subject": "Amazon SES"}])
def test_what_sns_signed_is_kept(facts: dict[str, str]) -> None:
    assert call(sign(said(**facts))) == 200
    kept = Receipt.objects.get()
    assert (kept.provider, kept.delivery_public_id, kept.state) == ("amazon_ses", DELIVERY, State.DELIVERED)
    assert kept.provider_ref == "ses-1"


@pytest.mark.django_db
def test_an_event_that_is_replayed_has_no_effect() -> None:
    message = sign(said())
    assert [call(message) for _ in range(3)] == [200] * 3
    assert Receipt.objects.count() == 1


@pytest.mark.django_db
def test_the_certificate_is_fetched_once(amazon: Amazon) -> None:
    for number in range(3):
        call(sign(said(MessageId=f"message-{number}")))
    assert (Receipt.objects.count(), [request.path for request in amazon.requests]) == (3, [NAME])


@pytest.mark.django_db
@pytest.mark.parametrize(
    "forged",
    [
        said(),
        said(Signature=""),
        said(Signature="not base64!"),
        said(Signature=7),
        sign(said(), by="somebody else"),
        {**sign(said()), "Message": said(Message="{}")["Message"]},
        {**sign(said()), "TopicArn": "arn:aws:sns:eu-west-1:999999999999:mail"},
        {**sign(said()), "Timestamp": "2027-03-02T09:00:00.000Z"},
        {**sign(said()), "Subject": "added"},
        {**sign(said()), "SignatureVersion": "2"},
        {**sign(said()), "SignatureVersion": "3"},
        {**sign(said()), "SignatureVersion": None},
    ],
)
def test_what_sns_did_not_sign_is_not_let_in(forged: dict[str, Any]) -> None:
    assert (call(forged), Receipt.objects.count()) == (403, 0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        f"http://sns.eu-west-1.amazonaws.com{NAME}",
        f"https://sns.eu-west-1.amazonaws.com.evil.example{NAME}",
        f"https://evil.example/sns.eu-west-1.amazonaws.com{NAME}",
        f"https://sns.eu-west-1.amazonaws.com@evil.example{NAME}",
        f"https://sns.eu-west-1.amazonaws.com:8443{NAME}",
        f"https://sns.s3-us-west-2.amazonaws.com{NAME}",
        f"https://sns.s3.amazonaws.com{NAME}",
        f"https://evil.eu-west-1.amazonaws.com{NAME}",
        "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
        f"https://sns.eu-west-1.amazonaws.com/evil/..{NAME}",
        f"{CERTIFICATE}\n",
        "",
        7,
        None,
    ],
)
def test_a_certificate_is_fetched_from_nobody_but_sns(address: object, amazon: Amazon) -> None:
    amazon.answer = Answer(200, certificate("somebody else"))
    message = sign(said(SigningCertURL=address), by="somebody else")
    assert (call(message), Receipt.objects.count(), amazon.requests) == (403, 0, [])


@pytest.mark.django_db
def test_china_has_its_own_host() -> None:
    assert call(sign(said(SigningCertURL=f"https://sns.cn-north-1.amazonaws.com.cn{NAME}"))) == 200


@pytest.mark.django_db
def test_a_certificate_that_ran_out_is_worth_nothing(amazon: Amazon) -> None:
    amazon.answer = Answer(200, certificate("amazon", until=timedelta(days=-1)))
    assert (call(sign(said())), Receipt.objects.count()) == (403, 0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "answer",
    [
        Answer(404),
        Answer(500),
        Answer(302, headers={"Location": "http://127.0.0.1:1/"}),
        Answer(200, b"no certificate"),
        Answer(200, b"x" * 1_000_000),
        Answer(cut=True),
    ],
)
def test_without_the_certificate_sns_is_asked_to_come_again(answer: Answer, amazon: Amazon) -> None:
    right, amazon.answer = amazon.answer, answer
    assert (call(sign(said())), Receipt.objects.count()) == (503, 0)
    amazon.answer = right
    assert (call(sign(said())), Receipt.objects.count()) == (200, 1)


@pytest.mark.django_db
@pytest.mark.parametrize(("topic", "status"), [(TOPIC, 200), (f"{TOPIC}-of-somebody", 403)])
def test_only_named_topics_are_let_in_where_some_are_named(
    topic: str, status: int, settings: Settings, amazon: Amazon
) -> None:
    settings.SNS_TOPICS = [TOPIC]
    assert call(sign(said(TopicArn=topic))) == status
    assert (Receipt.objects.count(), len(amazon.requests)) == ((1, 1) if status == 200 else (0, 0))


@pytest.mark.django_db
@pytest.mark.parametrize(("secret", "status"), [(None, 401), ("a:guess", 403)])
def test_the_secret_is_asked_for_before_anything_is_fetched(
    secret: str | None, status: int, amazon: Amazon
) -> None:
    assert (call(sign(said()), secret=secret), amazon.requests) == (status, [])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400),
        ("no json", 400),
        ("\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), 400),
        ([], 400),
        ({}, 403),
        ({"Type": "Surprise", "MessageId": "1"}, 400),
        ("x" * 10_000_000, 413),
    ],
)
def test_nonsense_is_no_fault_of_ours(body: Any, status: int) -> None:
    assert (call(body), Receipt.objects.count()) == (status, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("message", ["no json", "[]", "7", '{"eventType": "Bounce"}', '{"mail": 7}'])
def test_a_signed_message_that_ses_would_not_write_is_no_fault_of_ours(message: str) -> None:
    assert (call(sign(said(Message=message))), Receipt.objects.count()) == (400, 0)


class _Boto:
    """Confirms whatever it is asked to."""

    def __init__(self) -> None:
        self.confirmed: list[str] = []
        self.session = types.SimpleNamespace(Session=lambda **_: self)

    def client(self, *_: Any, **__: Any) -> _Boto:
        return self

    def confirm_subscription(self, *, TopicArn: str, **_: Any) -> None:  # noqa: N803  # Amazon's name
        self.confirmed.append(TopicArn)

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("by", "topics", "confirmed"),
    [
        ("amazon", [], [TOPIC]),
        ("amazon", [TOPIC], [TOPIC]),
        ("amazon", ["arn:of:another"], []),
        ("somebody else", [], []),
    ],
)
def test_only_a_signed_subscription_is_confirmed(
    by: str, topics: list[str], confirmed: list[str], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    boto, settings.SNS_TOPICS = _Boto(), topics
    monkeypatch.setattr(amazon_ses, "boto3", boto)
    asked = said(
        Type="SubscriptionConfirmation",
        Message="You have chosen to subscribe",
        SubscribeURL="https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription",
        Token="2336412f37",
    )
    assert (call(sign(asked, by=by)), boto.confirmed) == (200 if confirmed else 403, confirmed)


@pytest.mark.django_db
def test_without_boto_events_are_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(guard, "_unkept", guard._Unkept())
    assert call(sign(said())) == 503
    assert "Amazon SES needs boto3" in caplog.text
    assert "requirements/ses.txt" in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize(("topics", "status"), [([TOPIC], 200), ([], 503)])
def test_named_topics_need_no_secret_beside_the_signature(
    topics: list[str], status: int, settings: Settings
) -> None:
    settings.ANYMAIL, settings.SNS_TOPICS = {}, topics
    assert call(sign(said()), secret=None) == status
    assert call(said(), secret=None) == (403 if topics else 503)
    assert Receipt.objects.count() == len(topics)
