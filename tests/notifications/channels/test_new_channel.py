"""A new channel is one file: with one more in the folder and its name in the settings, all of it works."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from maintenance import policies
from maintenance.models import Customer, NoticeKind, NoticeRule, Service, Window
from notifications import channels, links
from notifications.customers import store
from notifications.customers.store import CustomerRow
from notifications.delivery import sending
from notifications.models import Delivery, State, Text
from notifications.operations import configuration
from notifications.planning import notices, preparation
from tests import people
from tests.staff import address, signed_in, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]

LIST = "notifications_delivery_changelist"
CLEO = CustomerRow(
    external_id="cleo",
    name="Cleo",
    email="",
    phone="+447700900123",
    language="en",
    time_zone="Europe/London",
    services=("online-banking",),
    vulnerable=False,
)


@pytest.fixture(autouse=True)
def shown(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[list[str]]:
    """What is shown on pagers, which are a channel now."""
    folder = Path(__file__).with_name("thrown_away")
    monkeypatch.setattr(channels, "__path__", [*channels.__path__, str(folder)])
    channels._classes.cache_clear()
    settings.CHANNELS = [*settings.CHANNELS, "pager"]
    yield import_module("notifications.channels.pager").SHOWN
    sys.modules.pop("notifications.channels.pager")
    channels._classes.cache_clear()


@pytest.fixture
def window() -> Window:
    """Of a service that Cleo uses, announced by pager alone."""
    banking: Service = people.service()
    store.store_customers([CLEO, replace(CLEO, external_id="dan", phone="")])
    policies.policy_of().rules.all().delete()
    NoticeRule.objects.create(
        policy=policies.policy_of(), kind=NoticeKind.ANNOUNCED, lead=timedelta(days=7), channels=["pager"]
    )
    return people.window(banking)


def _sent(window: Window) -> datetime:
    """Prepare and send what is approved; when that was."""
    notices.drafted_notices(window, now=people.NOW)
    people.approve(window)
    window.notices.update(status="planned")
    now = people.NOW + timedelta(days=7)
    for notice in window.notices.all():
        preparation.prepare(notice.pk, now=now)
    Delivery.objects.update(not_before=now)
    sending.drain("pager", demonstration=False, clock=lambda: now)
    return now


def test_it_stands_behind_the_others() -> None:
    assert channels.channel_names() == ["sms", "email", "inapp", "social", "pager"]


def test_its_name_in_the_settings_is_no_fault() -> None:
    assert [fault.words for fault in configuration.setting_faults() if "CHANNELS" in fault.words] == []


def test_a_model_needs_no_migration_for_it() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_it_has_words_in_each_language(window: Window) -> None:
    notices.drafted_notices(window, now=people.NOW)
    assert set(Text.objects.values_list("channel", "language")) == {("pager", "en"), ("pager", "ar")}


def test_the_approver_sees_them_and_what_they_cost(window: Window, settings: Settings) -> None:
    settings.PRICES = {"currency": "GBP", "pager": {"+44": "0.25"}}
    page = words(signed_in("ben"), address("maintenance_window_change", window.pk))
    assert "<b>Pager</b> · EN" in page
    assert page.count('class="lull-phone"') >= 2
    assert "0.25" in page


def test_a_message_goes_out_by_it(window: Window, shown: list[str]) -> None:
    _sent(window)
    assert [line.partition(":")[0] for line in shown] == ["+447700900123"]
    assert "online banking" in shown[0].casefold()


def test_everybody_is_a_row(window: Window) -> None:
    _sent(window)
    rows = Delivery.objects.values_list("channel", "customer__external_id", "state", "provider")
    assert sorted(rows) == [
        ("pager", "cleo", State.SENT, "paging"),
        ("pager", "dan", State.NO_ADDRESS, ""),
    ]


def test_staff_find_them_by_it(window: Window) -> None:
    _sent(window)
    people.queued(people.notice(window, channels=["sms"]))
    found = signed_in("olga").get(address(LIST), {"channel__exact": "pager"})
    assert {row.channel for row in found.context["cl"].result_list} == {"pager"}
    assert "?channel__exact=pager" in words(signed_in("olga"), address(LIST))


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("notifications_delivery_outbox", '<option value="pager">Pager</option>'),
        ("notifications_delivery_senders", "desk 7"),
    ],
)
def test_its_pages_know_it(page: str, said: str, window: Window) -> None:
    _sent(window)
    assert said in words(signed_in("olga"), address(page))


def test_its_bars_move(window: Window) -> None:
    _sent(window)
    progress = signed_in("ben").get(address("maintenance_window_progress", window.pk)).json()
    assert progress["notices"][0]["channels"] == {"pager": {"sent": 1, "no_address": 1}}


def test_a_customer_may_refuse_it(window: Window, client: Client, settings: Settings) -> None:
    cleo = Customer.objects.get(external_id="cleo")
    path = links.preferences_url(cleo.pk).removeprefix(settings.BASE_URL)
    assert "Pager message" in client.get(path).content.decode()
    assert client.post(path, {"refuse": "pager"}).status_code == 303
    _sent(window)
    assert Delivery.objects.get(customer=cleo).state == State.SUPPRESSED
