"""A channel whose file is gone, or cannot be read, keeps no other waiting and takes down no page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from notifications import channels
from notifications.models import Delivery, Notice
from notifications.operations import configuration
from notifications.planning import preparation
from tests import people
from tests.staff import address, signed_in, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]

UNREADABLE = {"gone": None, "lacking": "import nothing_that_is_here\n", "broken": "raise RuntimeError\n"}


@pytest.fixture(autouse=True, params=UNREADABLE)
def name(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings
) -> Iterator[str]:
    """Of a channel that is switched on and is none."""
    if content := UNREADABLE[request.param]:
        (tmp_path / f"{request.param}.py").write_text(content)
    monkeypatch.setattr(channels, "__path__", [*channels.__path__, str(tmp_path)])
    channels._classes.cache_clear()
    settings.CHANNELS = [*settings.CHANNELS, request.param]
    yield request.param
    channels._classes.cache_clear()


@pytest.fixture
def notice(name: str) -> Notice:
    """To Cleo, by SMS and by that channel as well."""
    banking = people.service()
    people.customer("cleo", uses=[banking], phone="+447700900123")
    return people.notice(people.window(banking), channels=["sms", name])


def test_the_settings_say_so(name: str) -> None:
    said = [fault.words for fault in configuration.setting_faults() if "CHANNELS" in fault.words]
    assert said == [f"CHANNELS names {name!r}, which is none of sms, email, inapp, social."]


def test_whoever_is_told_by_another_is_told(notice: Notice, now: datetime) -> None:
    preparation.prepare(notice.pk, now=now)
    assert list(Delivery.objects.values_list("channel", flat=True)) == ["sms"]


def test_its_windows_can_be_looked_at(notice: Notice) -> None:
    people.queued(notice, channel=notice.channels[1])
    olga = signed_in("olga")
    for page in (
        address("maintenance_window_change", notice.window_id),
        address("notifications_delivery_changelist"),
        address("notifications_delivery_senders"),
    ):
        assert words(olga, page)
