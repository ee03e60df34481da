"""A request in; the address of who sent it, which a header alone cannot choose, out."""

from __future__ import annotations

import functools
import ipaddress
import logging
import re
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from django.conf import settings
from django.http import HttpRequest

log = logging.getLogger("maintenance.signin")  # collectors know it by this name

_Address = IPv4Address | IPv6Address
_WITH_PORT: Final = re.compile(r"([0-9.]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}")
_NETWORK_BITS: Final = 64  # what one customer of an IPv6 provider has at the least, all of it to choose from


def client_address(request: HttpRequest | None) -> str:
    """As text; empty where it is not known.

    X-Forwarded-For is read from its right end, as far as proxies of TRUSTED_PROXIES wrote it: what stands
    further left was typed by the client.
    """
    if request is None:
        return ""
    found = _parsed(request.META.get("REMOTE_ADDR", ""))
    forwarded = [
        part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()
    ]
    if forwarded and not _trusted(found):
        _warn_once()
    while forwarded and _trusted(found):
        before = _parsed(forwarded.pop())
        if before is None:
            break
        found = before
    return str(found or "")


def client_network(address: str) -> str:
    """What is counted together: an IPv4 address, or the 64 bits of an IPv6 network."""
    found = _parsed(address)
    if isinstance(found, IPv6Address):
        return str(ipaddress.ip_network((found, _NETWORK_BITS), strict=False))
    return address


def _parsed(text: str) -> _Address | None:
    """Some gateways write the port behind it: 192.0.2.7:4711, [2001:db8::7]:4711."""
    with_port = _WITH_PORT.fullmatch(text)
    bare = with_port[1].strip("[]") if with_port else text.partition("%")[0]
    try:
        found = ipaddress.ip_address(bare)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _trusted(peer: _Address | None) -> bool:
    if peer is None:  # a Unix socket, which only a proxy on this machine can open
        return bool(settings.TRUSTED_PROXIES)
    return any(peer in network for network in settings.TRUSTED_PROXIES)


@functools.cache
def _warn_once() -> None:
    log.warning(
        "A sign-in names its address in X-Forwarded-For, and TRUSTED_PROXIES does not name who passed it on. "
        "If that is your proxy, set TRUSTED_PROXIES: until then all who come through it share its address."
    )
