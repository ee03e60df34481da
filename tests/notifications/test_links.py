"""Signed links: each opens its own door, the same one every time, and no forged one opens any."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
from django.core.signing import Signer
from pytest_django import Settings

from notifications import links

DELIVERY = uuid.UUID("00000000-0000-4000-8000-000000000001")


@pytest.fixture(autouse=True)
def _bank(settings: Settings) -> None:
    settings.BASE_URL = "https://notices.bank.example"


def _token(url: str) -> str:
    return url.removesuffix("/").removesuffix(".ics").rsplit("/", 1)[-1]


def test_a_receipt_link_names_the_delivery_and_its_attempt() -> None:
    url = links.receipt_url_of(links.receipt_token(DELIVERY, 3))
    assert url.startswith("https://notices.bank.example/receipts/sms/")
    assert links.read_receipt(_token(url)) == (DELIVERY, 3)


def test_a_preferences_link_names_the_customer(now: datetime) -> None:
    url = links.preferences_url(1_000_000, now=now)
    assert url.startswith("https://notices.bank.example/preferences/")
    assert links.read_preferences(_token(url), now=now) == 1_000_000


def test_a_calendar_link_names_the_customer() -> None:
    url = links.my_calendar_url(7)
    assert url.startswith("https://notices.bank.example/calendar/my/")
    assert url.endswith(".ics")
    assert links.read_my_calendar(_token(url)) == 7


def test_a_text_composed_again_carries_the_same_link(now: datetime) -> None:
    assert links.preferences_url(7, now=now) == links.preferences_url(7, now=now.replace(month=12, day=31))


@pytest.mark.parametrize("key", ["short", "longer than the block of a hash " * 4, "ключ", b"bytes"])
def test_links_are_signed_as_django_signs_so_that_those_in_old_messages_open(
    key: str | bytes, settings: Settings, now: datetime
) -> None:
    settings.SECRET_KEY = key
    made = {
        "receipt": links.receipt_token(DELIVERY, 3),
        "preferences": _token(links.preferences_url(7, now=now)),
        "calendar": _token(links.my_calendar_url(7)),
    }
    values = {"receipt": f"{DELIVERY.hex}-3", "preferences": "7-2026", "calendar": "7"}
    assert made == {
        purpose: f"{value}.{Signer(salt=f'lull.{purpose}').signature(value)[:22]}"
        for purpose, value in values.items()
    }


def test_links_that_were_sent_under_a_key_open_for_as_long_as_it_is_kept(
    settings: Settings, now: datetime
) -> None:
    """Written down when they were made: whatever makes them later, these stand in customers' messages."""
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the new key", ["the key of then"]
    assert links.read_preferences("7-2026.yDsnW_PCDt__KWyib4MCuT", now=now) == 7
    assert links.read_my_calendar("7.cfobDtKXQBzz1o3sWAUMSj") == 7
    assert links.read_receipt("00000000000040008000000000000001-3.gyqfOaCrQkKzz-ZHPK56hN") == (DELIVERY, 3)


@pytest.mark.parametrize(
    ("opened", "customer"),
    [
        (datetime(2026, 3, 2, tzinfo=UTC), 7),
        (datetime(2027, 12, 31, 23, 59, tzinfo=UTC), 7),
        (datetime(2028, 1, 1, tzinfo=UTC), None),
    ],
)
def test_a_preferences_link_is_good_until_the_end_of_the_next_year(
    opened: datetime, customer: int | None, now: datetime
) -> None:
    assert links.read_preferences(_token(links.preferences_url(7, now=now)), now=opened) == customer


def test_no_link_opens_another_door(now: datetime) -> None:
    preferences, calendar = _token(links.preferences_url(7, now=now)), _token(links.my_calendar_url(7))
    receipt = links.receipt_token(DELIVERY, 1)
    assert links.read_preferences(calendar, now=now) is None
    assert links.read_my_calendar(preferences) is None
    assert links.read_receipt(preferences) is None
    assert links.read_my_calendar(receipt) is None


@pytest.mark.parametrize("forged", ["", ".", "7-2026", "7-2026.", "7-2026.AAAAAAAAAAAAAAAAAAAAAA", "ж.ж"])
def test_a_forged_link_opens_nothing(forged: str, now: datetime) -> None:
    assert links.read_preferences(forged, now=now) is None
    assert links.read_my_calendar(forged) is None
    assert links.read_receipt(forged) is None


def test_a_changed_link_opens_nothing(now: datetime) -> None:
    token = _token(links.preferences_url(7, now=now))
    assert links.read_preferences(f"8{token[1:]}", now=now) is None


def test_links_of_the_key_before_are_still_read(settings: Settings, now: datetime) -> None:
    token = _token(links.preferences_url(7, now=now))
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "the new key"
    assert links.read_preferences(token, now=now) == 7


def test_a_preferences_link_leaves_most_of_a_text_message_to_the_text(now: datetime) -> None:
    assert len(_token(links.preferences_url(9_999_999, now=now))) <= 36
