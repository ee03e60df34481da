"""Addresses at rest: sealed, found again, and worth nothing without the key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from notifications.customers import addresses

CLEO = "+447700900123"


@given(st.text(st.characters(codec="utf-8")))
def test_what_is_sealed_is_unsealed(address: str) -> None:
    """Whatever it is made of."""
    assert addresses.unseal(addresses.seal(address)) == address


def test_the_same_address_is_sealed_to_other_bytes_each_time() -> None:
    """Who sees the table cannot see who shares a number."""
    assert addresses.seal(CLEO) != addresses.seal(CLEO)


def test_a_sealed_address_does_not_show_the_address() -> None:
    """Not even in part."""
    assert CLEO[-6:].encode() not in addresses.seal(CLEO)


def test_the_database_may_hand_back_a_view_of_the_bytes() -> None:
    """psycopg does."""
    assert addresses.unseal(memoryview(addresses.seal(CLEO))) == CLEO


@pytest.mark.parametrize("place", [0, 1, 13, -1])
def test_a_changed_byte_is_noticed(place: int) -> None:
    """Of the format, the nonce, the words and the seal."""
    sealed = bytearray(addresses.seal(CLEO))
    sealed[place] ^= 1
    with pytest.raises(addresses.WrongKey):
        addresses.unseal(bytes(sealed))


def test_another_key_does_not_open_it(settings: Settings) -> None:
    """And the operator is told which setting it is about."""
    sealed = addresses.seal(CLEO)
    settings.ADDRESS_KEY = "another"
    with pytest.raises(addresses.WrongKey, match="ADDRESS_KEY is not the key"):
        addresses.unseal(sealed)


def test_a_fingerprint_is_the_same_for_the_same_address() -> None:
    """Suppressions are found by it; it is 32 bytes."""
    assert addresses.fingerprint(CLEO) == addresses.fingerprint(CLEO)
    assert len(addresses.fingerprint(CLEO)) == 32


def test_a_fingerprint_differs_with_the_address() -> None:
    """By one digit."""
    assert addresses.fingerprint(CLEO) != addresses.fingerprint("+447700900124")


def test_a_fingerprint_is_the_same_in_any_case() -> None:
    """Or an opt-out would end with the next way of writing the address."""
    assert addresses.fingerprint("Cleo@Example.com") == addresses.fingerprint("cleo@example.com")


def test_a_fingerprint_needs_the_key(settings: Settings) -> None:
    """Without it a million numbers would be found by trying them all."""
    before = addresses.fingerprint(CLEO)
    settings.ADDRESS_KEY = "another"
    assert addresses.fingerprint(CLEO) != before


def test_the_two_keys_are_not_the_same(settings: Settings) -> None:
    """Who learns one has not learnt the other, nor the setting."""
    key = settings.ADDRESS_KEY
    derived = {addresses._derived(key, purpose) for purpose in (b"seal", b"fingerprint")}
    assert len(derived | {key.encode()}) == 3
