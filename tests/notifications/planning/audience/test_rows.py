"""Who hears: everybody who uses the service, the unreachable and the suppressed included."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from maintenance.models import Customer, NoticeKind
from notifications.models import Delivery, Notice, State
from notifications.planning import preparation
from notifications.planning.audience import rows
from notifications.planning.audience.ranges import Span
from tests import people

pytestmark = pytest.mark.django_db


def test_everyone_who_uses_the_service_is_counted_once_a_channel(now: datetime) -> None:
    bank = people.service()
    people.customer("cleo", uses=[bank], phone="+447700900001", email="cleo@example.com")
    people.customer("other", uses=[people.service("cards")], phone="+447700900002")
    notice = people.notice(people.window(bank))

    assert rows.audience_counts(notice, now=now) == [
        rows.AudienceCount("email", "en", State.QUEUED, 1),
        rows.AudienceCount("sms", "en", State.QUEUED, 1),
    ]
    assert rows.audience_size(notice) == 1


def test_somebody_using_two_of_the_services_is_one_person(now: datetime) -> None:
    bank, cards = people.service(), people.service("cards")
    people.customer("cleo", uses=[bank, cards], phone="+447700900001")
    notice = people.notice(people.window(bank, cards), channels=["sms"])

    assert [count.people for count in rows.audience_counts(notice, now=now)] == [1]


def test_no_address_and_opted_out_are_counted_not_dropped(now: datetime) -> None:
    bank = people.service()
    people.customer("cleo", uses=[bank])
    people.customer("dan", uses=[bank], phone="+447700900002")
    people.opt_out("+447700900002", "sms")
    notice = people.notice(people.window(bank), channels=["sms"])

    assert {count.state: count.people for count in rows.audience_counts(notice, now=now)} == {
        State.NO_ADDRESS: 1,
        State.SUPPRESSED: 1,
    }


def test_an_opt_out_follows_the_address_to_whoever_shares_it(now: datetime) -> None:
    bank = people.service()
    people.customer("dan", uses=[bank], phone="+447700900002")
    people.customer("dora", uses=[bank], phone="+447700900002")
    people.opt_out("+447700900002", "sms")
    notice = people.notice(people.window(bank), channels=["sms"])

    assert [count.state for count in rows.audience_counts(notice, now=now)] == [State.SUPPRESSED]


def test_an_unknown_language_reads_the_banks_own_and_a_region_its_language(now: datetime) -> None:
    bank = people.service()
    people.customer("cleo", uses=[bank], phone="+447700900001", language="fi")
    people.customer("dan", uses=[bank], phone="+447700900002", language="ar-SA")
    notice = people.notice(people.window(bank), channels=["sms"])

    assert [(count.language, count.people) for count in rows.audience_counts(notice, now=now)] == [
        ("ar", 1),
        ("en", 1),
    ]


def test_each_zone_gets_its_own_morning(now: datetime) -> None:
    bank = people.service()
    people.customer("cleo", uses=[bank], phone="+447700900001")
    people.customer("lin", uses=[bank], phone="+447700900002", time_zone="America/Los_Angeles")
    notice = people.notice(people.window(bank), channels=["sms"])
    preparation.prepare(notice.pk, now=now)

    assert set(Delivery.objects.values_list("customer__external_id", "not_before")) == {
        ("cleo", now),
        ("lin", now + timedelta(hours=7)),
    }


def test_words_that_quiet_hours_would_make_false_expire_with_the_reason(now: datetime) -> None:
    bank = people.service()
    people.customer("lin", uses=[bank], phone="+447700900002", time_zone="America/Los_Angeles")
    notice = people.notice(people.window(bank), channels=["sms"], true_until=now + timedelta(hours=6))

    assert [count.state for count in rows.audience_counts(notice, now=now)] == [State.EXPIRED]


def test_a_notice_only_for_the_told_skips_those_who_never_heard(now: datetime) -> None:
    bank = people.service()
    people.customer("cleo", uses=[bank], phone="+447700900001", email="cleo@example.com")
    people.customer("dan", uses=[bank])
    window = people.window(bank)
    first = people.notice(window, channels=["sms"])
    preparation.prepare(first.pk, now=now)
    preparation.prepare(first.pk, now=now)
    Delivery.objects.filter(state=State.QUEUED).update(state=State.SENT)
    people.customer("new", uses=[bank], phone="+447700900003")
    second = people.notice(window, NoticeKind.CANCELLED, only_told=True)

    assert rows.audience_counts(second, now=now) == [rows.AudienceCount("sms", "en", State.QUEUED, 1)]


def test_a_new_time_reaches_the_told_even_when_they_use_the_service_no_longer(now: datetime) -> None:
    bank = people.service()
    cleo = people.customer("cleo", uses=[bank], phone="+447700900001")
    window = people.window(bank)
    first = people.notice(window, channels=["sms"])
    preparation.prepare(first.pk, now=now)
    Delivery.objects.update(state=State.SENT)
    cleo.use_set.all().delete()
    people.customer("new", uses=[bank], phone="+447700900003")
    second = people.notice(window, NoticeKind.RESCHEDULED, channels=["sms"])

    assert rows.audience_size(second) == 2


def test_partners_are_not_told_what_customers_are(now: datetime) -> None:
    bank = people.service()
    partner = people.customer("partner", uses=[bank], phone="+447700900001")
    Customer.objects.filter(pk=partner.pk).update(kind=Customer.Kind.PARTNER)

    assert rows.audience_counts(people.notice(people.window(bank)), now=now) == []


def test_a_notice_by_broadcast_alone_has_no_rows_per_person(now: datetime) -> None:
    bank = people.service()
    people.customer("cleo", uses=[bank], phone="+447700900001")
    notice: Notice = people.notice(people.window(bank), channels=["inapp", "social"])

    assert rows.audience_counts(notice, now=now) == []


def test_a_language_taken_up_after_the_words_were_written_reads_what_there_is(
    now: datetime, settings: Settings
) -> None:
    bank = people.service()
    people.customer("cleo", uses=[bank], phone="+447700900001", language="fr")
    notice = people.notice(people.window(bank), channels=["sms"])
    settings.LANGUAGES, settings.LANGUAGE_CODE = [("fr", "français"), ("ar", "العربية")], "fr"

    assert [count.language for count in rows.audience_counts(notice, now=now)] == ["en"]


def test_somebody_who_moves_abroad_while_rows_are_made_is_not_dropped(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = people.service()
    people.customer("cleo", uses=[bank], phone="+447700900001", language="fi", time_zone="Asia/Tokyo")
    notice = people.notice(people.window(bank), channels=["sms"])
    monkeypatch.setattr(rows, "_in_use", lambda spans: (["elsewhere"], ["Else/Where"]))

    assert rows.audience_counts(notice, now=now) == [rows.AudienceCount("sms", "en", State.QUEUED, 1)]


@pytest.mark.skipif(
    connection.vendor != "sqlite", reason="PostgreSQL plans by size, and few rows are read whole"
)
def test_who_was_told_is_looked_up_and_not_read_whole_for_each_customer(now: datetime) -> None:
    window = people.window()
    first = people.notice(window, channels=["sms"])
    people.queued(first, state=State.SENT)
    Notice.objects.update(prepared_at=now)
    second = people.notice(window, NoticeKind.CANCELLED, only_told=True)
    asked = rows.audience_rows(second, [Span(0, 1_000)], now=now)

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {asked.sql}", asked.parameters)
        plan = [row[-1] for row in cursor.fetchall() if "notifications_delivery" in row[-1]]
    assert plan
    assert all("delivery_once_per_customer" in step for step in plan)
