"""Values over which Django's own admin stumbles."""

from __future__ import annotations

import pytest

from maintenance.models import Freeze, Service
from tests import people
from tests.staff import address, signed_in

pytestmark = pytest.mark.django_db
ODD = ["on", "²", "-1", "x", "9" * 25, str(2**63)]
FREEZE = {
    "name": "Year end",
    "starts_at": "2026-12-20T00:00",
    "ends_at": "2026-12-27T00:00",
    "recurrence_every": "",
}


@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_service_is_asked_for_anew(odd: str) -> None:
    cards = people.service("cards")
    answer = signed_in("ada").post(address("maintenance_freeze_add"), {**FREEZE, "services": [odd, cards.pk]})
    page = answer.content.decode()
    assert (answer.status_code, Freeze.objects.count()) == (200, 0)
    assert f'<option value="{cards.pk}" selected' in page


@pytest.mark.parametrize("odd", ODD)
def test_what_a_service_cannot_rest_on_is_asked_for_anew(odd: str) -> None:
    banking = people.service()
    answer = signed_in("olga").post(
        address("maintenance_service_change", banking.pk), {"name": "Banking", "depends_on": odd}
    )
    assert (answer.status_code, banking.depends_on.count()) == (200, 0)


@pytest.mark.parametrize("odd", ODD)
def test_rows_that_are_none_are_not_deleted(odd: str) -> None:
    people.service()
    chosen = {"action": "delete_selected", "_selected_action": odd}
    answer = signed_in("olga").post(address("maintenance_service_changelist"), chosen)
    assert answer.status_code < 500
    assert Service.objects.count() == 1


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("lookup", ["id__in", "id__exact", "moves_money__exact"])
def test_a_filter_that_makes_no_sense_shows_the_list(odd: str, lookup: str) -> None:
    people.service()
    answer = signed_in("olga").get(address("maintenance_service_changelist"), {lookup: odd}, follow=True)
    assert answer.status_code == 200


@pytest.mark.parametrize("name", ["change", "delete", "history"])
def test_no_field_to_find_a_row_by_is_its_id(name: str) -> None:
    page = address(f"maintenance_service_{name}", people.service().pk)
    assert signed_in("olga").get(page, {"_to_field": ""}).status_code == 200


def test_numbers_that_no_column_holds_are_in_no_row() -> None:
    banking = people.service()
    assert list(Service.objects.filter(pk__in=[2**63, banking.pk, -(2**70)])) == [banking]
    assert not Service.objects.filter(pk__in=[2**63]).exists()
    assert Service.objects.exclude(pk__in=[2**63]).count() == 1
