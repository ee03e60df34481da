"""What becomes of an act, and what is said of it, when something behind it or in it fails."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.test import Client

from maintenance.admin import rendering
from maintenance.booking.validation import Refused
from maintenance.models import Conflict, Freeze, NoticePolicy, Window
from maintenance.rules import Objection
from tests import people
from tests.maintenance.rules.asking import freeze
from tests.staff import address, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]

NOT_LOOKED_AT = "It is done, but what stands against booked windows could not be looked at again."


@pytest.fixture
def _nothing_is_promised() -> None:
    """A bank without a notice policy, and with a window ahead: nothing can be said against it."""
    people.window(people.service("cards"))
    NoticePolicy.objects.all().delete()


def _answer(client: Client, path: str, given: dict[str, Any]) -> tuple[int, list[str]]:
    response = client.post(path, given)
    stored = response.wsgi_request._messages  # type: ignore[attr-defined]
    return response.status_code, [str(message) for message in stored]


@pytest.mark.usefixtures("_nothing_is_promised")
def test_a_window_is_cancelled_though_the_look_behind_it_fails(caplog: pytest.LogCaptureFixture) -> None:
    window = people.window()
    path = address("maintenance_window_act", window.pk, "cancel")
    status, said = _answer(signed_in("ada"), path, {"reason": "Not needed"})
    window.refresh_from_db()
    assert (status, window.status) == (302, Window.Status.CANCELLED)
    assert said[0] == "Cancelled."
    assert said[1].startswith(NOT_LOOKED_AT)
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.exc_info


@pytest.mark.usefixtures("_nothing_is_promised")
def test_a_window_is_rejected_though_the_look_behind_it_fails() -> None:
    window = people.window()
    path = address("maintenance_window_decide", window.pk)
    given = {"verdict": "reject", "revision": 1, "reason": "Too early"}
    status, said = _answer(signed_in("ben"), path, given)
    window.refresh_from_db()
    assert (status, window.status) == (302, Window.Status.REJECTED)
    assert said[1].startswith(NOT_LOOKED_AT)


@pytest.mark.usefixtures("_nothing_is_promised")
def test_a_freeze_is_stored_though_the_look_behind_it_fails() -> None:
    given = {"name": "March", "starts_at": "2026-03-10T00:00", "ends_at": "2026-04-01T00:00"}
    status, said = _answer(signed_in("ada"), address("maintenance_freeze_add"), given)
    assert (status, Freeze.objects.count()) == (302, 1)
    assert said[1].startswith(NOT_LOOKED_AT)


@pytest.mark.usefixtures("_nothing_is_promised")
def test_a_freeze_is_deleted_though_the_look_behind_it_fails() -> None:
    made = freeze()
    status, said = _answer(signed_in("ada"), address("maintenance_freeze_delete", made.pk), {"post": "yes"})
    assert (status, Freeze.objects.count()) == (302, 0)
    assert said[1].startswith(NOT_LOOKED_AT)


def test_a_second_freeze_over_the_same_window_is_told_as_well() -> None:
    people.window()
    ada = signed_in("ada")
    given = {"name": "March", "starts_at": "2026-03-10T00:00", "ends_at": "2026-04-01T00:00"}
    for name in ("March", "Spring"):
        _, said = _answer(ada, address("maintenance_freeze_add"), {**given, "name": name})
        assert any("1 booked window is now in conflict" in words for words in said)
    assert Conflict.objects.get().words.count("holds from") == 2


def test_a_refusal_is_said_in_its_own_words() -> None:
    def refuse() -> None:
        raise Refused([Objection("state", "It is over: book a new window.")])

    assert rendering.refusal(refuse) == "It is over: book a new window."


def test_a_fault_of_ours_is_logged_and_not_shown_as_a_refusal(caplog: pytest.LogCaptureFixture) -> None:
    assert rendering.refusal(lambda: int("secret")) == rendering.FAILED
    assert "secret" not in rendering.FAILED
    [record] = caplog.records
    assert record.exc_info
    assert record.exc_info[0] is ValueError


def test_what_was_done_says_nothing() -> None:
    assert rendering.refusal(lambda: None) == ""
