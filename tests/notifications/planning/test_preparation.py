"""A due notice becomes deliveries: all of them, once, whatever dies on the way."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import transaction
from pytest_django.fixtures import Settings

from maintenance.models import NoticeKind
from notifications.customers import addresses
from notifications.models import Delivery, Notice, State
from notifications.planning import preparation
from tests import people

pytestmark = pytest.mark.django_db


def _crowd(size: int, **options: object) -> Notice:
    bank = people.service()
    for number in range(size):
        people.customer(
            f"c{number}", uses=[bank], phone=f"+4477009{number:05d}", email=f"c{number}@example.com"
        )
    return people.notice(people.window(bank), channels=["sms", "email", "inapp"])


def _prepare_all(notice: Notice, now: datetime) -> int:
    steps = 1
    while not preparation.prepare(notice.pk, now=now):
        steps += 1
    return steps


def test_a_row_for_each_person_and_channel_and_one_for_the_app(now: datetime) -> None:
    notice = _crowd(3)
    _prepare_all(notice, now)

    rows = list(Delivery.objects.values_list("channel", flat=True))
    assert {channel: rows.count(channel) for channel in set(rows)} == {"sms": 3, "email": 3, "inapp": 1}


def test_slices_add_up_without_doubling(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "SLICE", 2)
    notice = _crowd(5)

    assert _prepare_all(notice, now) == 4
    assert Delivery.objects.filter(channel="sms").count() == 5
    assert len(set(Delivery.objects.values_list("public_id", flat=True))) == 11


def test_a_crash_between_rows_and_cursor_leaves_neither(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation, "SLICE", 2)
    notice = _crowd(4)
    preparation.prepare(notice.pk, now=now)

    with transaction.atomic():
        preparation.prepare(notice.pk, now=now)
        transaction.set_rollback(True)  # what a kill before the commit does
    assert Delivery.objects.filter(channel="sms").count() == 2

    _prepare_all(notice, now)
    assert Delivery.objects.filter(channel="sms").count() == 4


def test_preparing_again_from_the_start_doubles_nobody(now: datetime) -> None:
    notice = _crowd(3)
    _prepare_all(notice, now)
    Notice.objects.filter(pk=notice.pk).update(status=Notice.Status.PLANNED, cursor=0)
    _prepare_all(notice, now)

    assert Delivery.objects.count() == 7


def test_a_withdrawn_notice_is_prepared_no_further(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "SLICE", 1)
    notice = _crowd(3)
    preparation.prepare(notice.pk, now=now)
    Notice.objects.filter(pk=notice.pk).update(status=Notice.Status.WITHDRAWN)

    assert preparation.prepare(notice.pk, now=now) is True
    assert Delivery.objects.filter(channel="sms").count() == 1


def test_the_vulnerable_go_first(now: datetime) -> None:
    bank = people.service()
    people.customer("cleo", uses=[bank], phone="+447700900001")
    people.customer("dan", uses=[bank], phone="+447700900002", vulnerable=True)
    _prepare_all(people.notice(people.window(bank), channels=["sms"]), now)

    first = Delivery.objects.order_by("priority", "id").first()
    assert first is not None
    assert first.customer is not None
    assert first.customer.external_id == "dan"


def test_a_delivery_keeps_the_fingerprint_of_its_address(now: datetime) -> None:
    bank = people.service()
    people.customer("cleo", uses=[bank], phone="+447700900001")
    _prepare_all(people.notice(people.window(bank), channels=["sms"]), now)

    assert bytes(Delivery.objects.get().address_hmac or b"") == addresses.fingerprint("+447700900001")


def test_demonstration_people_and_posts_are_marked_as_such(now: datetime) -> None:
    bank = people.service()
    bank.demonstration = True
    bank.save()
    people.customer("cleo", uses=[bank], phone="+447700900001", demonstration=True)
    people.customer("real", uses=[bank], phone="+447700900002")
    _prepare_all(people.notice(people.window(bank), channels=["sms", "social"]), now)

    marks = set(Delivery.objects.values_list("channel", "customer__external_id", "demonstration"))
    assert marks == {("sms", "cleo", True), ("sms", "real", False), ("social", None, True)}


def test_switched_off_channels_make_no_rows(now: datetime, settings: Settings) -> None:
    settings.CHANNELS = ["email"]
    _prepare_all(_crowd(1), now)

    assert list(Delivery.objects.values_list("channel", "state")) == [("email", State.QUEUED)]


def test_accounts_that_cannot_be_read_hold_up_their_own_posts_only(now: datetime, settings: Settings) -> None:
    settings.SOCIAL_URLS = ["x://"]
    bank = people.service()
    people.customer("cleo", uses=[bank], phone="+447700900001")
    notice = people.notice(people.window(bank), channels=["sms", "inapp", "social"])
    preparation.prepare(notice.pk, now=now)
    assert preparation.prepare(notice.pk, now=now)  # nothing more can be done for it now
    assert sorted(Delivery.objects.values_list("channel", flat=True)) == ["inapp", "sms"]
    notice.refresh_from_db()
    assert notice.status == Notice.Status.PREPARING

    settings.SOCIAL_URLS = ["byhand://facebook"]
    assert preparation.prepare(notice.pk, now=now)
    assert sorted(Delivery.objects.values_list("channel", flat=True)) == ["inapp", "sms", "social"]
    notice.refresh_from_db()
    assert notice.status == Notice.Status.PREPARED


def test_a_message_has_the_size_of_its_words_before_it_is_written(now: datetime) -> None:
    bank = people.service()
    people.customer("cleo", uses=[bank], phone="+447700900001", email="cleo@example.com")
    people.customer("layla", uses=[bank], phone="+447700900002", language="ar")
    notice = people.notice(people.window(bank), channels=["sms", "email", "inapp"])
    notice.texts.filter(channel="sms", language="en").update(body="[[name]], " + 150 * "a")  # 156 in one
    notice.texts.filter(channel="sms", language="ar").update(body="[[name]], " + 70 * "ع")  # 76 in two of 67
    notice.texts.filter(channel="email").update(body=500 * "a")
    _prepare_all(notice, now)

    sizes = Delivery.objects.filter(state=State.QUEUED).values_list("channel", "language", "segments")
    assert set(sizes) == {("sms", "en", 1), ("sms", "ar", 2), ("email", "en", 1), ("inapp", "en", 1)}


def test_people_of_two_services_and_those_told_before_are_one_row_each_in_any_slices(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation, "SLICE", 2)
    bank, cards = people.service(), people.service("cards")
    told = [people.customer(f"told{n}", uses=[bank], phone=f"+44770090000{n}") for n in range(3)]
    window = people.window(bank, cards)
    first = people.notice(window, channels=["sms"])
    _prepare_all(first, now)
    Delivery.objects.update(state=State.SENT)
    told[0].use_set.all().delete()
    for n in range(3, 8):
        people.customer(f"c{n}", uses=[bank, cards] if n % 2 else [cards], phone=f"+44770090000{n}")
    second = people.notice(window, NoticeKind.RESCHEDULED, channels=["sms"])
    _prepare_all(second, now)

    assert Delivery.objects.filter(notice=second).count() == 8
    assert second.deliveries.values("customer").distinct().count() == 8


def test_only_the_told_get_a_row_whatever_the_slices(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "SLICE", 2)
    first = _crowd(7)
    _prepare_all(first, now)
    third = Delivery.objects.filter(channel="sms", customer__external_id__in=["c1", "c4", "c6"])
    third.update(state=State.DELIVERED)
    Delivery.objects.filter(channel="email", customer__external_id="c2").update(state=State.UNKNOWN)
    second = people.notice(first.window, NoticeKind.CANCELLED, channels=["sms", "email"], only_told=True)
    _prepare_all(second, now)

    assert set(second.deliveries.values_list("channel", "customer__external_id")) == {
        ("sms", "c1"),
        ("sms", "c4"),
        ("sms", "c6"),
        ("email", "c2"),
    }


def test_customers_of_other_services_are_passed_over(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "SLICE", 2)
    bank, cards = people.service(), people.service("cards")
    for n in range(9):
        people.customer(f"c{n}", uses=[bank if n % 4 == 0 else cards], phone=f"+44770090000{n}")
    _prepare_all(people.notice(people.window(bank), channels=["sms"]), now)

    assert sorted(Delivery.objects.values_list("customer__external_id", flat=True)) == ["c0", "c4", "c8"]
