"""What a provider says is made such that it can be stored, whatever it is."""

from __future__ import annotations

from typing import Any

import pytest

from notifications import links
from notifications.channels.providers import outcome_of, reference_of, with_wait
from notifications.channels.types import Outcome, Verdict
from notifications.models import Attempt, Delivery
from tests.notifications import messages

UNSTORABLE = "a\x00b\ud800c"
DAY = 86_400


def _said(words: Any = "", *, retry_after: float | None = None) -> Outcome:
    told = outcome_of(
        messages.sms(), Verdict.NOT_PROCESSED, words, provider_ref=words, code=words, detail=words
    )
    return with_wait(told, retry_after)


def _words(of: Outcome) -> list[str]:
    return [of.provider, of.provider_ref, of.code, of.detail]


def test_characters_that_no_database_keeps_are_left_out() -> None:
    assert _words(_said(UNSTORABLE)) == ["abc"] * 4


def test_words_are_cut_to_the_columns_they_are_kept_in() -> None:
    columns = [(Delivery, "provider"), (Delivery, "provider_ref"), (Attempt, "code"), (Attempt, "detail")]
    widths = [getattr(model._meta.get_field(name), "max_length", None) for model, name in columns]
    assert [len(words) for words in _words(_said("ا" * 1000))] == widths == [20, 120, 40, 300]


@pytest.mark.parametrize(("said", "kept"), [(109876543210, "109876543210"), (None, "")])
def test_what_is_no_string_is_kept_as_one(said: object, kept: str) -> None:
    assert _words(_said(said)) == [kept] * 4


def test_a_reference_that_is_found_later_can_be_stored_too() -> None:
    assert reference_of(UNSTORABLE + "d" * 200) == "abc" + "d" * 117


def test_a_customers_link_that_a_provider_repeats_is_kept_without_its_signature() -> None:
    """As a relay does that takes it for spam."""
    link = links.preferences_url(7)
    said = _said(f"554 blocked: {link}").detail
    assert said.startswith("554 blocked: ")
    assert said.endswith(".•••/")


def test_an_address_does_not_hide_behind_what_is_left_out() -> None:
    broken = messages.CLEO[:6] + "\x00" + messages.CLEO[6:]
    assert _said(f"no route to {broken}").detail == "no route to (address)"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (30, 30),
        (None, None),
        (-5, 0),
        (365 * DAY, DAY),
        (float("nan"), None),
        (float("inf"), None),
        (float("-inf"), None),
    ],
)
def test_a_wait_is_at_least_nothing_and_at_most_a_day(said: float | None, kept: float | None) -> None:
    assert _said(retry_after=said).retry_after == kept
