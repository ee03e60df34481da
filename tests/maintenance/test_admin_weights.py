"""What each rule weighs: read by all, set by approvers, and looked at again at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from maintenance import policies
from maintenance.models import Conflict, Freeze, RuleSetting
from maintenance.rules import RULES, SETTABLE
from tests import people
from tests.staff import address, reader, signed_in, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock", "promised")]

PAGE = "maintenance_rulesetting_changelist"


@pytest.fixture
def promised() -> None:
    """What customers are promised, without which nothing is checked."""
    policies.of()


def saved(client: Client, **changed: str) -> str:
    """What the browser shows after the form was sent with these weights changed."""
    given = {name: rule.weight.value for name, rule in SETTABLE.items()} | changed
    return client.post(address(PAGE), given, follow=True).content.decode()


def test_every_rule_is_explained_to_everyone() -> None:
    page = words(reader(), address(PAGE))
    assert [rule.title for rule in RULES if rule.title not in page or rule.explains not in page] == []
    assert 'type="radio"' not in page


def test_ben_sets_what_a_rule_weighs() -> None:
    page = saved(signed_in("ben"), freeze="soft", support="off")
    assert "2 rules changed." in page
    assert dict(RuleSetting.objects.values_list("rule", "weight")) == {"freeze": "soft", "support": "off"}
    assert 'name="freeze" value="soft"' in page


def test_what_is_not_changed_is_not_stored() -> None:
    assert "No rules changed." in saved(signed_in("ben"))
    assert not RuleSetting.objects.exists()


def test_the_page_says_who_set_what() -> None:
    assert "Freeze: hard, now soft" in saved(signed_in("ben"), freeze="soft")
    page = words(reader(), address(PAGE))
    assert "Ben, Mon 2 Mar 2026" in page
    assert "own: hard." in page


@pytest.mark.parametrize("name", ["ada", "rita"])
def test_whoever_books_does_not_set_what_stands_in_the_way(name: str) -> None:
    client = signed_in(name)
    words(client, address(PAGE))
    assert client.post(address(PAGE), {"freeze": "off"}).status_code == 403
    assert not RuleSetting.objects.exists()


@pytest.mark.parametrize("weight", ["", "heavy"])
def test_a_weight_that_is_none_is_refused(weight: str) -> None:
    saved(signed_in("ben"), freeze=weight)
    assert not RuleSetting.objects.exists()


def test_nobody_sets_the_past() -> None:
    saved(signed_in("ben"), past="off")
    assert not RuleSetting.objects.exists()


def test_a_rule_that_is_switched_off_sets_windows_free() -> None:
    window = people.window()
    starts_at, ends_at = window.starts_at - timedelta(days=1), window.ends_at
    Freeze.objects.create(name="March", starts_at=starts_at, ends_at=ends_at)
    client = signed_in("ben")
    assert "1 booked window is now in conflict" in saved(client, support="off")
    assert Conflict.objects.get().hard
    assert "1 booked window is no longer in conflict." in saved(client, freeze="off", support="off")
