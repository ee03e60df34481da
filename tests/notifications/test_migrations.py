"""What an earlier version has written is understood by the next, and the way back is open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError

from notifications import backlog, progress
from notifications.models import Delivery, State
from tests import people

pytestmark = pytest.mark.django_db(transaction=True)

_CLAIMED = 1


@pytest.fixture
def _claims_were_written_down() -> Iterator[None]:
    _migrate("0003")
    yield
    _migrate("")


def _migrate(name: str) -> None:
    call_command("migrate", "notifications", *filter(None, [name]), verbosity=0)


def _claim_as_before() -> int:
    return Delivery.objects.update(state=_CLAIMED, lease_token=people.TOKEN)


def _counted() -> dict[State, int]:
    always = {"due_after": people.NOW - timedelta(days=99), "now": people.NOW + timedelta(days=99)}
    return {one.state: one.deliveries for one in backlog.counts(**always)}


@pytest.mark.usefixtures("_claims_were_written_down")
def test_what_an_earlier_version_had_claimed_goes_back_to_the_queue() -> None:
    people.queued(people.notice(people.window()), number=3)
    assert _claim_as_before() == 3

    _migrate("")

    rows = Delivery.objects.values_list("state", "lease_token", "lease_until")
    assert set(rows) == {(State.QUEUED, None, None)}


@pytest.mark.usefixtures("_claims_were_written_down")
def test_deliveries_are_counted_as_they_stand_after_claims_ceased_to_be_written_down() -> None:
    people.queued(people.notice(people.window()), number=3)
    _claim_as_before()
    progress.fold()

    _migrate("")
    Delivery.objects.filter(pk=Delivery.objects.earliest("pk").pk).update(state=State.WITHDRAWN)

    assert _counted() == {State.QUEUED: 2, State.WITHDRAWN: 1}


@pytest.mark.postgresql
def test_a_worker_of_an_earlier_version_cannot_claim_what_nobody_would_free() -> None:
    people.queued(people.notice(people.window()))

    with pytest.raises(IntegrityError, match="delivery_lease_while_sending"):
        _claim_as_before()


@pytest.mark.usefixtures("_claims_were_written_down")
def test_the_database_guards_a_lease_before_and_after() -> None:
    people.queued(people.notice(people.window()))
    for name in ("", "0003"):
        _migrate(name)
        with pytest.raises(IntegrityError):
            Delivery.objects.update(state=State.SENDING)
