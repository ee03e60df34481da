"""A phone number or email address in; ciphertext to keep and a keyed HMAC to find it by, out.

Both keys are derived from ADDRESS_KEY by HKDF (RFC 5869), so that neither reveals the other.
Sealing is AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce per address.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from functools import cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_FORMAT: Final = b"\x01"
"""First byte of a sealed address, so that another cipher or key can come later."""
_NONCE_BYTES: Final = 12


class WrongKey(ValueError):
    """The address was sealed with another ADDRESS_KEY."""


def seal(address: str) -> bytes:
    """Encrypt an address; the same address gives other bytes each time."""
    nonce = os.urandom(_NONCE_BYTES)
    return _FORMAT + nonce + _cipher(settings.ADDRESS_KEY).encrypt(nonce, address.encode(), _FORMAT)


def unseal(sealed: bytes | memoryview) -> str:
    """Decrypt what `seal` made. Raises WrongKey where ADDRESS_KEY is not the one it was sealed with."""
    sealed = bytes(sealed)
    nonce, ciphertext = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return _cipher(settings.ADDRESS_KEY).decrypt(nonce, ciphertext, sealed[:1]).decode()
    except InvalidTag:
        raise WrongKey("an address cannot be read: ADDRESS_KEY is not the key it was stored with") from None


def fingerprint(address: str) -> bytes:
    """The keyed HMAC-SHA256 of an address: 32 bytes, the same for the same address in any case.

    RFC 5321 lets a mailbox tell Cleo from cleo, but none does: an opt-out holds for both.
    """
    folded = address.casefold().encode()
    return hmac.digest(_derived(settings.ADDRESS_KEY, b"fingerprint"), folded, hashlib.sha256)


@cache
def _cipher(key: str) -> AESGCM:
    return AESGCM(_derived(key, b"seal"))


@cache
def _derived(key: str, purpose: bytes) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=b"lull address " + purpose).derive(key.encode())
