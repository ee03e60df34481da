"""What the absence of an answer means, over a line with TLS as over one without."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from notifications.channels.providers.http import responses
from notifications.channels.types import Verdict
from tests.servers.web import Answer, Server


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of loopback, signed by itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def server(certificate: Path) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Server(lambda request: Answer(cut=True), tls=context) as running:
        yield running


@pytest.fixture
def client() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.mount("https://", responses.Adapter())
        session.mount("http://", responses.Adapter())
        yield session


def _failed(client: requests.Session, address: str, trusted: Path | None = None) -> Verdict:
    with pytest.raises(requests.RequestException) as error:
        client.post(address, data={"a": "b"}, timeout=(1.0, 1.0), verify=str(trusted) if trusted else True)
    return responses.failure_verdict(error.value)[0]


def test_a_tls_line_that_breaks_after_the_request_leaves_it_unknown(
    server: Server, client: requests.Session, certificate: Path
) -> None:
    assert (_failed(client, server.url, certificate), len(server.requests)) == (Verdict.UNKNOWN, 1)


def test_a_certificate_that_is_not_trusted_stops_the_request(
    server: Server, client: requests.Session
) -> None:
    assert (_failed(client, server.url), server.requests) == (Verdict.NOT_PROCESSED, [])


def test_a_proxy_that_is_not_there_stops_the_request(client: requests.Session) -> None:
    client.proxies = {"https": "http://127.0.0.1:9"}
    assert _failed(client, "https://127.0.0.1:10") is Verdict.NOT_PROCESSED


def test_an_address_that_is_none_is_our_own_fault(client: requests.Session) -> None:
    assert _failed(client, "https://:") is Verdict.CONFIGURATION


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "120"}, 120.0),
        ({"Retry-After": "Mon, 02 Mar 2026 09:01:00 GMT"}, 60.0),
        ({"Retry-After": "Mon, 02 Mar 2026 08:59:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"X-RateLimit-Reset": "2026-03-02T09:05:00Z"}, 300.0),
        ({}, None),
    ],
)
def test_a_wait_is_read_from_the_headers(
    headers: dict[str, str], seconds: float | None, now: datetime
) -> None:
    assert responses.retry_after(headers, now) == seconds
