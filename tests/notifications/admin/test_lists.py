"""Deliveries, receipts and suppressions are read, never edited; lists are never counted."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from notifications.models import Attempt, Receipt, State, Suppression
from tests import people
from tests.staff import address, queries, reader, signed_in, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]

DELIVERIES = "notifications_delivery_changelist"


def _receipt(key: str = "event-1") -> Receipt:
    return Receipt.objects.create(
        provider="twilio",
        event_key=key,
        delivery_public_id=uuid4(),
        attempt=1,
        state=State.DELIVERED,
        received_at=people.NOW,
    )


def _suppression(number: int = 1) -> Suppression:
    people.opt_out(f"+44770090000{number}", "sms")
    return Suppression.objects.latest("pk")


@pytest.mark.parametrize("model", ["delivery", "receipt", "suppression"])
def test_nobody_edits_or_deletes_what_happened(model: str) -> None:
    [delivery] = people.queued(people.notice(people.window()))
    row = {"delivery": delivery, "receipt": _receipt(), "suppression": _suppression()}[model]
    olga = signed_in("olga")
    page = address(f"notifications_{model}_change", row.pk)
    assert olga.get(page).status_code == 200
    assert olga.post(page, {"state": "6"}).status_code == 403
    assert olga.post(address(f"notifications_{model}_delete", row.pk), {"post": "yes"}).status_code == 403
    assert olga.get(address(f"notifications_{model}_add")).status_code == 403


@pytest.mark.parametrize("model", ["delivery", "receipt", "suppression"])
def test_lists_of_three_take_the_queries_of_one(model: str) -> None:
    notice = people.notice(people.window())

    def fill(number: int) -> None:
        people.queued(notice)
        _receipt(f"event-{number}")
        _suppression(number)

    fill(1)
    page, client = address(f"notifications_{model}_changelist"), reader()
    one = queries(client, page)
    fill(2)
    fill(3)
    assert queries(client, page) == one


def test_deliveries_are_narrowed_to_a_state() -> None:
    notice = people.notice(people.window())
    [failed] = people.queued(notice, state=State.FAILED)
    [sent] = people.queued(notice, state=State.SENT)
    page = words(reader(), f"{address(DELIVERIES)}?state__exact={State.FAILED:d}")
    assert str(failed.public_id)[:8] in page
    assert str(sent.public_id)[:8] not in page


def test_deliveries_are_narrowed_to_a_notice() -> None:
    notice = people.notice(people.window())
    [row] = people.queued(notice)
    client = reader()
    assert str(row.public_id)[:8] in words(client, f"{address(DELIVERIES)}?notice__id__exact={notice.pk}")
    assert str(row.public_id)[:8] not in words(client, f"{address(DELIVERIES)}?notice__id__exact=0")


def test_a_delivery_is_found_by_its_whole_id() -> None:
    first, second = people.queued(people.notice(people.window()), number=2)
    page = words(reader(), f"{address(DELIVERIES)}?q={first.public_id}")
    assert str(first.public_id)[:8] in page
    assert str(second.public_id)[:8] not in page


def test_deliveries_that_were_made_in_the_same_moment_are_told_apart() -> None:
    rows = people.queued(people.notice(people.window()), number=2)
    for number, row in enumerate(rows):
        row.public_id = UUID(f"01a2024c-abfe-7d5d-ae24-cd560{number}fa9e6{number}")
        row.save()
    page = words(reader(), address(DELIVERIES))
    assert [f"0{number}fa9e6{number}" in page for number in range(2)] == [True, True]


def test_a_search_for_something_else_is_not_a_fault_of_the_server() -> None:
    people.queued(people.notice(people.window()))
    words(reader(), f"{address(DELIVERIES)}?q=cleo")


def test_the_page_of_a_delivery_tells_of_every_try() -> None:
    [row] = people.queued(people.notice(people.window()), state=State.UNKNOWN)
    Attempt.objects.create(delivery_id=row.pk, number=1, at=people.NOW, outcome="unknown", detail="time out")
    assert "1: unknown" in words(reader(), address("notifications_delivery_change", row.pk))


def test_a_customers_addresses_are_masked_and_opt_outs_named() -> None:
    dan = people.customer("dan", phone="+447700900002", email="dan@example.com")
    people.opt_out("+447700900002", "sms")
    page = words(reader(), address("maintenance_customer_change", dan.pk))
    assert "SMS: +44 ••••• 02 (opted out: not used)" in page
    assert "Email: d•••••@example.com" in page
    assert "+447700900002" not in page
