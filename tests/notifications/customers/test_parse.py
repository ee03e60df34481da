"""Rows of the bank's register: what is taken, how it is written, and what is rejected."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from maintenance.imports.csv_rows import Reject
from notifications.customers.parse import COLUMNS, CustomerReader
from notifications.customers.store import CustomerRow
from tests import people

pytestmark = pytest.mark.django_db

CLEO = {
    "external_id": "c1",
    "name": "Cleo",
    "email": "cleo@example.com",
    "phone": "07911 123456",
    "language": "en",
    "time_zone": "Europe/London",
    "services": "online-banking",
    "vulnerable": "no",
}


def read(**changes: str) -> CustomerRow:
    """Cleo's row, with these changes."""
    people.service()
    people.service("cards")
    values = CLEO | changes
    return CustomerReader()([values[column] for column in COLUMNS])


def reason(**changes: str) -> str:
    """Why Cleo's row with these changes is rejected."""
    with pytest.raises(Reject) as rejected:
        read(**changes)
    return str(rejected.value)


def test_a_good_row_is_a_customer() -> None:
    """The phone in E.164."""
    assert read() == CustomerRow(
        external_id="c1",
        name="Cleo",
        email="cleo@example.com",
        phone="+447911123456",
        language="en",
        time_zone="Europe/London",
        services=("online-banking",),
        vulnerable=False,
    )


def test_a_customer_may_have_no_address() -> None:
    """They are counted, not forgotten."""
    row = read(email="", phone="")
    assert (row.email, row.phone) == ("", "")


@pytest.mark.parametrize(
    ("written", "phone"),
    [
        ("+44 7911 123456", "+447911123456"),
        ("00447911123456", "+447911123456"),
        ("(020) 7946 0000", "+442079460000"),
        ("+966 50 123 4567", "+966501234567"),
        ("+1 212-555-0123", "+12125550123"),
        ("٠٧٩١١١٢٣٤٥٦", "+447911123456"),
        ("07700 900123", "+447700900123"),
    ],
)
def test_a_phone_is_written_in_e164(written: str, phone: str) -> None:
    """Any way people write it, in any digits; numbers for fiction are good for trials."""
    assert read(phone=written).phone == phone


def test_a_phone_without_a_country_is_the_banks(settings: Settings) -> None:
    """Of its country, whatever part of it the holidays are of."""
    settings.COUNTRY = "US-MN"
    assert read(phone="(212) 555-0123").phone == "+12125550123"


@pytest.mark.parametrize("phone", ["n/a", "12", "07911 12345", "+44 7700 901", "+999 123456789", "0" * 300])
def test_what_is_no_phone_is_rejected(phone: str) -> None:
    """With what it should look like, and without the number, for reasons end in logs."""
    sentence = reason(phone=phone)
    assert (sentence.startswith("the phone is no"), phone in sentence) == (True, False)


@pytest.mark.parametrize(
    ("written", "email"),
    [
        ("Cleo.Ng+Bank@Example.COM", "Cleo.Ng+Bank@example.com"),
        ("cleo@Bücher.example", "cleo@xn--bcher-kva.example"),
        ("cleo@موقع.example", "cleo@xn--4gbrim.example"),
    ],
)
def test_an_email_is_written_as_on_the_wire(written: str, email: str) -> None:
    """The mailbox is its owner's business; the domain is one, however it is written."""
    assert read(email=written).email == email


@pytest.mark.parametrize(
    "email",
    [
        "cleo",
        "cleo@",
        "@example.com",
        "cleo@example",
        "a b@example.com",
        "a@b..com",
        "a@b@c d",
        "ü@example.com",
    ],
)
def test_what_is_no_email_is_rejected(email: str) -> None:
    """Without the address, for reasons end in logs."""
    assert reason(email=email) == "the email is not an address like name@example.com"


@pytest.mark.parametrize(
    ("written", "language"),
    [("EN", "en"), ("ar-SA", "ar-sa"), ("en_GB", "en-gb"), ("zh-Hant-TW", "zh-hant-tw"), ("fr", "fr")],
)
def test_a_language_is_a_tag(written: str, language: str) -> None:
    """As Django writes it; one that is not offered is answered in the bank's own later."""
    assert read(language=written).language == language


@pytest.mark.parametrize("language", ["English", "e", "en-", "en-GB-oed-x", "العربية", "12"])
def test_what_is_no_language_is_rejected(language: str) -> None:
    """A word for a language is not its code."""
    assert reason(language=language) == f"the language {language!r} is not a code like en or ar-sa"


@pytest.mark.parametrize("zone", ["GMT+3", "London", "europe/london", "+03:00"])
def test_a_zone_that_does_not_exist_is_rejected(zone: str) -> None:
    """A fixed offset would be wrong half of the year."""
    assert reason(time_zone=zone) == f"there is no time zone {zone!r}; they are named like Europe/London"


def test_what_is_left_empty_is_the_banks_own(settings: Settings) -> None:
    """Its language and its time zone."""
    settings.TIME_ZONE = "Asia/Riyadh"
    row = read(language="", time_zone="")
    assert (row.language, row.time_zone) == (settings.LANGUAGE_CODE, "Asia/Riyadh")


@pytest.mark.parametrize(
    ("written", "services"),
    [
        ("", ()),
        ("cards", ("cards",)),
        (" online-banking ; cards;", ("online-banking", "cards")),
        ("cards;cards", ("cards",)),
    ],
)
def test_services_are_separated_by_semicolons(written: str, services: tuple[str, ...]) -> None:
    """Each counts once."""
    assert read(services=written).services == services


def test_an_unknown_service_is_rejected_with_the_known_ones() -> None:
    """Nobody who uses it would be told."""
    assert reason(services="cards;loans") == "there is no service 'loans'; known: cards, online-banking"


@pytest.mark.parametrize(
    ("written", "vulnerable"),
    [("yes", True), ("TRUE", True), ("1", True), ("No", False), ("false", False), ("0", False), ("", False)],
)
def test_vulnerable_is_yes_or_no(written: str, vulnerable: bool) -> None:
    """In the ways that programs write it."""
    assert read(vulnerable=written).vulnerable is vulnerable


def test_another_word_for_vulnerable_is_rejected() -> None:
    """Guessing would be wrong for those who need it most."""
    assert reason(vulnerable="maybe") == "vulnerable is 'maybe'; write yes or no"


def test_a_name_is_one_line() -> None:
    """It stands in the first line of messages."""
    assert read(name="Cleo\r\nBcc: all  Ng").name == "Cleo Bcc: all Ng"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"external_id": ""}, "it has no external_id"),
        ({"external_id": "x" * 65}, "the external_id has 65 characters, more than 64"),
        ({"name": "x" * 161}, "the name has 161 characters, more than 160"),
    ],
)
def test_what_the_table_cannot_hold_is_rejected(changes: dict[str, str], sentence: str) -> None:
    """Before a database says so in its own words."""
    assert reason(**changes) == sentence
