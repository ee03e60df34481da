"""Wrong passwords cost tries; whoever has none left is refused unread, told when to come back, and seen."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from maintenance.models import SignIn, SignInBucket
from maintenance.staff.sign_in import throttle
from tests.maintenance.staff.sign_in.browser import (
    ELSEWHERE,
    HERE,
    PASSWORD,
    WRONG,
    guess,
    member,
    said,
    sign_in,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

Outcome = SignIn.Outcome


def _seen(outcome: SignIn.Outcome) -> list[tuple[str, str, int]]:
    rows = SignIn.objects.filter(outcome=outcome).order_by("id")
    return list(rows.values_list("account", "address", "times"))


def test_after_forty_wrong_passwords_the_right_one_is_refused() -> None:
    member()
    assert guess(40) == [200] * 10 + [429] * 30
    response = sign_in()
    assert response.status_code == 429
    assert SESSION_KEY not in response.client.session  # type: ignore[attr-defined]


def test_who_is_refused_is_told_when_to_try_again() -> None:
    """It is nine by London's clock."""
    member()
    guess(10)
    response = sign_in()
    assert "Too many wrong passwords" in said(response)
    assert "Try again in 5 minutes, at 09:05." in said(response)
    assert response.headers["Retry-After"] == "300"


def test_after_the_wait_the_right_password_is_let_in(clock: time_machine.Traveller) -> None:
    member()
    guess(11)
    clock.shift(throttle.REFILL)
    assert sign_in().status_code == 302


def test_after_the_wait_one_more_guess_is_looked_at(clock: time_machine.Traveller) -> None:
    member()
    guess(11)
    clock.shift(throttle.REFILL)
    assert guess(2) == [200, 429]


def test_a_second_refusal_within_a_minute_costs_three_reads() -> None:
    """The write is that of the row for the admin, which the first refusal has just made."""
    member()
    guess(11)
    with CaptureQueriesContext(connection) as captured:
        guess(1)
    assert [query["sql"].split()[0] for query in captured] == ["SELECT"] * 3


def test_what_is_refused_is_not_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    member()
    guess(10)
    hashed: list[str] = []
    encode = PBKDF2PasswordHasher.encode

    def counted(self: PBKDF2PasswordHasher, password: str, salt: str, iterations: int | None = None) -> str:
        hashed.append(password)
        return encode(self, password, salt, iterations)

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", counted)
    guess(1)
    assert (hashed, guess(1, at=ELSEWHERE), hashed) == ([WRONG], [200], [WRONG])


def test_an_account_is_guessed_at_from_many_addresses_only_so_often() -> None:
    member()
    answers = [guess(1, at=f"198.51.100.{number}")[0] for number in range(30)]
    assert answers == [200] * throttle.ACCOUNT_TRIES + [429] * 10


def test_a_name_without_an_account_is_answered_like_one_with_an_account() -> None:
    answers = [guess(1, "nobody", at=f"198.51.100.{number}")[0] for number in range(30)]
    assert answers == [200] * throttle.ACCOUNT_TRIES + [429] * 10


def test_an_address_tries_all_accounts_together_only_so_often() -> None:
    """And is refused for an account that nobody has tried yet."""
    member("ben")
    answers = [guess(1, f"somebody{number}")[0] for number in range(12)]
    assert answers == [200] * throttle.ADDRESS_TRIES + [429] * 2
    assert sign_in("ben").status_code == 429
    assert sign_in("ben", at=ELSEWHERE).status_code == 302


def test_one_address_cannot_use_up_an_account(clock: time_machine.Traveller) -> None:
    """Not in hours either: at any other address Ada is let in."""
    member()
    guess(12)
    for _ in range(24):
        guess(2)
        clock.shift(throttle.REFILL)
    assert sign_in(at=ELSEWHERE).status_code == 302


def test_neighbours_in_one_ipv6_network_share_their_tries() -> None:
    member()
    for number in range(throttle.ADDRESS_TRIES):
        guess(1, f"somebody{number}", at=f"2001:db8:1:2::{number:x}")
    assert sign_in(at="2001:db8:1:2:ffff::1").status_code == 429
    assert sign_in(at="2001:db8:1:3::1").status_code == 302


