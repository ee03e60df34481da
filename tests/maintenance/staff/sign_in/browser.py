"""Sign-in pages as browsers use them, from addresses of their own."""

from __future__ import annotations

from html import unescape
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from tests import people
from tests.staff import address

PASSWORD = "a-long-secret-of-hers"
WRONG = "not-her-password"
HERE = "192.0.2.1"
ELSEWHERE = "198.51.100.7"


def member(name: str = "ada", password: str = PASSWORD) -> User:
    """Somebody of the staff, with a password."""
    person = people.user(name)
    person.set_password(password)
    person.save()
    return person


def sign_in(
    name: str = "ada", password: str = PASSWORD, *, client: Client | None = None, at: str = HERE, **more: Any
) -> HttpResponse:
    """What the sign-in page answers; in a browser that was never here before, unless one is given."""
    client = client or Client()
    given = {"username": name, "password": password}
    return client.post(address("login"), given, REMOTE_ADDR=at, **more)  # type: ignore[return-value]


def guess(
    times: int, name: str = "ada", *, client: Client | None = None, at: str = HERE, **more: Any
) -> list[int]:
    """So many wrong passwords, and the statuses of the answers."""
    return [sign_in(name, WRONG, client=client, at=at, **more).status_code for _ in range(times)]


def said(response: Any) -> str:
    """The words of a page."""
    return " ".join(unescape(response.content.decode()).split())
