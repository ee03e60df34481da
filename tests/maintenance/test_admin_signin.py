"""A printed password opens one page: the one on which it is replaced."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from maintenance.signin import ONE_TIME
from tests import people
from tests.staff import address, words

pytestmark = pytest.mark.django_db

PRINTED = "printed-on-paper-91"
OWN = "my-own-long-secret-7"


@pytest.fixture
def newcomer() -> User:
    """Ada, on her first day."""
    ada = people.user("ada")
    ada.set_password(PRINTED)
    ada.save()
    ada.groups.add(Group.objects.create(name=ONE_TIME))
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
    assert not newcomer.groups.filter(name=ONE_TIME).exists()
    words(_signed_in(OWN), address("index"))


def test_the_printed_password_cannot_be_kept(newcomer: User) -> None:
    client = _signed_in(PRINTED)
    assert _change(client, PRINTED, PRINTED) == 200
    assert newcomer.groups.filter(name=ONE_TIME).exists()


def test_a_mistake_in_the_old_password_changes_nothing(newcomer: User) -> None:
    assert _change(_signed_in(PRINTED), "wrong", OWN) == 200
    assert newcomer.groups.filter(name=ONE_TIME).exists()


@pytest.mark.usefixtures("newcomer")
def test_signing_out_is_always_possible() -> None:
    client = _signed_in(PRINTED)
    assert client.post(address("logout")).status_code == 200


@pytest.mark.usefixtures("newcomer")
def test_public_pages_do_not_care() -> None:
    assert _signed_in(PRINTED).get("/healthz").status_code == 200
