"""What nobody knows is decided by a person, once, and the page says what that means."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from notifications.customers import addresses
from notifications.models import Attempt, Contact, Delivery, State
from tests import people
from tests.staff import address, queries, reader, signed_in, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]

UNKNOWN = "notifications_delivery_unknown"
DECIDE = "notifications_delivery_decide"
DECIDE_ALL = "notifications_delivery_decide_all"
HELD = "held: not known to have arrived; a person decides"


def _doubt(service: str = "online-banking", **options: Any) -> Delivery:
    values: dict[str, Any] = {
        "state": State.UNKNOWN,
        "rank": 1,
        "attempt": 1,
        "reason": HELD,
        "intended_at": people.NOW - timedelta(minutes=20),
    }
    [row] = people.queued(people.notice(people.window(people.service(service))), **(values | options))
    Attempt.objects.create(
        delivery_id=row.pk, number=1, at=people.NOW, outcome="unknown", code="timeout", detail="no answer"
    )
    return row


def _decide(row: Delivery, decision: str, *, name: str = "ada", attempt: int = 1) -> str:
    answer = signed_in(name).post(
        address(DECIDE, row.public_id), {"attempt": attempt, "decision": decision}, follow=True
    )
    row.refresh_from_db()
    assert answer.redirect_chain == [(address(UNKNOWN), 302)]
    return answer.content.decode()


def test_a_doubt_is_shown_with_what_helps_to_decide() -> None:
    row = _doubt()
    page = words(signed_in("ada"), address(UNKNOWN))
    assert 'SMS to <bdi dir="ltr">+44 ••••• 00</bdi>' in page
    assert "+447700900000" not in page
    assert f'Announcement: <a href="{address("maintenance_window_change", row.notice.window_id)}">' in page
    assert "Since <bdi>Mon 2 Mar 2026, 08:40</bdi>" in page
    assert HELD in page
    assert "<bdi>Mon 2 Mar 2026, 09:00</bdi>: <bdi>attempt 1, unknown timeout, no answer</bdi>" in page


def test_only_the_unknown_are_there() -> None:
    _doubt(state=State.SENT)
    assert "Nothing is unknown." in words(signed_in("ada"), address(UNKNOWN))


def test_the_newest_come_first() -> None:
    _doubt("older", intended_at=people.NOW - timedelta(hours=1))
    _doubt("newer")
    assert re.findall("Older|Newer", words(reader(), address(UNKNOWN))) == ["Newer", "Older"]


def test_a_long_list_comes_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifications.admin.unknown._ON_A_PAGE", 1)
    for hours, service in enumerate(("newest", "middle", "oldest")):
        _doubt(service, intended_at=people.NOW - timedelta(hours=hours))
    pages = [words(reader(), f"{address(UNKNOWN)}{asked}") for asked in ("", "?page=2", "?page=99")]
    assert [re.findall("Newest|Middle|Oldest", page) for page in pages] == [
        ["Newest"],
        ["Middle"],
        ["Oldest"],
    ]
    assert [re.findall(r'rel="(next|prev)" href="(\S+)"', page) for page in pages] == [
        [("next", "?page=2")],
        [("prev", "?page=1"), ("next", "?page=3")],
        [("prev", "?page=2")],
    ]
    assert "2 to 2 of 3, the newest first." in pages[1]


def test_the_address_of_today_is_not_taken_for_the_one_it_went_to() -> None:
    row = _doubt()
    new = "+447700900999"
    Contact.objects.filter(customer=row.customer).update(
        address=addresses.seal(new), address_hmac=addresses.fingerprint(new)
    )
    page = words(reader(), address(UNKNOWN))
    assert "an address that has changed since" in page
    assert "99</bdi>" not in page


def test_olga_says_that_it_was_sent() -> None:
    row = _doubt()
    page = _decide(row, "sent", name="olga")
    assert (row.state, row.reason) == (State.SENT, "taken as sent by olga")
    assert "Noted: it was sent." in page
    assert "Nothing is unknown." in page


def test_ada_has_it_sent_again(now: datetime) -> None:
    row = _doubt()
    page = _decide(row, "again")
    assert (row.state, row.not_before, row.reason) == (State.QUEUED, now, "sent again by ada")
    assert "It is in the queue again." in page


def test_what_is_no_longer_true_is_not_promised_to_be_sent() -> None:
    row = _doubt(expires_at=people.NOW)
    assert "Its words are no longer true." in words(signed_in("ada"), address(UNKNOWN))
    assert "it is too late: it expires." in _decide(row, "again")


def test_a_receipt_that_was_quicker_stands() -> None:
    row = _doubt()
    Delivery.objects.filter(pk=row.pk).update(state=State.DELIVERED, rank=4)
    page = _decide(row, "again")
    assert row.state == State.DELIVERED
    assert "Nothing was changed" in page
    assert "The delivery is now: delivered." in page


def test_a_page_that_was_opened_before_the_next_attempt_decides_nothing() -> None:
    row = _doubt()
    Delivery.objects.filter(pk=row.pk).update(attempt=2)
    page = _decide(row, "again", attempt=1)
    assert row.state == State.UNKNOWN
    assert "Nothing was changed" in page


@pytest.mark.parametrize(
    "asked", [{}, {"attempt": 1}, {"attempt": 1, "decision": "burn"}, {"decision": "sent"}]
)
def test_half_a_decision_is_none(asked: dict[str, str | int]) -> None:
    row = _doubt()
    signed_in("ada").post(address(DECIDE, row.public_id), asked)
    row.refresh_from_db()
    assert row.state == State.UNKNOWN


def test_readers_see_the_unknown_and_decide_nothing() -> None:
    row = _doubt()
    asked = {"attempt": 1, "decision": "sent"}
    client = reader()
    assert 'name="decision"' not in words(client, address(UNKNOWN))
    assert client.post(address(DECIDE, row.public_id), asked).status_code == 403
    row.refresh_from_db()
    assert row.state == State.UNKNOWN


def test_a_decision_is_posted_from_the_page_itself() -> None:
    row = _doubt()
    assert 'name="decision"' in words(signed_in("ada"), address(UNKNOWN))
    assert signed_in("ada").get(address(DECIDE, row.public_id)).status_code == 405
    forger = signed_in("ada", checks_forgery=True)
    asked = {"attempt": 1, "decision": "sent"}
    assert forger.post(address(DECIDE, row.public_id), asked).status_code == 403


def test_staff_without_a_group_do_not_see_it() -> None:
    assert signed_in("visitor").get(address(UNKNOWN)).status_code == 403


def test_the_side_bar_leads_to_it() -> None:
    assert f'href="{address(UNKNOWN)}"' in words(reader(), address("index"))


def test_three_doubts_take_the_queries_of_one() -> None:
    _doubt("first")
    client = signed_in("ada")
    one = queries(client, address(UNKNOWN))
    _doubt("second", channel="email")
    _doubt("third")
    assert queries(client, address(UNKNOWN)) == one


def _group(number: int = 3, **options: Any) -> list[Delivery]:
    """So many doubts of one notice."""
    values: dict[str, Any] = {
        "state": State.UNKNOWN,
        "rank": 1,
        "attempt": 1,
        "reason": HELD,
        "intended_at": people.NOW - timedelta(minutes=20),
    }
    return people.queued(people.notice(people.window()), number=number, **(values | options))


def _form(page: str) -> dict[str, str]:
    """What a browser would post of the first group of the page, without its box and its button."""
    return dict(
        re.findall(r'<input type="hidden" name="(notice|channel|until|number)" value="([^"]*)"', page)
    )


def _decide_all(name: str, asked: dict[str, str]) -> str:
    answer = signed_in(name).post(address(DECIDE_ALL), asked, follow=True)
    assert answer.redirect_chain == [(address(UNKNOWN), 302)]
    return answer.content.decode()


@pytest.mark.parametrize(
    ("decision", "state", "said"),
    [
        ("sent", State.SENT, "Noted: sent: 3."),
        ("again", State.QUEUED, "In the queue again, as long as their words are true: 3."),
    ],
)
def test_all_of_a_notice_are_decided_together(decision: str, state: State, said: str) -> None:
    rows, other = _group(), _doubt("another-service")
    page = words(signed_in("ada"), address(UNKNOWN))
    assert "3 SMS of one notice" in page
    assert "Decide on all 3 together" in page
    assert said in _decide_all("ada", _form(page) | {"decision": decision, "sure": "on"})
    for row in [*rows, other]:
        row.refresh_from_db()
    assert [row.state for row in rows] == [state] * 3
    assert other.state == State.UNKNOWN


def test_what_went_out_again_since_the_page_was_opened_is_another_question() -> None:
    first, second, third = _group()
    asked = _form(words(signed_in("ada"), address(UNKNOWN))) | {"decision": "again", "sure": "on"}
    Delivery.objects.filter(pk=first.pk).update(attempt=2, intended_at=people.NOW)
    Delivery.objects.filter(pk=second.pk).update(state=State.DELIVERED, rank=4)
    page = _decide_all("ada", asked)
    assert "In the queue again, as long as their words are true: 1." in page
    assert "Nothing was changed for 2: a receipt, the provider or somebody else was quicker." in page
    for row in (first, second, third):
        row.refresh_from_db()
    assert [row.state for row in (first, second, third)] == [State.UNKNOWN, State.DELIVERED, State.QUEUED]


@pytest.mark.parametrize(
    "changed",
    [
        {"sure": ""},
        {"decision": ""},
        {"decision": "burn"},
        {"until": "soon"},
        {"channel": "pigeon"},
        {"notice": "x"},
    ],
)
def test_half_a_decision_on_all_is_none(changed: dict[str, str]) -> None:
    _group()
    asked = _form(words(signed_in("ada"), address(UNKNOWN))) | {"decision": "sent", "sure": "on"}
    _decide_all("ada", asked | changed)
    assert Delivery.objects.filter(state=State.UNKNOWN).count() == 3


def test_readers_see_the_groups_and_decide_nothing() -> None:
    _group()
    asked = _form(words(signed_in("ada"), address(UNKNOWN))) | {"decision": "sent", "sure": "on"}
    page = words(reader(), address(UNKNOWN))
    assert "3 SMS of one notice" in page
    assert "Decide on all" not in page
    assert reader().post(address(DECIDE_ALL), asked).status_code == 403
    assert signed_in("ada").get(address(DECIDE_ALL)).status_code == 405
    assert signed_in("ada", checks_forgery=True).post(address(DECIDE_ALL), asked).status_code == 403
    assert Delivery.objects.filter(state=State.UNKNOWN).count() == 3


def test_a_single_doubt_makes_no_group() -> None:
    _doubt()
    assert "of one notice" not in words(signed_in("ada"), address(UNKNOWN))


def test_a_group_too_late_says_so() -> None:
    _group(expires_at=people.NOW)
    assert "Their words are no longer true." in words(signed_in("ada"), address(UNKNOWN))


def test_three_groups_take_the_queries_of_one() -> None:
    _group()
    client = signed_in("ada")
    one = queries(client, address(UNKNOWN))
    _group(channel="email")
    _group(30)
    assert queries(client, address(UNKNOWN)) == one
