"""The name of a variable in; its value, checked, out. For settings.py alone.

NAME_FILE stands for NAME everywhere, so that a secret need not be in any process's environment.
"""

from __future__ import annotations

import ipaddress
import json
import math
from collections.abc import Callable, Sequence
from email.utils import formataddr, quote
from typing import Any, Final

import environ
from django.core.exceptions import ImproperlyConfigured

_SOURCE: Final = environ.FileAwareEnv.ENVIRON
_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_SWITCHES: Final = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}


def text(name: str, default: str = "") -> str:
    """An empty value counts as absent, which is how compose files hand on what nobody set."""
    # not Env.str(): that takes a secret which begins with "$" for another variable's name
    return str(_SOURCE.get(name, "")).strip() or default


def listed(name: str, default: str = "") -> list[str]:
    """The parts between the commas."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def sender(name: str, *, called: str, address: str) -> str:
    """Who mails are from; where it is not set an address under a name, whatever signs the name has.

    The address alone for a name of more than one line, which no header can hold: the name is told as wrong
    by the checks of settings, and operators can still be mailed.
    """
    if not called.isprintable():
        return text(name) or address
    # quoted by us where it is not ASCII: formataddr would encode it, and services want it readable
    written = formataddr((called, address)) if called.isascii() else f'"{quote(called)}" <{address}>'
    return text(name) or written


def number(name: str, default: int) -> int:
    """A whole number."""
    try:
        return int(text(name, str(default)))
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {text(name)!r}.") from None


def switch(name: str, default: bool) -> bool:
    """A misspelt boolean stops the start: guessing would pick the unsafe side half of the time."""
    value = text(name, str(default)).lower()
    if value not in _SWITCHES:
        raise ImproperlyConfigured(f"{name} must be true or false, not {text(name)!r}.")
    return _SWITCHES[value]


def networks(name: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Addresses and networks between commas."""
    try:
        return [ipaddress.ip_network(each) for each in listed(name)]
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} must be addresses or networks like 10.0.0.7,192.168.0.0/16: {error}."
        ) from None


def table(name: str) -> dict[str, Any]:
    """A JSON object."""
    try:
        value = json.loads(text(name, "{}"))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is not valid JSON: {error}.") from None
    if not isinstance(value, dict):
        raise ImproperlyConfigured(f"{name} must be a JSON object, like {{...}}.")
    return value


def by_channel(name: str, channels: Sequence[str]) -> dict[str, float]:
    """A number for each channel named."""
    found = table(name)
    for channel, number in found.items():
        if channel not in channels:
            raise ImproperlyConfigured(f"{name} names {channel!r}, which is none of CHANNELS.")
        if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number < math.inf:
            raise ImproperlyConfigured(f"{name} must give {channel} a number, 0 or above, not {number!r}.")
    return found


def database(name: str, default: str) -> dict[str, Any]:
    """A database's address as Django wants it."""
    return _url(name, environ.Env.db_url_config, text(name, default))


def mail(name: str) -> dict[str, Any]:
    """A mail server's address as Django wants it; empty where there is none."""
    url = text(name)
    if not url:
        return {}
    found = _url(name, environ.Env.email_url_config, url)
    # port 465 speaks TLS from the first byte, whatever the scheme was called (RFC 8314)
    ssl = bool(found.get("EMAIL_USE_SSL")) or found["EMAIL_PORT"] == 465
    tls = bool(found.get("EMAIL_USE_TLS")) and not ssl
    return {
        "BACKEND": found["EMAIL_BACKEND"],
        "HOST": found["EMAIL_HOST"] or "",
        "PORT": found["EMAIL_PORT"] or (465 if ssl else 587 if tls else 25),
        "HOST_USER": found["EMAIL_HOST_USER"] or "",
        "HOST_PASSWORD": found["EMAIL_HOST_PASSWORD"] or "",
        "USE_SSL": ssl,
        "USE_TLS": tls,
    }


def _url(name: str, reader: Callable[[str], Any], url: str) -> dict[str, Any]:
    """Its parts. The sentence that refuses it does not repeat it: it may hold a password."""
    try:
        return dict(reader(url))
    except (ValueError, ImproperlyConfigured) as error:
        raise ImproperlyConfigured(f"{name} cannot be read: {str(error).rstrip('.')}.") from None


def level(name: str, default: str) -> str:
    """The name of a level of logging."""
    found = text(name, default).upper()
    if found not in _LEVELS:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(_LEVELS)}, not {text(name)!r}.")
    return found


def anymail() -> dict[str, Any]:
    """Every ANYMAIL_NAME that is set, as anymail's own NAME; objects, lists and booleans as JSON."""
    values = {name: text(name) for name in sorted(_SOURCE) if name.startswith("ANYMAIL_")}
    return {
        name.removeprefix("ANYMAIL_"): _parsed(name, value)
        for name, value in values.items()
        if value and not name.endswith("_FILE")
    }


def _parsed(name: str, value: str) -> Any:
    if value[0] not in "{[" and value not in ("true", "false"):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is not valid JSON: {error}.") from None
