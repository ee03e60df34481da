"""Nothing in; the invented bank's staff, with passwords that are good for one sign-in, out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.contrib.auth.models import Group, User
from django.utils.crypto import get_random_string

from maintenance.staff import groups
from maintenance.staff.sign_in import one_time

_STAFF: Final = (("ada", groups.CHANGE_MANAGERS), ("ben", groups.APPROVERS), ("olga", groups.READERS))
_PASSWORD_LENGTH: Final = 16
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""None of those that are mistaken for each other; sixteen of them are 79 bits."""


def make_staff(*, now: datetime) -> Sequence[tuple[str, str]]:
    """Make those who are not there yet; pairs of username and one-time password."""
    people = []
    for name, group in _STAFF:
        # an account of that name belongs to somebody, whose password is not ours to change
        if not User.objects.filter(username=name).exists():
            password = _password()
            person = User.objects.create_user(name, password=password, first_name=name.title(), is_staff=True)
            person.groups.add(Group.objects.get(name=group))
            one_time.issue_one_time_password(person, now=now)
            people.append((name, password))
    return people


def reissue(*, now: datetime) -> Sequence[tuple[str, str]]:
    """New passwords for those of them who never signed in, or whose first ones have ended."""
    people = []
    for person in one_time.unused_accounts([name for name, _ in _STAFF], now=now):
        password = _password()
        person.set_password(password)
        person.save(update_fields=["password"])
        one_time.issue_one_time_password(person, now=now)
        people.append((person.username, password))
    return people


def _password() -> str:
    return get_random_string(_PASSWORD_LENGTH, _LETTERS)