def test_a_browser_in_which_she_signed_in_is_not_shut_by_guesses_from_elsewhere() -> None:
    """Nor by those of others at her own address."""
    member()
    hers = Client()
    assert sign_in(client=hers).status_code == 302
    guess(15)
    for number in range(30):
        guess(1, at=f"198.51.100.{number}")
    assert sign_in(at="203.0.113.9").status_code == 429
    assert sign_in(client=hers).status_code == 302


def test_in_her_own_browser_guesses_are_counted_too() -> None:
    member()
    hers = Client()
    sign_in(client=hers)
    assert guess(12, client=hers) == [200] * throttle.BROWSER_TRIES + [429] * 2
    assert sign_in(client=hers).status_code == 429


def test_the_browser_of_one_account_has_no_tries_of_its_own_for_another() -> None:
    member()
    member("ben")
    hers = Client()
    sign_in(client=hers)
    guess(throttle.ADDRESS_TRIES)
    assert sign_in("ben", client=hers).status_code == 429


def test_a_cookie_that_was_made_up_makes_no_browser_known() -> None:
    ada = member()
    guess(throttle.ADDRESS_TRIES)
    client = Client()
    client.cookies["lull_browser"] = f"{ada.pk} AAAAAAAAAAAAAAAAAAAAAA:1vYxyz:forged"
    assert sign_in(client=client).status_code == 429


def test_right_passwords_cost_no_tries() -> None:
    member()
    assert {sign_in().status_code for _ in range(25)} == {302}


def test_a_right_password_does_not_bring_back_the_tries_of_wrong_ones() -> None:
    """Or a guesser with an account of his own would reset his address."""
    member()
    guess(throttle.ADDRESS_TRIES - 1)
    sign_in()
    assert guess(2) == [200, 429]


def test_a_password_of_somebody_who_is_not_staff_counts_as_wrong() -> None:
    person = member("cleo")
    person.is_staff = False
    person.save()
    assert sign_in("cleo").status_code == 200
    assert _seen(Outcome.WRONG_PASSWORD) == [("cleo", HERE, 1)]


def test_what_happened_is_kept_for_the_admin(caplog: pytest.LogCaptureFixture) -> None:
    member()
    guess(40)
    sign_in()
    sign_in(at=ELSEWHERE)
    assert _seen(Outcome.WRONG_PASSWORD) == [("ada", HERE, 10)]
    assert _seen(Outcome.THROTTLED) == [("ada", HERE, 1)]
    assert _seen(Outcome.SIGNED_IN) == [("ada", ELSEWHERE, 1)]


def test_what_happened_stands_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    member()
    guess(10)
    sign_in()
    sign_in(at=ELSEWHERE)
    lines = [
        (record.levelname, record.getMessage())
        for record in caplog.records
        if record.name.startswith("maintenance.signin")
    ]
    assert lines == [
        *[("WARNING", f"wrong password for ada from {HERE}")] * 10,
        ("WARNING", f"sign-in of ada from {HERE} refused unread: too many wrong passwords before it"),
        ("INFO", f"ada signed in from {ELSEWHERE}"),
    ]


def test_what_was_typed_is_written_down_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    """People also type passwords where the name belongs."""
    sign_in("correct-horse-battery", WRONG)
    written = [caplog.text, *(str(row) for model in (SignIn, SignInBucket) for row in model.objects.values())]
    assert [text for text in written if WRONG in text or "correct-horse" in text] == []
    assert "an account that does not exist" in caplog.text


def test_invented_names_fill_no_table() -> None:
    for number in range(60):
        guess(1, f"invented-{number}", at=f"198.51.100.{number % 3}")
    assert SignIn.objects.count() <= 2 * 3
    assert SignInBucket.objects.count() <= 3 + 3 * throttle.ADDRESS_TRIES


def test_a_program_signs_in_without_a_request() -> None:
    """As the test client does."""
    member()
    client = Client()
    assert client.login(username="ada", password=PASSWORD)
    assert not client.login(username="ada", password=WRONG)


def test_a_wait_of_seconds_is_a_minute(clock: time_machine.Traveller) -> None:
    member()
    guess(10)
    clock.shift(throttle.REFILL - timedelta(seconds=20))
    assert "Try again in 1 minute, at 09:05." in said(sign_in())


def test_whoever_signs_in_sees_the_first_page() -> None:
    member()
    assert sign_in().headers["Location"] == "/admin/"
