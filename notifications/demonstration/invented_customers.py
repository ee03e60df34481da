"""The keys of services in; invented customers who use them, some of whom opted out, out.

Every address is one that its keeper reserved for fiction: nobody can be reached by it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from notifications import channels
from notifications.channels.types import Address
from notifications.customers import addresses
from notifications.customers.store import CustomerRow
from notifications.models import Suppression

SIZE: Final = 3_000

_SEED: Final = 20260302
_ARABIC, _VULNERABLE, _NO_PHONE, _NO_EMAIL = 0.3, 0.02, 0.06, 0.08
_USES: Final = 0.75
"""The share of customers who use a service."""
_AREAS: Final = (
    212,
    214,
    303,
    305,
    312,
    313,
    404,
    408,
    415,
    503,
    512,
    602,
    617,
    619,
    702,
    713,
    718,
    801,
    904,
)

_FIRST: Final = """Amelia Arthur Beatrice Callum Charlotte Daniel Edith Ewan Florence George Grace Hamish
Harriet Imogen Isaac Jasmine Kwame Lewis Lucy Megan Mohammed Niamh Oliver Olivia Owen Priya Rhys Rosie
Samuel Sophie Theo Victoria William Yusuf Zara"""
_LAST: Final = """Adeyemi Ahmed Bailey Barnes Begum Bennett Campbell Clarke Cooper Davies Evans Fraser
Griffiths Hughes Hussain Jones Kaur Kelly Khan Lloyd MacDonald Marshall Morgan Murphy Okafor Patel Price
Reid Roberts Shah Singh Smith Taylor Thomas Walker Wright"""
_FIRST_ARABIC: Final = (
    ("أحمد", "ahmed"),
    ("إبراهيم", "ibrahim"),
    ("أمل", "amal"),
    ("بدر", "badr"),
    ("خالد", "khalid"),
    ("ريم", "reem"),
    ("سارة", "sarah"),
    ("سلطان", "sultan"),
    ("عبدالله", "abdullah"),
    ("فاطمة", "fatimah"),
    ("فهد", "fahd"),
    ("لطيفة", "latifah"),
    ("ليلى", "layla"),
    ("محمد", "muhammad"),
    ("مريم", "maryam"),
    ("نورة", "noura"),
    ("هند", "hind"),
    ("يوسف", "yousef"),
)
_LAST_ARABIC: Final = (
    ("الحربي", "alharbi"),
    ("الدوسري", "aldosari"),
    ("الزهراني", "alzahrani"),
    ("السبيعي", "alsubaie"),
    ("الشمري", "alshammari"),
    ("الشهري", "alshehri"),
    ("العتيبي", "alotaibi"),
    ("العمري", "alomari"),
    ("الغامدي", "alghamdi"),
    ("القحطاني", "alqahtani"),
    ("المالكي", "almalki"),
    ("المطيري", "almutairi"),
)
_ZONES: Final = {
    "en": ("Europe/London", ("Europe/Dublin", "Europe/Paris", "America/New_York", "Australia/Sydney")),
    "ar": ("Asia/Riyadh", ("Asia/Dubai", "Africa/Cairo", "Europe/London")),
}
_AT_HOME: Final = 0.88

_OPTED_OUT: Final = {Address.PHONE: 9, Address.MAILBOX: 5}


def make_customers(services: Sequence[str]) -> Sequence[CustomerRow]:
    """The same customers every time, each using some of the services."""
    chance = random.Random(_SEED)
    phones = _phones(chance)
    return [_customer(number, services, phones, chance) for number in range(1, SIZE + 1)]


def opt_out(rows: Sequence[CustomerRow], *, now: datetime) -> None:
    """Let a handful of them have opted out of SMS or email in the weeks before `now`."""
    chance = random.Random(_SEED)
    Suppression.objects.bulk_create(
        Suppression(
            channel=channel,
            address_hmac=addresses.fingerprint(address),
            reason=Suppression.Reason.OPT_OUT,
            since=now - timedelta(days=chance.randint(1, 300)),
        )
        for channel in channels.direct_names()
        for address in chance.sample(_reached_by(channel, rows), _opted_out(channel))
    )


def _opted_out(channel: str) -> int:
    address = channels.class_of(channel).address
    return _OPTED_OUT[address] if address else 0


def _reached_by(channel: str, rows: Sequence[CustomerRow]) -> Sequence[str]:
    return [address for row in rows if (address := row.address_by_channel[channel])]


def _customer(
    number: int, services: Sequence[str], phones: Iterator[str], chance: random.Random
) -> CustomerRow:
    language = "ar" if chance.random() < _ARABIC else "en"
    name, mailbox = _name(language, chance)
    home, elsewhere = _ZONES[language]
    return CustomerRow(
        external_id=f"demo-{number:04}",
        name=name,
        email="" if chance.random() < _NO_EMAIL else f"{mailbox}.{number}@example.com",
        phone="" if chance.random() < _NO_PHONE else next(phones),
        language=language,
        time_zone=home if chance.random() < _AT_HOME else chance.choice(elsewhere),
        services=tuple(key for key in services if chance.random() < _USES),
        vulnerable=chance.random() < _VULNERABLE,
    )


def _name(language: str, chance: random.Random) -> tuple[str, str]:
    """A name in the language's script, and the mailbox made of it."""
    if language == "ar":
        (first, first_latin), (last, last_latin) = chance.choice(_FIRST_ARABIC), chance.choice(_LAST_ARABIC)
        return f"{first} {last}", f"{first_latin}.{last_latin}"
    first, last = chance.choice(_FIRST.split()), chance.choice(_LAST.split())
    return f"{first} {last}", f"{first}.{last}".lower()


def _phones(chance: random.Random) -> Iterator[str]:
    """Numbers kept free for drama: Ofcom's 07700 900000 to 900999, North America's 555-0100 to 555-0199."""
    british = [f"+447700900{n:03}" for n in range(1000)]
    american = [f"+1{area}55501{n:02}" for area in _AREAS for n in range(100)]
    phones = british + american
    chance.shuffle(phones)
    return iter(phones)
