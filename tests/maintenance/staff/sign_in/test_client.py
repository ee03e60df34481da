"""An address is what a proxy of ours saw, never what a client says."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from maintenance.staff.sign_in import client, throttle
from tests.maintenance.staff.sign_in.browser import HERE, guess, member

PROXY = "10.0.0.7"


@pytest.fixture
def _behind_a_proxy(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = [ip_network(PROXY), ip_network("10.1.0.0/16")]


def _address(peer: str, forwarded: str | None = None) -> str:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return client.client_address(RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers))


@pytest.mark.parametrize("forwarded", [None, "203.0.113.9", "203.0.113.9, 10.0.0.7", "nonsense"])
def test_without_a_proxy_the_header_says_nothing(forwarded: str | None) -> None:
    assert _address(HERE, forwarded) == HERE


@pytest.mark.usefixtures("_behind_a_proxy")
@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        (PROXY, HERE, HERE),
        (PROXY, f"203.0.113.9, {HERE}", HERE),  # the left one was typed by the client
        (PROXY, f"203.0.113.9, {HERE}, 10.1.2.3", HERE),  # two proxies of ours
        (PROXY, "10.1.2.3", "10.1.2.3"),  # somebody inside
        (PROXY, None, PROXY),
        (PROXY, f"{HERE}, nonsense", PROXY),
        (HERE, "203.0.113.9", HERE),  # not by the proxy
        ("", HERE, HERE),  # the proxy's Unix socket
        ("", None, ""),
        (PROXY, "::ffff:192.0.2.1", HERE),
        (PROXY, "2001:DB8::1", "2001:db8::1"),
        (PROXY, f"{HERE}:4711", HERE),  # as some gateways write it
        (PROXY, "[2001:DB8::1]:4711", "2001:db8::1"),
    ],
)
def test_behind_a_proxy_it_is_what_the_proxy_saw(peer: str, forwarded: str | None, expected: str) -> None:
    assert _address(peer, forwarded) == expected


@pytest.mark.django_db
@pytest.mark.usefixtures("clock")
def test_a_header_that_changes_brings_no_new_tries() -> None:
    answers = [
        guess(1, f"somebody{number}", headers={"X-Forwarded-For": f"203.0.113.{number}"})[0]
        for number in range(12)
    ]
    assert answers == [200] * throttle.ADDRESS_TRIES + [429] * 2


@pytest.mark.django_db
@pytest.mark.usefixtures("clock", "_behind_a_proxy")
def test_a_header_shuts_out_nobody_else() -> None:
    """An attacker types Ada's address before his own."""
    member()
    guess(15, "ben", at=PROXY, headers={"X-Forwarded-For": f"{HERE}, 198.51.100.7"})
    assert guess(1, at=PROXY, headers={"X-Forwarded-For": HERE}) == [200]


def test_a_proxy_that_is_not_named_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    client._warn_once.cache_clear()
    for _ in range(3):
        _address(PROXY, HERE)
    assert caplog.text.count("set TRUSTED_PROXIES") == 1
