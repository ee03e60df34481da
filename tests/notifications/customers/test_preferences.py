"""What a customer allows, and what no longer goes out when they do not."""

from __future__ import annotations

from datetime import datetime

import pytest
from pytest_django.fixtures import Settings

from maintenance.models import Customer
from notifications import links
from notifications.customers import addresses, preferences
from notifications.delivery import suppression
from notifications.models import Delivery, Notice, State, Suppression
from tests import people

pytestmark = pytest.mark.django_db
PHONE, MAIL = "+447700900123", "cleo@example.org"


@pytest.fixture
def cleo() -> Customer:
    return people.customer(phone=PHONE, email=MAIL, uses=[people.service()])


def on(customer: Customer) -> dict[str, bool]:
    return {preference.channel: preference.on for preference in preferences.preferences_of(customer)}


def waiting(customer: Customer, address: str, channel: str, state: State = State.QUEUED) -> Delivery:
    """A delivery of a notice under way to this customer."""
    notice = Notice.objects.first() or people.notice(people.window(), status=Notice.Status.PREPARED)
    return Delivery.objects.create(
        notice=notice,
        customer=customer,
        channel=channel,
        language="en",
        address_hmac=addresses.fingerprint(address),
        not_before=people.NOW,
        expires_at=notice.true_until,
        state=state,
    )


def state_of(delivery: Delivery) -> State:
    delivery.refresh_from_db()
    return State(delivery.state)


def test_a_customer_hears_by_every_address_the_bank_has(cleo: Customer) -> None:
    assert on(cleo) == {"sms": True, "email": True}


def test_the_addresses_are_shown_only_in_part(cleo: Customer) -> None:
    assert [shown.masked for shown in preferences.preferences_of(cleo)] == ["••• 123", "c•••@example.org"]


@pytest.mark.parametrize(("address", "masked"), [("ab@example.org", "•••@example.org"), ("12345", "•••")])
def test_a_short_address_is_not_given_away(address: str, masked: str) -> None:
    person = people.customer(email=address)
    assert preferences.preferences_of(person)[0].masked == masked


def test_an_address_sealed_with_another_key_can_still_be_switched(cleo: Customer, settings: Settings) -> None:
    cleo.contacts.filter(channel="sms").update(address=b"\x01" + bytes(40))
    assert [shown.masked for shown in preferences.preferences_of(cleo)] == ["•••", "c•••@example.org"]


def test_a_channel_that_the_bank_does_not_use_is_not_offered(cleo: Customer, settings: Settings) -> None:
    settings.CHANNELS = ["email", "inapp"]
    assert on(cleo) == {"email": True}


def test_refusing_one_channel_leaves_the_other(cleo: Customer, now: datetime) -> None:
    suppression.refuse(cleo, "sms", now=now)
    assert on(cleo) == {"sms": False, "email": True}


def test_refusing_twice_changes_nothing(cleo: Customer, now: datetime) -> None:
    suppression.refuse(cleo, "sms", now=now)
    suppression.refuse(cleo, "sms", now=now)
    assert Suppression.objects.count() == 1


def test_what_was_refused_can_be_allowed_again(cleo: Customer, now: datetime) -> None:
    suppression.refuse(cleo, "sms", now=now)
    suppression.allow(cleo, "sms", now=now)
    assert on(cleo) == {"sms": True, "email": True}


@pytest.mark.parametrize("reason", [Suppression.Reason.BOUNCE, Suppression.Reason.COMPLAINT])
def test_a_customer_cannot_open_an_address_that_bounced_or_complained(
    cleo: Customer, now: datetime, reason: Suppression.Reason
) -> None:
    Suppression.objects.create(
        channel="email", address_hmac=addresses.fingerprint(MAIL), reason=reason, since=now
    )
    suppression.refuse(cleo, "email", now=now)
    suppression.allow(cleo, "email", now=now)
    shown = {preference.channel: preference for preference in preferences.preferences_of(cleo)}["email"]
    assert (shown.on, shown.theirs, shown.stopped) == (False, False, reason)


def test_a_customer_without_an_address_has_nothing_to_refuse(now: datetime) -> None:
    suppression.refuse(people.customer(), "sms", now=now)
    assert not Suppression.objects.exists()


def test_what_waits_on_that_channel_is_stopped_at_once(cleo: Customer, now: datetime) -> None:
    text, letter = waiting(cleo, PHONE, "sms"), waiting(cleo, MAIL, "email")
    suppression.refuse(cleo, "sms", now=now)
    assert (state_of(text), state_of(letter)) == (State.SUPPRESSED, State.QUEUED)
    assert text.reason == "opt_out"
    assert text.settled_at == now


def test_what_went_out_already_is_not_rewritten(cleo: Customer, now: datetime) -> None:
    sent = waiting(cleo, PHONE, "sms", State.SENT)
    suppression.refuse(cleo, "sms", now=now)
    assert state_of(sent) is State.SENT


def test_the_others_still_hear(cleo: Customer, now: datetime) -> None:
    dan = people.customer("dan", phone="+447700900999")
    others = waiting(dan, "+447700900999", "sms")
    suppression.refuse(cleo, "sms", now=now)
    assert state_of(others) is State.QUEUED


def test_who_shares_the_address_is_stopped_with_it(cleo: Customer, now: datetime) -> None:
    dan = people.customer("dan", phone=PHONE)
    shared = waiting(dan, PHONE, "sms")
    suppression.refuse(cleo, "sms", now=now)
    assert state_of(shared) is State.SUPPRESSED
    assert on(dan) == {"sms": False}


def test_a_mail_program_is_told_where_to_unsubscribe(cleo: Customer, settings: Settings) -> None:
    settings.BASE_URL = "https://status.bank.example"
    headers = preferences.unsubscribe_headers(links.preferences_url(cleo.pk))
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = headers["List-Unsubscribe"].removeprefix("<").removesuffix(">")
    assert address.startswith("https://status.bank.example/preferences/")
    assert links.read_preferences(address.split("/")[-2]) == cleo.pk
