"""The bank, its channels, its prices and its numbers in; what is wrong with them out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.template import TemplateDoesNotExist

from notifications import channels
from notifications.channels.types import Fault
from notifications.wording import phrases

_AT_LEAST_ONE: Final = (
    *("DELIVERIES_IN_FLIGHT", "EMAIL_CONNECTIONS", "LEASE_SECONDS", "REST_SECONDS", "SILENT_SECONDS"),
    *("UNKNOWN_WAIT_SECONDS", "POLL_AFTER_SECONDS"),
)
_EXAMPLE: Final = 'Write {"currency": "GBP", "sms": {"+44": "0.04", "": "0.06"}}.'


def general_faults() -> Iterator[Fault]:
    """What every channel needs."""
    yield from _bank()
    yield from _channels()
    yield from _languages()
    yield from _numbers()
    yield from _prices(settings.PRICES)


def _bank() -> Iterator[Fault]:
    if not settings.BANK_NAME.strip() or not settings.BANK_NAME.isprintable():
        words = f"BANK_NAME must be one line of text, not {settings.BANK_NAME!r}."
        yield Fault("lull.E014", words, "It stands in every text and in the sender of every mail.")
    base = urlsplit(settings.BASE_URL)
    if base.scheme not in ("http", "https") or not base.hostname or base.query or base.fragment:
        words = f"BASE_URL must be an address like https://status.example, not {settings.BASE_URL!r}."
        yield Fault("lull.E015", words, "Links in messages and the addresses of receipts begin with it.")


def _channels() -> Iterator[Fault]:
    known = ", ".join(channels.channel_names())
    hint = "Without CHANNELS, all are switched on."
    for name in dict.fromkeys(settings.CHANNELS):
        if name not in channels.channel_names():
            yield Fault("lull.E016", f"CHANNELS names {name!r}, which is none of {known}.", hint)
        elif settings.CHANNELS.count(name) > 1:
            yield Fault("lull.E016", f"CHANNELS names {name} twice.", hint)
    if not settings.CHANNELS:
        yield Fault("lull.E016", f"CHANNELS names no channel: choose from {known}.", hint)


def _languages() -> Iterator[Fault]:
    for code, _ in settings.LANGUAGES:
        if not _has_words(code):
            first = code == settings.LANGUAGE_CODE
            words = f"LANGUAGES names {code!r}, and there are no words in templates/notices/{code}/."
            hint = (
                "Nobody could be told anything: begin LANGUAGES with one that has words."
                if first
                else f"Whoever reads it is told in {settings.LANGUAGE_CODE} instead."
            )
            yield Fault("lull.E019" if first else "lull.W002", words, hint, is_warning=not first)


def _has_words(code: str) -> bool:
    for candidate in (code, code.partition("-")[0]):
        with contextlib.suppress(TemplateDoesNotExist):
            return bool(phrases.phrase_sections(candidate, phrases.PHRASES))
    return False


def _numbers() -> Iterator[Fault]:
    for name in _AT_LEAST_ONE:
        if getattr(settings, name) < 1:
            words = f"{name} must be 1 or more, not {getattr(settings, name)}."
            yield Fault("lull.E017", words, f"Leave {name} unset for its default.")
    if settings.RETRY_SECONDS[0] < 0:
        words = f"RETRY_SECONDS must be 0 or more, not {settings.RETRY_SECONDS[0]}."
        yield Fault("lull.E017", words, "Leave RETRY_SECONDS unset for its default.")
    if settings.REFUSALS_IN_A_ROW < 2:
        words = f"REFUSALS_IN_A_ROW must be 2 or more, not {settings.REFUSALS_IN_A_ROW}."
        yield Fault("lull.E017", words, "One wrong number must not stop a sender.")


def _prices(table: Mapping[str, Any]) -> Iterator[Fault]:
    for name, prices in table.items():
        if name == "currency":
            if not isinstance(prices, str):
                yield Fault("lull.E018", "PRICES must give currency as text, like GBP.", _EXAMPLE)
        elif name not in channels.channel_names():
            yield Fault("lull.E018", f"PRICES names {name!r}, which is no channel.", _EXAMPLE)
        elif not isinstance(prices, dict):
            yield Fault("lull.E018", f"PRICES must give {name} a table of prices by prefix.", _EXAMPLE)
        else:
            for prefix, price in prices.items():
                if not _is_price(price):
                    words = f"PRICES must give {name} {prefix!r} a number, 0 or above, not {price!r}."
                    yield Fault("lull.E018", words, _EXAMPLE)


def _is_price(said: object) -> bool:
    try:
        price = Decimal(str(said))
    except InvalidOperation:
        return False
    return price.is_finite() and price >= 0 and not isinstance(said, bool)
