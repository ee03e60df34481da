"""Nothing in; the invented bank's staff, with passwords that are good for one sign-in, out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.contrib.auth.models import Group, User
from django.utils.crypto import get_random_string

from maintenance import groups
from maintenance.signin import ONE_TIME

_STAFF: Final = (("ada", groups.CHANGE_MANAGERS), ("ben", groups.APPROVERS), ("olga", groups.READERS))
_PASSWORD_LENGTH: Final = 16
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""None of those that are mistaken for each other; sixteen of them are 79 bits."""


def make() -> Sequence[tuple[str, str]]:
    """Make those who are not there yet; pairs of username and one-time password."""
    people = []
    one_time, _ = Group.objects.get_or_create(name=ONE_TIME)
    for name, group in _STAFF:
        # an account of that name belongs to somebody, whose password is not ours to change
        if not User.objects.filter(username=name).exists():
            password = _password()
            person = User.objects.create_user(name, password=password, first_name=name.title(), is_staff=True)
            person.groups.add(Group.objects.get(name=group), one_time)
            people.append((name, password))
    return people


def reissue() -> Sequence[tuple[str, str]]:
    """New passwords for those of them who never signed in, as when the first ones were never read."""
    names = [name for name, _ in _STAFF]
    people = []
    for person in User.objects.filter(username__in=names, groups__name=ONE_TIME, last_login=None):
        password = _password()
        person.set_password(password)
        person.save(update_fields=["password"])
        people.append((person.username, password))
    return people


def _password() -> str:
    return get_random_string(_PASSWORD_LENGTH, _LETTERS)
