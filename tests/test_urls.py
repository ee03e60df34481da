"""Addresses that belong to no app."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.staff import address, signed_in


@pytest.mark.django_db  # the end of an answer looks after the connections
def test_the_icon_that_browsers_ask_for_is_there() -> None:
    """Or each refusal and each JSON document leaves a 404 in the console."""
    answer = Client().get("/favicon.ico", follow=True)
    answer.close()
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/svg+xml")


@pytest.mark.django_db
def test_an_address_where_nothing_is_says_what_to_do_next() -> None:
    answer = Client().get("/nothing-here/")
    page = answer.content.decode()
    assert answer.status_code == 404
    assert "Check the address" in page
    assert 'href="/?lang=en"' in page


@pytest.mark.django_db
def test_a_missing_page_speaks_the_readers_language() -> None:
    page = Client().get("/nothing-here/?lang=ar").content.decode()
    assert 'lang="ar" dir="rtl"' in page
    assert "لا يوجد شيء على هذا العنوان" in page


@pytest.mark.django_db
def test_a_refusal_says_whom_to_ask() -> None:
    answer = signed_in("visitor").get(address("maintenance_window_slots"))
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "Ask whoever keeps the staff’s accounts" in page
    assert f'href="{address("index")}"' in page
