"""A due notice becomes deliveries: all of them, once, whatever dies on the way."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import transaction
from pytest_django.fixtures import Settings

from notifications import addresses, preparation
from notifications.models import ChannelName, Delivery, Notice, State
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

    assert list(Delivery.objects.values_list("channel", "state")) == [(ChannelName.EMAIL, State.QUEUED)]
