"""What an approver sees before anybody hears: people, words, segments and price."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from pytest_django.fixtures import Settings

from maintenance.models import NoticeKind, Window
from notifications.models import Notice, State
from notifications.planning import notices
from notifications.planning.audience import ranges
from notifications.reporting import preview
from notifications.reporting.preview import Part, Preview
from tests import people

pytestmark = pytest.mark.django_db


def _crowd() -> Window:
    """Cleo twice, once in Arabic, Dan who opted out, and somebody without any address."""
    banking = people.service()
    people.customer("cleo", uses=[banking], phone="+447700900001", email="cleo@example.com")
    people.customer("layla", uses=[banking], phone="+971500000001", language="ar")
    people.customer("dan", uses=[banking], phone="+447700900002")
    people.customer("nobody", uses=[banking])
    people.customer("elsewhere", uses=[people.service("cards")], phone="+447700900003")
    people.opt_out("+447700900002", "sms")
    return people.window(banking)


def _seen(window: Window, now: datetime) -> Preview:
    notices.drafted_notices(window, now=now)
    return preview.preview_of(window, now=now)


def _announced(window: Window, now: datetime) -> Part:
    return next(part for part in _seen(window, now).parts if part.notice.kind == NoticeKind.ANNOUNCED)


def test_everybody_stands_in_one_state_on_each_channel(now: datetime) -> None:
    part = _announced(_crowd(), now)
    texts = {(one.language, one.state): one.people for one in part.counts if one.channel == "sms"}
    assert texts == {
        ("en", State.QUEUED): 1,
        ("ar", State.QUEUED): 1,
        ("en", State.SUPPRESSED): 1,
        ("en", State.NO_ADDRESS): 1,
    }
    assert part.people == 4


def test_words_are_filled_in_every_language_in_the_order_of_the_channels(now: datetime) -> None:
    part = _announced(_crowd(), now)
    assert [(seen.channel, seen.language) for seen in part.seen] == [
        ("sms", "en"),
        ("sms", "ar"),
        ("email", "en"),
        ("email", "ar"),
        ("inapp", "en"),
        ("inapp", "ar"),
        ("social", "en"),
    ]
    assert not [seen for seen in part.seen if "[[" in seen.subject + seen.body + seen.html]


def test_arabic_runs_from_right_to_left(now: datetime) -> None:
    assert {seen.language: seen.right_to_left for seen in _announced(_crowd(), now).seen} == {
        "en": False,
        "ar": True,
    }


def test_segments_are_counted_over_those_who_will_get_them(now: datetime) -> None:
    part = _announced(_crowd(), now)
    sizes = [seen.segments.segments for seen in part.seen if seen.segments]
    assert part.segments == sum(sizes)


def test_without_a_price_list_there_is_no_price(now: datetime, settings: Settings) -> None:
    settings.PRICES = {}
    assert _announced(_crowd(), now).price is None


def test_a_price_for_everybody_is_exact(now: datetime, settings: Settings) -> None:
    settings.PRICES = {"currency": "GBP", "sms": {"": "0.04"}, "email": {"": "0.001"}}
    part = _announced(_crowd(), now)
    assert part.price is not None
    assert part.price.amount == part.segments * Decimal("0.04") + Decimal("0.001")
    assert (part.price.currency, part.price.about) == ("GBP", False)


def test_the_longest_beginning_that_fits_names_the_price(now: datetime, settings: Settings) -> None:
    settings.PRICES = {"sms": {"+44": "0.01", "+447700": "0.03", "+971": "0.06"}, "email": {"": "0"}}
    part = _announced(_crowd(), now)
    assert part.price is not None
    # three numbers are looked at, two of them British
    assert part.price.amount == part.segments * Decimal("0.12") / 3


def test_a_country_without_a_price_leaves_the_sum_open(now: datetime, settings: Settings) -> None:
    settings.PRICES = {"sms": {"+44": "0.01"}, "email": {"": "0"}}
    assert _announced(_crowd(), now).price is None


def test_a_price_list_that_is_none_leaves_the_sum_open(now: datetime, settings: Settings) -> None:
    settings.PRICES = {"sms": {"": "cheap"}, "email": 3}
    assert _announced(_crowd(), now).price is None


def test_the_words_of_what_comes_later_are_there_to_be_approved(now: datetime) -> None:
    standard = {part.kind: {seen.channel for seen in part.seen} for part in _seen(_crowd(), now).standard}
    assert standard == {
        NoticeKind.STARTED: {"inapp", "social"},
        NoticeKind.FINISHED: {"inapp", "social"},
        NoticeKind.CANCELLED: {"sms", "email", "inapp", "social"},
    }


def test_what_the_words_lack_is_said(now: datetime) -> None:
    window = people.window(people.service(alternative=False))
    started = next(part for part in _seen(window, now).standard if part.kind == NoticeKind.STARTED)
    assert started.seen == ()
    assert "Nothing says what still works" in started.lacking


def test_what_is_handed_out_is_not_counted_again(now: datetime) -> None:
    window = _crowd()
    people.notice(window, status=Notice.Status.PREPARED)
    handed_out = next(part for part in _seen(window, now).parts if part.notice.status == "prepared")
    assert (handed_out.people, handed_out.counts) == (0, ())


def test_what_was_estimated_says_so_with_people_and_price(
    now: datetime, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PRICES = {"currency": "GBP", "sms": {"": "0.04"}, "email": {"": "0.001"}}
    window = _crowd()
    exact = _announced(window, now)
    monkeypatch.setattr(ranges, "_ENOUGH", 1)
    monkeypatch.setattr(ranges, "_PLACES", 2)
    people.customer("ella", uses=[people.service()], phone="+447700900009")
    estimated = _announced(window, now)

    assert (exact.about, exact.price and exact.price.about) == (False, False)
    assert (estimated.about, estimated.price and estimated.price.about) == (True, True)
