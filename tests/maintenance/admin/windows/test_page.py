"""The page of a window: what everybody sees, and what each person may do to it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine

from maintenance.booking import rechecks, windows
from maintenance.models import Approval, Change, Freeze, Window
from maintenance.proposals import Proposal
from tests import people
from tests.maintenance.rules.asking import freeze
from tests.staff import NOBODY, address, queries, reader, signed_in, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]

LIST = "maintenance_window_changelist"
PAGE = "maintenance_window_change"
ACT = "maintenance_window_act"
MOVE = "maintenance_window_move"
DECIDE = "maintenance_window_decide"

APPROVE = {"verdict": "approve", "revision": "1"}


def _status(window: Window) -> str:
    return str(Window.objects.get(pk=window.pk).status)


def _moved(window: Window, by: int = 1) -> dict[str, object]:
    return {
        "starts_at": (window.starts_at + timedelta(days=by)).isoformat(),
        "ends_at": (window.ends_at + timedelta(days=by)).isoformat(),
        "reason": "The vendor is late",
    }


def test_readers_see_everything_and_can_press_nothing() -> None:
    window = people.window()
    page = words(reader(), address(PAGE, window.pk))
    assert "Database upgrade" in page
    assert "Booked</strong> by Ada" in page
    assert address(MOVE, window.pk) not in page
    assert address(ACT, window.pk, "cancel") not in page
    assert address(DECIDE, window.pk) not in page


@pytest.mark.parametrize("name", ["cancel", "start", "finish"])
def test_readers_can_do_nothing_to_a_window(name: str) -> None:
    window = people.window(status=Window.Status.APPROVED)
    client = reader()
    assert client.get(address(ACT, window.pk, name)).status_code == 403
    assert client.post(address(ACT, window.pk, name), {"reason": "Because"}).status_code == 403
    assert client.post(address(MOVE, window.pk), _moved(window)).status_code == 403
    assert client.post(address(DECIDE, window.pk), APPROVE).status_code == 403
    assert _status(window) == Window.Status.APPROVED


def test_strangers_are_sent_to_sign_in() -> None:
    window = people.window()
    client = reader()
    client.logout()
    assert client.get(address(PAGE, window.pk)).status_code == 302
    assert client.post(address(ACT, window.pk, "cancel"), {"reason": "Because"}).status_code == 302
    assert _status(window) == Window.Status.BOOKED


def test_an_act_without_the_pages_token_is_refused() -> None:
    window = people.window()
    ada = signed_in("ada", checks_forgery=True)
    assert ada.post(address(ACT, window.pk, "cancel"), {"reason": "Because"}).status_code == 403


def test_nobody_edits_a_windows_fields() -> None:
    window = people.window()
    olga = signed_in("olga")
    assert olga.post(address(PAGE, window.pk), {"purpose": "Another"}).status_code == 405
    assert olga.get(address("maintenance_window_delete", window.pk)).status_code == 403
    assert olga.get(address("maintenance_window_add")).status_code == 403


def test_cancelling_asks_for_a_reason_first() -> None:
    window = people.window()
    ada = signed_in("ada")
    assert "Give a reason." in ada.post(address(ACT, window.pk, "cancel"), {}).content.decode()
    ada.post(address(ACT, window.pk, "cancel"), {"reason": "The patch was recalled"})
    assert _status(window) == Window.Status.CANCELLED
    assert "“The patch was recalled”" in words(ada, address(PAGE, window.pk))


def test_a_page_that_asks_does_nothing_yet() -> None:
    window = people.window()
    words(signed_in("ada"), address(ACT, window.pk, "cancel"))
    assert _status(window) == Window.Status.BOOKED


def test_start_is_offered_only_when_its_time_has_come(now: datetime) -> None:
    window = people.window(status=Window.Status.APPROVED)
    ada = signed_in("ada")
    button = address(ACT, window.pk, "start")
    assert button not in words(ada, address(PAGE, window.pk))
    with time_machine.travel(window.starts_at + timedelta(minutes=1), tick=False):
        page = words(ada, address(PAGE, window.pk))
        assert button in page
        assert "It should have started 1 min ago" in page
    with time_machine.travel(window.starts_at + timedelta(seconds=20), tick=False):
        assert "It should have started just now. Start it" in words(ada, address(PAGE, window.pk))
    with time_machine.travel(window.starts_at + timedelta(minutes=1), tick=False):
        ada.post(button)
    assert _status(window) == Window.Status.STARTED


def test_a_window_is_over_when_ada_confirms_it(now: datetime) -> None:
    window = people.window(status=Window.Status.STARTED)
    Window.objects.update(started_at=window.starts_at)
    with time_machine.travel(window.ends_at + timedelta(minutes=20), tick=False):
        ada = signed_in("ada")
        assert "Its planned end was 20 min ago" in words(ada, address(PAGE, window.pk))
        ada.post(address(ACT, window.pk, "finish"))
    assert _status(window) == Window.Status.FINISHED


def test_what_the_domain_refuses_is_said_and_not_done(now: datetime) -> None:
    window = people.window(status=Window.Status.APPROVED)
    response = signed_in("ada").post(address(ACT, window.pk, "start"))
    assert "Customers were told that it begins on" in response.content.decode()
    assert _status(window) == Window.Status.APPROVED


def test_moving_needs_both_approvals_anew() -> None:
    window = people.window()
    people.approve(window)
    Window.objects.update(status=Window.Status.APPROVED)
    ada = signed_in("ada")
    ada.post(address(MOVE, window.pk), _moved(window))
    moved = Window.objects.get()
    assert (moved.revision, moved.status) == (2, Window.Status.BOOKED)
    assert words(ada, address(PAGE, window.pk)).count(">Waiting<") == 2


def test_a_move_into_the_promised_notice_lists_what_stands_against_it() -> None:
    window = people.window()
    response = signed_in("ada").post(address(MOVE, window.pk), _moved(window, by=-11))
    assert "at least 5 days of notice" in response.content.decode()
    assert "It cannot wait?" in response.content.decode()
    assert Window.objects.get().revision == 1


def test_a_chosen_slot_comes_with_the_address() -> None:
    window = people.window()
    chosen = "?starts_at=2026-03-22T02:00:00%2B00:00&ends_at=2026-03-22T04:00:00%2B00:00"
    page = words(signed_in("ada"), address(MOVE, window.pk) + chosen)
    assert "Sun 22 Mar 2026, 02:00" in page
    assert 'value="2026-03-22T02:00:00+00:00"' in page


@pytest.mark.parametrize("given", ["2026-03-22", "2026-99-99T02:00:00Z", "2026-03-22T02:00"])
def test_an_address_with_a_broken_time_is_answered_with_how_to_write_it(given: str) -> None:
    window = people.window()
    answer = signed_in("ada").get(f"{address(MOVE, window.pk)}?starts_at={given}&ends_at={given}")
    assert answer.status_code == 400
    assert "starts_at must be a time with its zone, like 2026-11-29T02:00Z." in answer.content.decode()


def test_ben_approves_the_change() -> None:
    window = people.window()
    ben = signed_in("ben")
    ben.post(address(DECIDE, window.pk), APPROVE)
    assert window.approvals.get().approver == people.user("ben")
    assert "By <strong>Ben</strong>" in words(ben, address(PAGE, window.pk))


def test_the_booker_sees_why_she_cannot_approve() -> None:
    window = people.window(booker="bea")
    bea = signed_in("bea")
    assert "somebody else must approve it (four eyes)" in words(bea, address(PAGE, window.pk))
    bea.post(address(DECIDE, window.pk), APPROVE)
    assert not window.approvals.exists()


def test_a_window_that_was_moved_meanwhile_must_be_looked_at_again(now: datetime) -> None:
    window = people.window()
    ben = signed_in("ben")
    later = timedelta(days=1)
    windows.reschedule(
        window,
        Proposal(window.starts_at + later, window.ends_at + later),
        reason="Late",
        by=people.user("ada"),
        now=now,
    )
    response = ben.post(address(DECIDE, window.pk), APPROVE, follow=True)
    assert "moved meanwhile: look again" in response.content.decode()
    assert not window.approvals.exists()


def test_a_rejection_says_why() -> None:
    window = people.window()
    ben = signed_in("ben")
    rejection = {"verdict": "reject", "revision": "1"}
    response = ben.post(address(DECIDE, window.pk), rejection, follow=True)
    assert "Say why you reject it." in response.content.decode()
    ben.post(address(DECIDE, window.pk), {**rejection, "reason": "Payday"})
    assert window.approvals.get().reason == "Payday"
    assert _status(window) == Window.Status.REJECTED


def test_a_decision_is_never_taken_by_a_link() -> None:
    window = people.window()
    assert signed_in("ben").get(address(DECIDE, window.pk), APPROVE).status_code == 405


def test_only_who_answers_for_an_emergency_is_asked() -> None:
    window = people.window()
    Window.objects.update(emergency_reason="A dying disk", emergency_approver=people.user("bea"))
    assert "only Bea, who answers for it" in words(signed_in("ben"), address(PAGE, window.pk))


def test_the_trail_shows_before_and_after() -> None:
    window = people.window()
    ada = signed_in("ada")
    ada.post(address(MOVE, window.pk), _moved(window))
    page = words(ada, address(PAGE, window.pk))
    assert "<del>Mon 16 Mar 2026, 02:00\xa0–\u2060\xa004:00\xa0GMT</del>" in page
    assert "<ins>Tue 17 Mar 2026, 02:00\xa0–\u2060\xa004:00\xa0GMT</ins>" in page
    assert "“The vendor is late”" in page


def test_a_missing_window_is_not_found() -> None:
    assert signed_in("ada").get(address(PAGE, NOBODY)).status_code == 404
    assert signed_in("ada").get(address(ACT, 404, "cancel")).status_code == 404


def test_an_unknown_act_is_not_found() -> None:
    window = people.window()
    assert signed_in("ada").get(address(ACT, window.pk, "explode")).status_code == 404


def test_a_list_of_three_windows_takes_the_queries_of_one() -> None:
    people.window()
    ada = signed_in("ada")
    one = queries(ada, address(LIST))
    for day in (1, 2):
        people.window(people.service(f"service-{day}"), starts_at=people.NOW + timedelta(days=20 + day))
    assert queries(ada, address(LIST)) == one


@pytest.mark.parametrize("model", ["change", "approval"])
def test_the_trail_can_be_read_and_never_edited(model: str) -> None:
    window = people.window()
    people.approve(window)
    row = (Change if model == "change" else Approval).objects.first()
    assert row is not None
    olga = signed_in("olga")
    page = address(f"maintenance_{model}_change", row.pk)
    assert olga.get(page).status_code == 200
    assert olga.post(page, {"reason": "Other"}).status_code == 403
    assert olga.post(address(f"maintenance_{model}_delete", row.pk), {"post": "yes"}).status_code == 403
    assert olga.get(address(f"maintenance_{model}_add")).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
    olga.post(address(f"maintenance_{model}_changelist"), chosen)
    assert type(row).objects.filter(pk=row.pk).exists()


# --- what has come to stand against it ---


def _hit(now: datetime) -> Window:
    window = people.window()
    freeze(starts_at=window.starts_at, ends_at=window.ends_at)
    rechecks.recheck_windows(now)
    return window


def test_a_conflict_stands_at_the_head_of_the_page_with_the_ways_out(now: datetime) -> None:
    window = _hit(now)
    page = words(signed_in("ada"), address(PAGE, window.pk))
    assert "Since it was booked, this has come to stand against it:" in page
    assert ">Hard</span> The freeze “Election” holds" in page
    assert "keep its time and answer for it" in page


def test_readers_are_told_of_a_conflict_without_a_way_out(now: datetime) -> None:
    page = words(reader(), address(PAGE, _hit(now).pk))
    assert "The freeze “Election” holds" in page
    assert "answer for it" not in page


def test_a_conflict_that_is_gone_is_not_shown(now: datetime) -> None:
    window = _hit(now)
    Freeze.objects.all().delete()
    rechecks.recheck_windows(now)
    assert "has come to stand against it" not in words(reader(), address(PAGE, window.pk))


def test_the_list_names_the_windows_in_conflict_and_finds_them(now: datetime) -> None:
    window, free = _hit(now), people.window(people.service("cards"), starts_at=now + timedelta(days=20))
    page = words(reader(), address(LIST))
    assert "Conflict" in page
    assert address(PAGE, free.pk) in page
    found = words(reader(), address(LIST) + "?conflict=open")
    assert address(PAGE, window.pk) in found
    assert address(PAGE, free.pk) not in found


def test_the_change_is_not_approved_while_a_freeze_stands_against_it(now: datetime) -> None:
    window = _hit(now)
    ben = signed_in("ben")
    page = words(ben, address(PAGE, window.pk))
    assert "Approve the change" not in page
    assert "Reject the change" in page
    ben.post(address(DECIDE, window.pk), APPROVE)
    assert not window.approvals.exists()
    assert "It must be moved, or passed over as an emergency" in words(ben, address(PAGE, window.pk))


def test_a_cancelled_window_takes_its_conflicts_with_it(now: datetime) -> None:
    window = _hit(now)
    signed_in("ada").post(address(ACT, window.pk, "cancel"), {"reason": "The election"})
    assert not window.conflicts.filter(gone_at=None).exists()


def test_a_rejected_window_stands_against_no_other(now: datetime) -> None:
    first, second = people.window(), people.window(booker="bea")
    rechecks.recheck_windows(now)
    assert set(rechecks.open_conflicts().values_list("window", flat=True)) == {first.pk, second.pk}
    signed_in("ben").post(
        address(DECIDE, first.pk), {"verdict": "reject", "revision": "1", "reason": "The other is first"}
    )
    assert not rechecks.open_conflicts().exists()
