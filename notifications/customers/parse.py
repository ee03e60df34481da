"""A row of the bank's register of customers in; a checked customer, or the reason against the row, out."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import Final

import phonenumbers
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.encoding import punycode
from phonenumbers import NumberParseException, PhoneNumberFormat

from maintenance import bank_time
from maintenance.imports.csv_rows import Reject
from maintenance.models import Customer, Service
from notifications.customers.store import CustomerRow

COLUMNS: Final = tuple(field.name for field in dataclasses.fields(CustomerRow))

_YES_OR_NO: Final = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": False}
# RFC 5646: language, script, region. What more there is makes no other text for us.
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?")
_FICTION: Final = re.compile(r"\+447700900[0-9]{3}")
"""Numbers that Ofcom keeps for drama (077009 00000 to 00999) are nobody's, so trial files may hold them."""


class CustomerReader:
    """Reads the rows of one file. Reasons name no address: they end in logs and on screens."""

    def __init__(self) -> None:
        self._services = frozenset(Service.objects.values_list("key", flat=True))

    def __call__(self, values: Sequence[str]) -> CustomerRow:
        """Read the values of COLUMNS; raises Reject."""
        external_id, name, email, phone, language, time_zone, services, vulnerable = values
        return CustomerRow(
            external_id=_external_id(external_id),
            name=_name(name),
            email=_email(email),
            phone=_phone(phone),
            language=_language(language),
            time_zone=_time_zone(time_zone),
            services=self._used(services),
            vulnerable=_yes_or_no(vulnerable),
        )

    def _used(self, text: str) -> tuple[str, ...]:
        keys = tuple(dict.fromkeys(key for part in text.split(";") if (key := part.strip())))
        for key in keys:
            if key not in self._services:
                known = ", ".join(sorted(self._services)) or "there are none yet"
                raise Reject(f"there is no service {key!r}; known: {known}")
        return keys


def _time_zone(text: str) -> str:
    if text and text not in bank_time.zone_names():
        raise Reject(f"there is no time zone {text!r}; they are named like Europe/London")
    return text or settings.TIME_ZONE


def _external_id(text: str) -> str:
    if not text:
        raise Reject("it has no external_id")
    return _short(text, "external_id")


def _name(text: str) -> str:
    return _short(" ".join(text.split()), "name")  # a line break would end a message's first line


def _short(text: str, column: str) -> str:
    longest = Customer._meta.get_field(column).max_length  # type: ignore[union-attr]  # no relation
    if longest and len(text) > longest:
        raise Reject(f"the {column} has {len(text)} characters, more than {longest}")
    return text


def _email(text: str) -> str:
    """The address as it goes on the wire: the domain in lower case and ASCII (RFC 5890)."""
    if not text:
        return ""
    mailbox, _, domain = text.rpartition("@")
    try:
        address = f"{mailbox}@{punycode(domain.lower())}"
        validate_email(address)
    except (ValidationError, UnicodeError):
        raise Reject("the email is not an address like name@example.com") from None
    return address


def _phone(text: str) -> str:
    """The number in E.164; without a country code it is taken for one of the bank's country."""
    if not text:
        return ""
    country = settings.COUNTRY[:2]
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        raise Reject(
            f"the phone is not a telephone number, in {country} or with a + and a country code"
        ) from None
    written = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if not phonenumbers.is_valid_number(number) and not _FICTION.fullmatch(written):
        raise Reject(f"the phone is no number in use, in {country} or with a + and a country code")
    return written


def _language(text: str) -> str:
    """A tag in lower case, as Django writes it; one that is not offered is answered in the bank's own."""
    tag = text.lower().replace("_", "-")
    if tag and not _LANGUAGE.fullmatch(tag):
        raise Reject(f"the language {text!r} is not a code like en or ar-sa")
    return tag or settings.LANGUAGE_CODE


def _yes_or_no(text: str) -> bool:
    try:
        return _YES_OR_NO[text.lower()]
    except KeyError:
        raise Reject(f"vulnerable is {text!r}; write yes or no") from None
