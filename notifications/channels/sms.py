"""SMS by Twilio; into the outbox where no account is set."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from notifications.channels import in_flight
from notifications.channels.providers import outbox
from notifications.channels.providers.twilio import codes, lookup, sms
from notifications.channels.types import Address, Fault, Form, Report

_ACCOUNT: Final = re.compile(r"AC[0-9a-fA-F]{32}")
_SERVICE: Final = re.compile(r"MG[0-9a-fA-F]{32}")
_SENDER: Final = re.compile(r"\+[1-9]\d{6,14}|\d{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 +_&-]{1,11}")
"""A number (E.164), a short code, or a name of letters and digits."""
_OUTBOX: Final = "Without TWILIO_ACCOUNT_SID, SMS go to the outbox."
_CONSOLE: Final = "Copy it from Twilio's console."


class Channel(in_flight.Channel):
    """Text messages to phones."""

    label = "SMS"
    label_for_customers = _("Text message (SMS)")
    place = 10
    address = Address.PHONE
    form = Form.LINE
    room = 1_600
    """In a message of Twilio."""
    links_elsewhere = False
    """Customers who learn to follow links from their bank will follow those of others."""
    counts_segments = True
    unit = "segment"
    is_paid = True

    def __init__(self, in_flight: int) -> None:
        """As `types.Channel`."""
        super().__init__(in_flight, sms.TwilioProvider() if settings.TWILIO_ACCOUNT_SID else outbox.Outbox())

    def blames_us(self, code: str) -> bool:
        """As `types.Channel`."""
        return bool(settings.TWILIO_ACCOUNT_SID) and code in codes.REPORTED_OURS

    def blames_recipient(self, code: str) -> bool:
        """As `types.Channel`."""
        return code in codes.REPORTED_OF_THE_NUMBER

    def report(self, references: Collection[str], since: datetime, until: datetime) -> Iterator[Report]:
        """As `types.Channel`."""
        if not settings.TWILIO_ACCOUNT_SID:
            return super().report(references, since, until)
        return lookup.reported_messages(references, since, until)

    @classmethod
    def faults(cls) -> Iterator[Fault]:
        """An account has its token, somebody to send as, and an address to report to."""
        if not settings.TWILIO_ACCOUNT_SID:
            return
        if not _ACCOUNT.fullmatch(settings.TWILIO_ACCOUNT_SID):
            yield Fault("lull.E003", "TWILIO_ACCOUNT_SID must be AC and 32 hexadecimal digits.", _CONSOLE)
        if lacking := sms.unset_settings():
            yield Fault("lull.E002", lacking, _OUTBOX)
        if settings.TWILIO_MESSAGING_SERVICE_SID:
            if not _SERVICE.fullmatch(settings.TWILIO_MESSAGING_SERVICE_SID):
                words = "TWILIO_MESSAGING_SERVICE_SID must be MG and 32 hexadecimal digits."
                yield Fault("lull.E004", words, _CONSOLE)
        elif settings.TWILIO_FROM and not _SENDER.fullmatch(settings.TWILIO_FROM):
            words = (
                "TWILIO_FROM must be a number like +441632960000, a short code like 72975, or a name of up "
                f"to 11 letters and digits, not {settings.TWILIO_FROM!r}."
            )
            yield Fault("lull.E005", words, "It must be one that the account may send SMS as.")
        yield from _addresses()


def _addresses() -> Iterator[Fault]:
    api = urlsplit(settings.TWILIO_API_BASE)
    if api.scheme not in ("http", "https") or not api.hostname or api.query or api.fragment:
        said = settings.TWILIO_API_BASE
        words = f"TWILIO_API_BASE must be an address like https://api.twilio.com, not {said!r}."
        yield Fault("lull.E006", words, "Leave it unset for Twilio's own address.")
        return
    base = urlsplit(settings.BASE_URL)
    if not _is_local(api.hostname) and _is_local(base.hostname or ""):
        words = (
            f"BASE_URL is {settings.BASE_URL}, where Twilio cannot report what became of an SMS: "
            "it refuses to send with such an address."
        )
        yield Fault(
            "lull.E007", words, "Set BASE_URL to the address at which the world reaches this service."
        )


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
