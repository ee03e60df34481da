"""A message of Amazon SNS in; whether SNS signed it, out.

The key comes with a certificate from SNS's own address, which TLS vouches for; nobody else's
address is ever asked. How old a message is does not matter: SNS delivers again for an hour with the
first time on it, an operator may redrive later, and what comes twice is kept once.
"""

from __future__ import annotations

import base64
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import requests
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from notifications.channels.providers.http import responses
from notifications.channels.types import Unreachable

# the region's shape keeps out a bucket of S3's that is called sns: sns.s3-us-west-2.amazonaws.com
_CERTIFICATE: Final = re.compile(
    r"https://sns\.[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}\.amazonaws\.com(?:\.cn)?"
    r"/SimpleNotificationService-[0-9a-f]{16,64}\.pem"
)
_LARGEST: Final = 64 * 1024
"""Bytes of a certificate; SNS's have about two thousand."""
_KEPT: Final = 16
"""Certificates; SNS has one at a time for each region."""
_HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303
"""By SignatureVersion; a topic signs with SHA-1 until its owner says 2."""
_SIGNED: Final = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    **dict.fromkeys(
        ("SubscriptionConfirmation", "UnsubscribeConfirmation"),
        ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    ),
}
"""Fields under the signature, in this order, by type; a notification may have no subject."""

_certificates: OrderedDict[str, x509.Certificate] = OrderedDict()
_lock: Final = threading.Lock()


def is_signed(said: Mapping[str, Any], now: datetime) -> bool:
    """Whether the signature is SNS's. Raises Unreachable where the certificate cannot be had now."""
    algorithm = _HASHES.get(str(said.get("SignatureVersion")))
    content = _content(said)
    signature = _decoded(said.get("Signature"))
    address = said.get("SigningCertURL")
    if algorithm is None or not content or not signature:
        return False
    if not isinstance(address, str) or not _CERTIFICATE.fullmatch(address):
        return False
    certificate = _certificate(address)
    key = certificate.public_key()
    if not certificate.not_valid_before_utc <= now.astimezone(UTC) <= certificate.not_valid_after_utc:
        return False
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signature, content, padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        return False
    return True


def _content(said: Mapping[str, Any]) -> bytes:
    """What was signed: names and values, a line each; empty where something is missing or no text."""
    names = [name for name in _SIGNED.get(str(said.get("Type")), ()) if name != "Subject" or said.get(name)]
    if not all(isinstance(said.get(name), str) for name in names):
        return b""
    return "".join(f"{name}\n{said[name]}\n" for name in names).encode(errors="replace")


def _decoded(signature: object) -> bytes:
    try:
        return base64.b64decode(signature, validate=True) if isinstance(signature, str) else b""
    except ValueError:
        return b""


def _certificate(address: str) -> x509.Certificate:
    with _lock:
        if address in _certificates:
            _certificates.move_to_end(address)
            return _certificates[address]
    fetched = _fetched(address)
    with _lock:
        _certificates[address] = fetched
        while len(_certificates) > _KEPT:
            _certificates.popitem(last=False)
    return fetched


def _fetched(address: str) -> x509.Certificate:
    timeouts = (responses.CONNECT_SECONDS, responses.CONNECT_SECONDS)  # SNS waits 15 seconds for our answer
    try:
        with responses.process_session(os.getpid(), "sns").get(
            address, timeout=timeouts, allow_redirects=False, stream=True
        ) as response:
            if response.status_code != requests.codes.ok:
                raise Unreachable(f"SNS's certificate cannot be had: HTTP status {response.status_code}")
            return x509.load_pem_x509_certificate(response.raw.read(_LARGEST, decode_content=True))
    except (OSError, ValueError) as error:  # also every error of requests
        raise Unreachable(f"SNS's certificate cannot be had: {error}") from error
