"""The register of customers is made to say what the bank's rows say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from maintenance import upserts
from maintenance.models import Customer, Use
from notifications.customers import addresses, store
from notifications.customers.store import CustomerRow, Stored
from notifications.models import Contact, Suppression
from tests import people

pytestmark = pytest.mark.django_db

CLEO = CustomerRow(
    external_id="cleo",
    name="Cleo",
    email="cleo@example.com",
    phone="+447700900123",
    language="en",
    time_zone="Europe/London",
    services=("online-banking", "cards"),
    vulnerable=False,
)
DAN = replace(CLEO, external_id="dan", name="دان", email="", phone="", language="ar", vulnerable=True)


@pytest.fixture(autouse=True)
def services() -> None:
    """What Cleo and Dan use."""
    for key in ("online-banking", "cards", "app"):
        people.service(key)


def used(external_id: str = "cleo") -> set[str]:
    """The services of a customer."""
    return set(Use.objects.filter(customer__external_id=external_id).values_list("service__key", flat=True))


def reached(external_id: str = "cleo") -> dict[str, str]:
    """The addresses of a customer by channel."""
    contacts = Contact.objects.filter(customer__external_id=external_id)
    return {contact.channel: addresses.unseal(contact.address) for contact in contacts}


def test_a_new_customer_is_stored_whole() -> None:
    """With their services and addresses."""
    store.store_customers([CLEO])
    own = Customer.objects.values_list("name", "language", "time_zone", "vulnerable", "kind", "demonstration")
    assert own.get() == ("Cleo", "en", "Europe/London", False, "customer", False)
    assert used() == {"online-banking", "cards"}
    assert reached() == {"sms": "+447700900123", "email": "cleo@example.com"}


def test_an_address_has_its_fingerprint_beside_it() -> None:
    """By which opt-outs are found."""
    store.store_customers([CLEO])
    kept = Contact.objects.get(channel="sms")
    assert bytes(kept.address_hmac) == addresses.fingerprint("+447700900123")


def test_an_opt_out_outlives_an_import_in_another_case() -> None:
    """The suppression is found by the fingerprint of the contact."""
    store.store_customers([CLEO])
    people.opt_out(CLEO.email, "email")
    store.store_customers([replace(CLEO, email="Cleo@example.com")])
    kept = Contact.objects.get(channel="email")
    assert Suppression.objects.filter(channel=kept.channel, address_hmac=kept.address_hmac).exists()


def test_the_counts_say_what_happened() -> None:
    """New, updated, as they were, repeated, without an address."""
    first = store.store_customers([CLEO, DAN, CLEO])
    second = store.store_customers([replace(CLEO, name="Cleo Ng"), DAN])
    assert (first, second) == (
        Stored(new=2, repeated=1, without_address=1),
        Stored(updated=1, unchanged=1, without_address=1),
    )


def test_counts_add_up() -> None:
    """Over the chunks of a file."""
    one = Stored(new=1, updated=2, unchanged=3, repeated=4, without_address=5)
    assert one + one == Stored(new=2, updated=4, unchanged=6, repeated=8, without_address=10)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Cleo Ng"},
        {"language": "ar"},
        {"time_zone": "Asia/Riyadh"},
        {"vulnerable": True},
        {"phone": "+447700900124"},
        {"phone": ""},
        {"email": ""},
        {"services": ("app",)},
        {"services": ()},
    ],
)
def test_whatever_changes_is_an_update(changes: dict[str, Any]) -> None:
    """And the same as storing the new row at once."""
    store.store_customers([CLEO])
    row = replace(CLEO, **changes)
    assert store.store_customers([row]).updated == 1
    assert store.store_customers([row]).unchanged == 1


def test_a_changed_address_replaces_the_old_one() -> None:
    """There is one for each channel."""
    store.store_customers([CLEO])
    store.store_customers([replace(CLEO, phone="+447700900124")])
    assert reached() == {"sms": "+447700900124", "email": "cleo@example.com"}


def test_an_address_that_is_gone_is_removed() -> None:
    """Somebody else may have the number now."""
    store.store_customers([CLEO])
    store.store_customers([replace(CLEO, phone="")])
    assert reached() == {"email": "cleo@example.com"}


def test_the_services_are_replaced() -> None:
    """Whoever left a service is not told of it."""
    store.store_customers([CLEO])
    store.store_customers([replace(CLEO, services=("app", "cards"))])
    assert used() == {"app", "cards"}


def test_what_is_the_same_is_not_written_again() -> None:
    """The sealed bytes show it: sealing again would change them."""
    store.store_customers([CLEO, DAN])
    before = [list(model._default_manager.order_by("pk").values()) for model in (Customer, Use, Contact)]
    store.store_customers([CLEO, DAN])
    assert [
        list(model._default_manager.order_by("pk").values()) for model in (Customer, Use, Contact)
    ] == before


def test_of_rows_with_the_same_id_the_last_holds() -> None:
    """Within one call as between two."""
    store.store_customers([CLEO, replace(CLEO, name="Cleo Ng", phone="", services=())])
    assert (Customer.objects.get().name, set(reached()), used()) == ("Cleo Ng", {"email"}, set())


def test_other_customers_are_left_alone() -> None:
    """A file may hold only what changed."""
    store.store_customers([CLEO, DAN])
    store.store_customers([replace(DAN, services=())])
    assert (len(reached()), used()) == (2, {"online-banking", "cards"})


def test_an_invented_customer_stays_invented() -> None:
    """And a real one real: nothing in a file decides who can be reached by a provider."""
    store.store_customers([CLEO], demonstration=True)
    store.store_customers([DAN])
    store.store_customers([replace(CLEO, name="Cleo Ng"), DAN])
    store.store_customers([replace(DAN, name="Dan")], demonstration=True)
    assert dict(Customer.objects.values_list("external_id", "demonstration")) == {"cleo": True, "dan": False}


def test_a_partner_stays_a_partner() -> None:
    """Its kind is set by hand."""
    Customer.objects.create(
        external_id="cleo", kind=Customer.Kind.PARTNER, language="en", time_zone="Europe/London"
    )
    store.store_customers([CLEO])
    assert Customer.objects.get().kind == Customer.Kind.PARTNER


def test_nothing_is_half_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure at the last table undoes the first."""
    write = upserts.upsert

    def dies(model: type, *arguments: Any) -> None:
        if model is Contact:
            raise RuntimeError("power cut")
        write(model, *arguments)

    monkeypatch.setattr(upserts, "upsert", dies)
    with pytest.raises(RuntimeError):
        store.store_customers([CLEO, DAN])
    assert (Customer.objects.count(), Use.objects.count()) == (0, 0)


@pytest.mark.parametrize("count", [1, 300])
def test_the_statements_do_not_grow_with_the_customers(
    count: int, django_assert_max_num_queries: Any
) -> None:
    """But for a few that carry so many rows each."""
    rows = [replace(CLEO, external_id=str(number)) for number in range(count)]
    with django_assert_max_num_queries(24):
        store.store_customers(rows)
