"""The register in the admin: who may write what, and words instead of JSON."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from maintenance import policies, traffic
from maintenance.models import Alternative, Service
from tests import people
from tests.maintenance.usage import samples
from tests.staff import address, queries, reader, signed_in, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]

SERVICE = "maintenance_service_change"


def _service(**changed: str) -> dict[str, str]:
    return {
        "name": "Online banking",
        "names_ar": "الخدمات",
        "key": "online-banking",
        "description": "",
        "time_zone": "Europe/London",
        "country": "GB",
        "alternatives-TOTAL_FORMS": "1",
        "alternatives-INITIAL_FORMS": "0",
        "alternatives-0-words": "Cards work.",
        "alternatives-0-words_by_language_ar": "تعمل البطاقات.",
        **changed,
    }


def _writes(client: Client, page: str) -> bool:
    return client.post(page, {}).status_code != 403


def test_names_in_other_languages_are_typed_as_words() -> None:
    service = people.service(alternative=False)
    response = signed_in("ada").post(address(SERVICE, service.pk), _service())
    assert response.status_code == 302, response.content.decode()
    service.refresh_from_db()
    assert service.names == {"ar": "الخدمات"}
    assert Alternative.objects.get().words_in("ar") == "تعمل البطاقات."


def test_a_language_without_words_falls_back() -> None:
    service = people.service(alternative=False)
    signed_in("ada").post(address(SERVICE, service.pk), _service(names_ar=""))
    service.refresh_from_db()
    assert service.names == {}


def test_a_zone_that_does_not_exist_is_refused() -> None:
    service = people.service(alternative=False)
    response = signed_in("ada").post(address(SERVICE, service.pk), _service(time_zone="London"))
    assert "Europe/London or Asia/Riyadh" in response.content.decode()


def test_the_page_of_a_service_sums_up_its_traffic() -> None:
    service = people.service()
    traffic.keep_samples(service, samples(until=people.NOW, days=2))
    page = words(reader(), address(SERVICE, service.pk))
    assert "48 samples" in page
    assert "?service=online-banking&minutes=120" in page


def test_without_traffic_the_page_says_how_to_import_it() -> None:
    page = words(reader(), address(SERVICE, people.service().pk))
    assert "manage.py import_traffic online-banking FILE" in page


@pytest.mark.parametrize(("typed", "length"), [("2.5", timedelta(hours=2, minutes=30)), ("", None)])
def test_a_longest_window_is_typed_in_hours(typed: str, length: timedelta | None) -> None:
    service = people.service(alternative=False)
    response = signed_in("ada").post(address(SERVICE, service.pk), _service(longest_window=typed))
    assert response.status_code == 302, response.content.decode()
    service.refresh_from_db()
    assert service.longest_window == length
    shown = words(signed_in("ada"), address(SERVICE, service.pk))
    assert f'name="longest_window" value="{typed}"' in shown or not typed


def test_a_longest_window_of_nothing_is_refused() -> None:
    service = people.service(alternative=False)
    response = signed_in("ada").post(address(SERVICE, service.pk), _service(longest_window="0"))
    assert response.status_code == 200


def test_readers_write_nothing() -> None:
    service = people.service()
    pages = [
        address(SERVICE, service.pk),
        address("maintenance_service_add"),
        address("maintenance_noticepolicy_change", policies.policy_of().pk),
    ]
    assert [page for page in pages if _writes(reader(), page)] == []


def test_customers_are_the_banks_to_change() -> None:
    customer = people.customer()
    page = address("maintenance_customer_change", customer.pk)
    assert not _writes(signed_in("olga"), page)


def test_a_customer_is_found_by_the_beginning_of_the_banks_number() -> None:
    people.customer("cleo-1")
    people.customer("dan-cleo")
    page = words(reader(), address("maintenance_customer_changelist") + "?q=cleo")
    assert ("cleo-1" in page, "dan-cleo" in page) == (True, False)


@pytest.mark.parametrize("model", ["service", "customer", "change", "noticepolicy"])
def test_lists_of_three_take_the_queries_of_one(model: str) -> None:
    def fill(number: int) -> None:
        service = people.service(f"service-{number}")
        people.customer(f"customer-{number}", uses=[service])
        people.window(service)

    fill(1)
    page, client = address(f"maintenance_{model}_changelist"), signed_in("olga")
    one = queries(client, page)
    fill(2)
    fill(3)
    assert queries(client, page) == one


def test_long_lists_are_never_counted() -> None:
    people.customer()
    page = words(reader(), address("maintenance_customer_changelist"))
    assert "1 customer" not in page


def test_a_service_in_use_is_not_deleted() -> None:
    window = people.window()
    service = window.services.get()
    signed_in("olga").post(address("maintenance_service_delete", service.pk), {"post": "yes"})
    assert Service.objects.filter(pk=service.pk).exists()


@pytest.mark.parametrize("model", ["user", "group"])
def test_staff_are_for_the_superuser(model: str) -> None:
    people.user("ben")
    page = address(f"auth_{model}_changelist")
    words(signed_in("olga"), page)
    assert signed_in("ada").get(page).status_code == 403


def test_who_only_reads_a_service_is_shown_its_names_in_words() -> None:
    service = people.service("cards")
    Service.objects.filter(pk=service.pk).update(names={"ar": "البطاقات"})
    page = address(SERVICE, service.pk)
    assert 'AR: <bdi lang="ar">البطاقات</bdi>' in words(signed_in("ben"), page)
    assert 'name="names_ar"' in words(signed_in("ada"), page)
