"""However many passwords arrive at once, one is hashed, and the other pages go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher, check_password, identify_hasher, make_password
from django.core.management import call_command
from django.test import Client

from maintenance.models import SignInBucket
from maintenance.staff.sign_in import hashing, middleware
from maintenance.staff.sign_in.hashing import HashingBusy, OneAtATimeHasher, Turns
from tests import people
from tests.maintenance.staff.sign_in.browser import PASSWORD, member, said, sign_in
from tests.staff import address, signed_in


class _Crowd:
    """How many hash at this moment, and the most there ever were."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.now = self.most = self.hashed = 0

    def enter(self) -> None:
        with self.lock:
            self.now += 1
            self.hashed += 1
            self.most = max(self.most, self.now)

    def leave(self) -> None:
        with self.lock:
            self.now -= 1


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> _Crowd:
    """Django's own hasher, real and counted."""
    crowd = _Crowd()
    encode = PBKDF2PasswordHasher.encode

    def counted(self: PBKDF2PasswordHasher, password: str, salt: str, iterations: int | None = None) -> str:
        crowd.enter()
        try:
            return encode(self, password, salt, iterations)
        finally:
            crowd.leave()

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", counted)
    monkeypatch.setattr(OneAtATimeHasher, "iterations", 20_000)  # long enough to meet, some 10 ms
    return crowd


def _at_once(number: int, work: Callable[[], object]) -> None:
    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_of_sixteen_threads_one_hashes_at_a_time(crowd: _Crowd) -> None:
    _at_once(16, lambda: make_password(PASSWORD))
    assert (crowd.hashed, crowd.most) == (16, 1)


def test_checking_is_hashing(crowd: _Crowd) -> None:
    kept = make_password(PASSWORD)
    right: list[bool] = []
    _at_once(8, lambda: right.append(check_password(PASSWORD, kept)))
    assert (right, crowd.most) == ([True] * 8, 1)


def test_more_at_once_may_be_allowed(crowd: _Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "_TURNS", Turns(3))
    _at_once(16, lambda: make_password(PASSWORD))
    assert (crowd.hashed, crowd.most <= 3) == (16, True)


def test_a_turn_that_does_not_come_is_not_waited_for_for_ever() -> None:
    turns = Turns(1)
    with turns.turn(seconds=1, waiting=1):
        begun = time.monotonic()
        with pytest.raises(HashingBusy), turns.turn(seconds=0.05, waiting=1):
            pass
        assert time.monotonic() - begun < 5


def test_where_enough_wait_already_nobody_else_does() -> None:
    turns = Turns(1)
    with turns.turn(seconds=1, waiting=0), pytest.raises(HashingBusy), turns.turn(seconds=600, waiting=0):
        pass


def test_an_error_gives_the_turn_back() -> None:
    turns = Turns(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), turns.turn(seconds=0, waiting=0):
            raise ZeroDivisionError
    with turns.turn(seconds=0, waiting=0):
        pass


def test_hashes_of_before_are_read(crowd: _Crowd) -> None:
    """Same name, same form, as Django's own."""
    kept = PBKDF2PasswordHasher().encode(PASSWORD, "salt", 1000)
    assert identify_hasher(kept).__class__ is OneAtATimeHasher
    assert check_password(PASSWORD, kept)


@pytest.fixture
def _all_turns_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "_SECONDS", 0.05)
    monkeypatch.setattr(middleware, "_TURNS", Turns(1))
    assert middleware._TURNS._free.acquire(blocking=False)


@pytest.mark.django_db
@pytest.mark.usefixtures("_all_turns_are_taken")
def test_a_sign_in_that_gets_no_turn_is_asked_to_come_again(crowd: _Crowd) -> None:
    member()
    before = crowd.hashed
    response = sign_in()
    assert (response.status_code, response.headers["Retry-After"], crowd.hashed) == (503, "5", before)
    assert "Try again in a few seconds" in said(response)
    assert not SignInBucket.objects.exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("_all_turns_are_taken")
def test_other_pages_need_no_turn() -> None:
    assert Client().get("/").status_code == 200
    assert Client().get(address("login")).status_code == 200
    assert signed_in("ada").get(address("index")).status_code == 200


@pytest.fixture
def _hashes_do_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else's, in another thread."""
    monkeypatch.setattr(hashing, "_SECONDS", 0.05)
    monkeypatch.setattr(hashing, "_TURNS", Turns(1))
    assert hashing._TURNS._free.acquire(blocking=False)


@pytest.mark.django_db
@pytest.mark.usefixtures("clock")
def test_a_sign_in_whose_password_could_not_be_hashed_costs_no_try(
    request: pytest.FixtureRequest, now: datetime
) -> None:
    member()
    request.getfixturevalue("_hashes_do_not_end")
    assert sign_in().status_code == 503
    assert [bucket.key for bucket in SignInBucket.objects.all() if bucket.full_at > now] == []


@pytest.mark.django_db
def test_a_change_of_password_waits_its_turn_too(request: pytest.FixtureRequest) -> None:
    member()
    client = signed_in("ada")
    request.getfixturevalue("_hashes_do_not_end")
    given = {
        "old_password": PASSWORD,
        "new_password1": "another-secret-5",
        "new_password2": "another-secret-5",
    }
    response = client.post(address("password_change"), given)
    assert response.status_code == 503
    assert "nothing was changed" in said(response)


@pytest.mark.django_db
def test_accounts_are_made_on_the_command_line_as_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", username="root", email="", interactive=False, verbosity=0)
    assert sign_in("root").status_code == 302
    assert not people.user("root").groups.exists()
