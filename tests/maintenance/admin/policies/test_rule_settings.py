"""What each rule weighs: read by all, set by approvers, and looked at again at once."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from maintenance import policies
from maintenance.admin.policies import rule_settings
from maintenance.models import AuditEntry, Conflict, Freeze, RuleSetting
from maintenance.rules import RULES, SETTABLE
from tests import people
from tests.staff import address, reader, signed_in, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock", "promised")]

PAGE = "maintenance_rulesetting_changelist"
AGREED = re.compile(r'name="agreed" value="([^"]+)"')


@pytest.fixture
def promised() -> None:
    """What customers are promised, without which nothing is checked."""
    policies.policy_of()


def given(**changed: str) -> dict[str, str]:
    """The form with Lull's own weights, but for these."""
    return {name: rule.weight.value for name, rule in SETTABLE.items()} | changed


def asked(client: Client, **changed: str) -> str:
    """What the browser shows after the form was sent with these weights changed."""
    return unescape(client.post(address(PAGE), given(**changed), follow=True).content.decode())


def saved(client: Client, **changed: str) -> str:
    """The same, and after a reason was given where one is asked."""
    page = asked(client, **changed)
    if not (agreed := AGREED.search(page)):
        return page
    more = {"agreed": agreed[1], "reason": "The regulator allows it"}
    return client.post(address(PAGE), given(**changed) | more, follow=True).content.decode()


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
    assert "Default: hard." in page


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


def test_what_is_switched_off_is_not_before_it_was_said_what_that_means() -> None:
    page = asked(signed_in("ben"), notice="off")
    assert "Notice will no longer be checked. Until now it held that:" in page
    assert SETTABLE["notice"].explains in page
    assert not RuleSetting.objects.exists()


def test_what_is_only_to_warn_is_asked_about_as_well() -> None:
    assert "Freeze will only warn. With any reason this may be passed over:" in asked(
        signed_in("ben"), freeze="soft"
    )
    assert not RuleSetting.objects.exists()


def test_what_is_to_weigh_more_is_not_asked_about() -> None:
    assert "1 rule changed." in asked(signed_in("ben"), support="hard", standing="soft")


@pytest.mark.parametrize("reason", ["", " ", ".", "\N{ZERO WIDTH SPACE}", "x" * 201])
def test_no_rule_weighs_less_without_a_reason(reason: str) -> None:
    client = signed_in("ben")
    agreed = AGREED.search(asked(client, notice="off"))
    assert agreed
    sent = given(notice="off") | {"agreed": agreed[1], "reason": reason}
    assert "Weaken this rule?" in client.post(address(PAGE), sent).content.decode()
    assert not RuleSetting.objects.exists()


def test_what_was_agreed_to_of_one_rule_is_not_agreed_to_of_another() -> None:
    client = signed_in("ben")
    agreed = AGREED.search(asked(client, freeze="soft"))
    assert agreed
    sent = given(notice="off") | {"agreed": agreed[1], "reason": "The office agreed"}
    assert "Notice will no longer be checked" in client.post(address(PAGE), sent).content.decode()
    assert not RuleSetting.objects.exists()


def test_each_rule_that_is_set_is_in_the_log_with_its_reason() -> None:
    saved(signed_in("ben"), notice="off", support="hard")
    found = AuditEntry.objects.order_by("object_name").values_list("object_name", "before", "after", "reason")
    assert list(found) == [
        ("Notice", {"weight": "Hard"}, {"weight": "Off"}, "The regulator allows it"),
        (SETTABLE["support"].title, {"weight": "Soft"}, {"weight": "Hard"}, "The regulator allows it"),
    ]


def test_what_lull_has_itself_stands_beside_each_rule_that_is_set_or_not() -> None:
    saved(signed_in("ben"), notice="off")
    page = words(reader(), address(PAGE))
    assert page.count("Default:") == len(SETTABLE)
    assert "<strong>Set to off.</strong> Default: hard." in page


def test_what_another_sets_meanwhile_is_never_weakened_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ben makes it stronger than he has read; behind his back it has become stronger than that."""
    saved(signed_in("ben"), freeze="off")
    judged = rule_settings._weakened

    def meanwhile(*arguments: Any) -> Any:
        RuleSetting.objects.filter(rule="freeze").update(weight="hard")
        return judged(*arguments)

    monkeypatch.setattr(rule_settings, "_weakened", meanwhile)
    page = asked(signed_in("ben"), freeze="soft")

    assert "Somebody else set one of these at this moment" in page
    assert RuleSetting.objects.get(rule="freeze").weight == "hard"
    assert AuditEntry.objects.count() == 1
