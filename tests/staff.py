"""Staff at the admin: signed-in clients, addresses by name, and how many queries a page takes."""

from __future__ import annotations

from html import unescape

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import people

NOBODY = 2**40
"""A number that no row of any table has: numbers go on after a test, and so reach any small one."""


def signed_in(name: str, *, checks_forgery: bool = False) -> Client:
    """A browser in which this person is signed in."""
    client = Client(enforce_csrf_checks=checks_forgery)
    client.force_login(people.user(name))
    return client


def reader() -> Client:
    """Somebody of the group Readers."""
    return signed_in("rita")


def address(name: str, *arguments: object) -> str:
    """The address of an admin page, by the part of its name after `admin:`."""
    return reverse(f"admin:{name}", args=arguments)


def words(client: Client, path: str) -> str:
    """What a page says, which must exist."""
    response = client.get(path)
    assert response.status_code == 200, response.status_code
    return unescape(response.content.decode())


def queries(client: Client, path: str) -> int:
    """How many queries a page takes; once before, so that what is cached for all pages does not count."""
    words(client, path)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        words(client, path)
    return len(captured)
