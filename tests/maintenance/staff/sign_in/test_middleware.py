"""A sign-in takes its turn once it has arrived: who sends it slowly keeps nobody else waiting."""

from __future__ import annotations

import io
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from django.http import UnreadablePostError
from django.test import Client

from maintenance.staff.sign_in import middleware
from maintenance.staff.sign_in.hashing import Turns
from tests.maintenance.staff.sign_in.browser import PASSWORD, member
from tests.staff import address

pytestmark = pytest.mark.django_db


class _Arriving(io.BytesIO):
    """A body that does something whenever more of it is read."""

    def __init__(self, body: bytes, meanwhile: Callable[[], None]) -> None:
        super().__init__(body)
        self._meanwhile = meanwhile

    def read(self, size: int | None = -1, /) -> bytes:
        self._meanwhile()
        return super().read(size)


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Turns:
    """One, as a process has by default."""
    turns = Turns(1)
    monkeypatch.setattr(middleware, "_TURNS", turns)
    return turns


def _post(meanwhile: Callable[[], None], body: bytes, length: object = None) -> int:
    environ = {
        "wsgi.input": _Arriving(body, meanwhile),
        "CONTENT_LENGTH": str(len(body) if length is None else length),
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
    }
    return Client().post(address("login"), **environ).status_code  # type: ignore[arg-type]


def test_while_a_form_arrives_another_sign_in_has_the_turn(turns: Turns) -> None:
    member()
    taken = []

    def another() -> None:
        with turns.turn(seconds=0, waiting=0):  # HashingBusy where this one holds it
            taken.append(True)

    body = urlencode({"username": "ada", "password": PASSWORD}).encode()
    assert _post(another, body) == 302
    assert taken


@pytest.mark.parametrize("length", [64 * 1024 + 1, 10**17, 10**30, "much"])
def test_what_is_no_form_of_two_fields_is_not_read(length: object) -> None:
    read = []
    assert _post(lambda: read.append(True), b"username=ada", length) == 413
    assert read == []


def test_who_leaves_while_sending_is_no_fault_of_ours(turns: Turns) -> None:
    def leave() -> None:
        raise UnreadablePostError

    assert _post(leave, b"username=ada") == 400
    with turns.turn(seconds=0, waiting=0):
        pass
