"""Who may ask in whose name."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.http import HttpResponse
from django.test import Client
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from pytest_django.fixtures import Settings

from notifications.api import identity
from tests import people

pytestmark = pytest.mark.django_db
KEY = "a key of the bank that is long enough for HS256"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())


def claims(**more: Any) -> dict[str, Any]:
    values = {"sub": "cleo", "exp": datetime.now(UTC) + timedelta(minutes=5), **more}
    return {name: value for name, value in values.items() if value is not None}


def token(**more: Any) -> str:
    return jwt.encode(claims(**more), KEY, algorithm="HS256")


def ask(client: Client, bearer: str, scheme: str = "Bearer") -> HttpResponse:
    return client.get("/api/v1/inbox", headers={"authorization": f"{scheme} {bearer}"})  # type: ignore[return-value]


@pytest.fixture
def shared(settings: Settings) -> None:
    """The bank signs with a key that both know."""
    settings.APP_JWT_KEY, settings.APP_JWKS_URL = KEY, ""
    settings.APP_JWT_AUDIENCE = settings.APP_JWT_ISSUER = ""
    people.customer("cleo")


@pytest.fixture
def published(settings: Settings) -> Iterator[HTTPServer]:
    """The bank publishes its keys."""
    keys = [
        {**RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True), "kid": "rsa", "use": "sig"},
        {**ECAlgorithm.to_jwk(EC.public_key(), as_dict=True), "kid": "ec", "use": "sig"},
    ]

    class Keys(BaseHTTPRequestHandler):
        asked = 0
        body = json.dumps({"keys": keys}).encode()

        def do_GET(self) -> None:
            type(self).asked += 1
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its own name
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Keys) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        settings.APP_JWT_KEY = settings.APP_JWT_AUDIENCE = settings.APP_JWT_ISSUER = ""
        settings.APP_JWKS_URL = f"http://127.0.0.1:{server.server_port}/keys"
        people.customer("cleo")
        yield server
        server.shutdown()


@pytest.mark.usefixtures("shared")
def test_a_good_token_lets_the_app_in(client: Client) -> None:
    assert ask(client, token()).status_code == 200
    assert ask(client, token(), scheme="bearer").status_code == 200


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize(
    "bad",
    [
        {"exp": datetime(2020, 1, 1, tzinfo=UTC)},
        {"exp": None},
        {"sub": None},
        {"nbf": datetime(2100, 1, 1, tzinfo=UTC)},
    ],
    ids=["expired", "endless", "nobody's", "not yet"],
)
def test_a_token_that_is_not_good_now_is_refused(client: Client, bad: dict[str, Any]) -> None:
    response = ask(client, token(**bad))
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert json.loads(response.content)["detail"].startswith("The token is not good: ")


@pytest.mark.usefixtures("shared")
def test_a_token_signed_by_somebody_else_is_refused(client: Client) -> None:
    forged = jwt.encode(claims(), "another key that is long enough for HS256", algorithm="HS256")
    assert ask(client, forged).status_code == 401


@pytest.mark.usefixtures("shared")
def test_a_token_that_nobody_signed_is_refused(client: Client) -> None:
    assert ask(client, jwt.encode(claims(), "", algorithm="none")).status_code == 401


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("bearer", ["", "not a token", "a.b.c"])
def test_what_is_no_token_is_refused(client: Client, bearer: str) -> None:
    assert ask(client, bearer).status_code == 401


@pytest.mark.usefixtures("shared")
def test_without_a_token_the_answer_says_what_to_send(client: Client) -> None:
    response = client.get("/api/v1/inbox")
    assert response.status_code == 401
    assert "Authorization: Bearer" in response.json()["detail"]


@pytest.mark.usefixtures("shared")
def test_a_token_for_another_audience_is_refused(client: Client, settings: Settings) -> None:
    settings.APP_JWT_AUDIENCE = "lull"
    assert ask(client, token(aud="lull")).status_code == 200
    assert ask(client, token(aud="another")).status_code == 401
    assert ask(client, token()).status_code == 401


@pytest.mark.usefixtures("shared")
def test_a_token_of_another_issuer_is_refused(client: Client, settings: Settings) -> None:
    settings.APP_JWT_ISSUER = "https://login.bank.example"
    assert ask(client, token(iss="https://login.bank.example")).status_code == 200
    assert ask(client, token(iss="https://login.bank.example.evil.example")).status_code == 401
    assert ask(client, token()).status_code == 401


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("sub", ["cleo\0", "\0", "\ud800"])
def test_a_number_that_no_database_holds_is_refused(client: Client, sub: str) -> None:
    response = ask(client, token(sub=sub))
    assert response.status_code == 401
    assert "The token's sub" in json.loads(response.content)["detail"]


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("sub", ["", "x" * 4_000, "\u202eoelc", "²", "😀"])
def test_a_number_that_is_nobodys_is_not_found(client: Client, sub: str) -> None:
    assert ask(client, token(sub=sub)).status_code == 404


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize(
    "odd", [{"sub": 7}, {"sub": ["cleo"]}, {"exp": "soon"}, {"exp": 1e400}, {"nbf": {}}, {"iat": 1e400}]
)
def test_a_token_of_odd_claims_is_refused(client: Client, odd: dict[str, Any]) -> None:
    part = [json.dumps({"alg": "HS256"}), json.dumps({**claims(exp=2_000_000_000), **odd})]
    body = b".".join(base64.urlsafe_b64encode(text.encode()).rstrip(b"=") for text in part)
    seal = jwt.get_algorithm_by_name("HS256").sign(body, KEY.encode())
    signed = body + b"." + base64.urlsafe_b64encode(seal).rstrip(b"=")
    assert ask(client, signed.decode()).status_code == 401


@pytest.mark.usefixtures("shared")
def test_an_audience_nobody_asked_for_is_no_fault(client: Client) -> None:
    assert ask(client, token(aud="whatever the bank's app puts there")).status_code == 200


@pytest.mark.usefixtures("shared")
def test_a_customer_we_do_not_know_is_said_to_be_unknown(client: Client) -> None:
    response = ask(client, token(sub="nobody"))
    assert response.status_code == 404
    assert "'nobody'" in json.loads(response.content)["detail"]


def test_without_a_key_everything_is_off_and_says_what_to_set(client: Client, settings: Settings) -> None:
    settings.APP_JWT_KEY = settings.APP_JWKS_URL = ""
    for address in ("/api/v1/inbox", "/api/v1/banner"):
        response = client.get(address)
        assert response.status_code == 503
        assert "set APP_JWT_KEY or APP_JWKS_URL" in response.json()["detail"]


@pytest.mark.usefixtures("shared")
def test_a_key_that_can_be_guessed_switches_the_api_off(client: Client, settings: Settings) -> None:
    settings.APP_JWT_KEY = "short"
    assert ask(client, token()).status_code == 503


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(("key", "algorithm", "name"), [(RSA, "RS256", "rsa"), (EC, "ES256", "ec")])
def test_a_published_key_lets_the_app_in(client: Client, key: Any, algorithm: str, name: str) -> None:
    signed = jwt.encode(claims(), key, algorithm=algorithm, headers={"kid": name})
    assert ask(client, signed).status_code == 200


@pytest.mark.usefixtures("published")
def test_a_public_key_cannot_be_used_as_a_shared_secret(client: Client) -> None:
    """The oldest trick: sign with what everybody may read, and call it HMAC."""
    public = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def part(value: dict[str, Any]) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    facts = {**claims(), "exp": int(claims()["exp"].timestamp())}
    body = part({"alg": "HS256", "typ": "JWT", "kid": "rsa"}) + b"." + part(facts)
    seal = jwt.get_algorithm_by_name("HS256").sign(body, public)
    forged = body + b"." + base64.urlsafe_b64encode(seal).rstrip(b"=")
    assert ask(client, forged.decode()).status_code == 401


@pytest.mark.usefixtures("published")
def test_an_unknown_key_does_not_make_us_ask_the_bank_again_and_again(
    client: Client, published: HTTPServer
) -> None:
    signed = jwt.encode(claims(), RSA, algorithm="RS256", headers={"kid": "made up"})
    assert [ask(client, signed).status_code for _ in range(5)] == [401] * 5
    assert published.RequestHandlerClass.asked == 1  # type: ignore[attr-defined]


def test_when_the_banks_keys_cannot_be_had_the_app_may_try_again(client: Client, settings: Settings) -> None:
    settings.APP_JWT_KEY, settings.APP_JWKS_URL = "", "http://127.0.0.1:9/keys"
    identity._keys.cache_clear()
    signed = jwt.encode(claims(), RSA, algorithm="RS256", headers={"kid": "rsa"})
    assert ask(client, signed).status_code == 503


@pytest.mark.parametrize("body", [b"x", b"\xff\xfe", b"[" * 200_000])
def test_keys_that_cannot_be_read_are_no_fault_of_the_token(
    client: Client, published: HTTPServer, body: bytes
) -> None:
    """The error page of a proxy, say."""
    published.RequestHandlerClass.body = body  # type: ignore[attr-defined]
    identity._keys.cache_clear()
    signed = jwt.encode(claims(), RSA, algorithm="RS256", headers={"kid": "rsa"})
    assert ask(client, signed).status_code == 503


def test_an_address_of_keys_that_is_none_is_no_fault_of_the_token(client: Client, settings: Settings) -> None:
    settings.APP_JWT_KEY, settings.APP_JWKS_URL = "", "http://[::1"
    identity._keys.cache_clear()
    signed = jwt.encode(claims(), RSA, algorithm="RS256", headers={"kid": "rsa"})
    assert ask(client, signed).status_code == 503
