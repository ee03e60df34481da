"""A printed password opens one page, the one on which it is replaced, and for a day only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.hashers import identify_hasher
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from maintenance.models import OneTimePassword, SignIn
from maintenance.staff.sign_in import one_time
from maintenance.staff.sign_in.hashing import OneAtATimeHasher
from tests import people
from tests.maintenance.staff.sign_in.browser import HERE, said, sign_in
from tests.staff import address, signed_in, words

pytestmark = pytest.mark.django_db

PRINTED = "printed-on-paper-91"
OWN = "my-own-long-secret-7"


@pytest.fixture
def newcomer() -> User:
    """Ada, on her first day."""
    ada = people.user("ada")
    ada.set_password(PRINTED)
    ada.save()
    one_time.issue_one_time_password(ada, now=timezone.now())
    return ada


def _signed_in(password: str) -> Client:
    client = Client()
    assert client.login(username="ada", password=password)
    return client


def _change(client: Client, old: str, new: str) -> int:
    given = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post(address("password_change"), given).status_code


@pytest.mark.usefixtures("newcomer")
@pytest.mark.parametrize("name", ["index", "maintenance_window_changelist", "maintenance_window_slots"])
def test_every_page_leads_to_the_change_of_the_password(name: str) -> None:
    response = _signed_in(PRINTED).get(address(name))
    assert (response.status_code, response.headers["Location"]) == (302, address("password_change"))


@pytest.mark.usefixtures("newcomer")
def test_nothing_can_be_posted_either() -> None:
    window = people.window()
    client = _signed_in(PRINTED)
    client.post(address("maintenance_window_act", window.pk, "cancel"), {"reason": "Because"})
    window.refresh_from_db()
    assert window.status == window.Status.BOOKED


def test_a_password_of_ones_own_opens_all_pages(newcomer: User) -> None:
    assert _change(_signed_in(PRINTED), PRINTED, OWN) == 302
    newcomer.refresh_from_db()
    assert not one_time.one_time_password(newcomer)
    words(_signed_in(OWN), address("index"))


def test_the_printed_password_cannot_be_kept(newcomer: User) -> None:
    client = _signed_in(PRINTED)
    assert _change(client, PRINTED, PRINTED) == 200
    newcomer.refresh_from_db()
    assert one_time.one_time_password(newcomer)


def test_a_mistake_in_the_old_password_changes_nothing(newcomer: User) -> None:
    assert _change(_signed_in(PRINTED), "wrong", OWN) == 200
    newcomer.refresh_from_db()
    assert one_time.one_time_password(newcomer)


@pytest.mark.usefixtures("newcomer")
def test_signing_out_is_always_possible() -> None:
    client = _signed_in(PRINTED)
    assert client.post(address("logout")).status_code == 200


@pytest.mark.usefixtures("newcomer")
def test_public_pages_do_not_care() -> None:
    assert _signed_in(PRINTED).get("/healthz").status_code == 200


def test_after_23_hours_it_signs_in(clock: time_machine.Traveller, newcomer: User) -> None:
    clock.shift(timedelta(hours=23))
    response = sign_in(password=PRINTED)
    assert (response.status_code, response.headers["Location"]) == (302, "/admin/")


def test_after_25_hours_it_no_longer_does(clock: time_machine.Traveller, newcomer: User) -> None:
    clock.shift(timedelta(hours=25))
    response = sign_in(password=PRINTED)
    assert response.status_code == 403
    assert "This one-time password was good for 24 hours and has ended." in said(response)
    assert "manage.py changepassword ada" in said(response)


def test_that_it_has_ended_is_recorded(
    clock: time_machine.Traveller, newcomer: User, caplog: pytest.LogCaptureFixture
) -> None:
    clock.shift(timedelta(hours=25))
    sign_in(password=PRINTED)
    assert [(row.account, row.address, row.outcome) for row in SignIn.objects.all()] == [
        ("ada", HERE, "ended")
    ]
    assert "the one-time password has ended" in caplog.text
    assert PRINTED not in caplog.text


def test_only_who_knows_it_learns_that_it_has_ended(clock: time_machine.Traveller, newcomer: User) -> None:
    clock.shift(timedelta(hours=25))
    response = sign_in(password="a-guess")
    assert (response.status_code, "one-time" in said(response)) == (200, False)


def test_whoever_is_signed_in_with_it_is_signed_out_when_it_ends(
    clock: time_machine.Traveller, newcomer: User
) -> None:
    client = _signed_in(PRINTED)
    clock.shift(timedelta(hours=25))
    assert _change(client, PRINTED, OWN) == 302
    newcomer.refresh_from_db()
    assert newcomer.check_password(PRINTED)


def test_changepassword_helps_after_it_has_ended(
    clock: time_machine.Traveller, newcomer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.shift(timedelta(hours=25))
    monkeypatch.setattr("getpass.getpass", lambda prompt="": OWN)
    call_command("changepassword", "ada", verbosity=0)
    assert sign_in(password=OWN).status_code == 302


def test_a_hash_that_is_made_anew_leaves_it_a_one_time_password(
    newcomer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As at the first sign-in under a Django that counts more iterations."""
    monkeypatch.setattr(OneAtATimeHasher, "iterations", 2000)
    sign_in(password=PRINTED)
    newcomer.refresh_from_db()
    assert identify_hasher(newcomer.password).decode(newcomer.password)["iterations"] == 2000
    assert one_time.one_time_password(newcomer)


def _account(**more: Any) -> dict[str, Any]:
    return {"username": "dora", "usable_password": "true", "password1": PRINTED, "password2": PRINTED, **more}


def test_what_is_typed_for_a_new_account_is_a_one_time_password() -> None:
    assert signed_in("olga").post(address("auth_user_add"), _account()).status_code == 302
    assert one_time.one_time_password(User.objects.get(username="dora"))


def test_what_is_typed_for_somebody_else_is_a_one_time_password() -> None:
    ada = people.user("ada")
    given = {"usable_password": "true", "password1": PRINTED, "password2": PRINTED}
    assert signed_in("olga").post(address("auth_user_password_change", ada.pk), given).status_code == 302
    ada.refresh_from_db()
    assert one_time.one_time_password(ada)


def test_a_password_of_ones_own_is_none() -> None:
    olga = people.user("olga")
    given = {"usable_password": "true", "password1": OWN, "password2": OWN}
    assert signed_in("olga").post(address("auth_user_password_change", olga.pk), given).status_code == 302
    olga.refresh_from_db()
    assert not one_time.one_time_password(olga)


@pytest.mark.django_db(transaction=True)
def test_whoever_had_one_before_the_update_has_a_day_from_it(newcomer: User) -> None:
    """Since when was not known; and the way back is open."""
    call_command("migrate", "maintenance", "0003", verbosity=0)
    group = Group.objects.get(name="One-time password")
    assert list(group.user_set.all()) == [newcomer]
    before = timezone.now()
    call_command("migrate", verbosity=0)
    assert OneTimePassword.objects.get().set_at >= before
    assert one_time.one_time_password(newcomer)
    assert not Group.objects.filter(name="One-time password").exists()
