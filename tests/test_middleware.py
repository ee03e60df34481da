"""Text that no database keeps is refused before anything looks for it."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import people
from tests.staff import address, signed_in

pytestmark = pytest.mark.django_db
SENTENCE = "contains a character that is not allowed. Please type it again."


def _refused(answer: object) -> bool:
    return answer.status_code == 400 and SENTENCE in answer.content.decode()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "path",
    [
        "/calendar/online%00banking.ics",
        "/preferences/a%00b/",
        "/?lang=%00",
        "/api/v1/inbox?since=%00",
        "/admin/login/?next=%00",
    ],
)
def test_nul_in_an_address_is_refused(client: Client, path: str) -> None:
    assert _refused(client.get(path))


@pytest.mark.parametrize("query", ["channel=%00", "language=%00", "before=1%00", "%00=1"])
def test_nul_in_a_filter_is_refused(query: str) -> None:
    assert _refused(signed_in("olga").get(f"{address('notifications_delivery_outbox')}?{query}"))


def test_nul_in_a_search_is_refused() -> None:
    assert _refused(signed_in("olga").get(f"{address('maintenance_service_changelist')}?q=%00"))


def test_half_a_character_is_refused() -> None:
    """UTF-7 can say it where UTF-8 cannot."""
    answer = signed_in("olga").get(
        address("maintenance_service_changelist"),
        QUERY_STRING="q=%2B2AA-",
        CONTENT_TYPE="text/plain; charset=utf-7",
    )
    assert _refused(answer)


def test_nul_in_a_session_cookie_is_refused(client: Client) -> None:
    """A quoted cookie may hold any octet."""
    client.cookies.load('sessionid="abc\\000def"')
    assert _refused(client.get(address("index")))


@pytest.mark.parametrize("name", ["service", "purpose", "csrfmiddlewaretoken"])
def test_nul_in_a_form_is_refused(name: str) -> None:
    people.service()
    assert _refused(signed_in("ada").post(address("maintenance_window_book"), {name: "online\0banking"}))


def test_a_refusal_speaks_the_readers_language(client: Client) -> None:
    page = client.get("/?lang=ar&x=%00").content.decode()
    assert 'lang="ar" dir="rtl"' in page
    assert "تعذّر فهم هذا الطلب" in page


def test_every_other_character_is_let_in() -> None:
    page = signed_in("olga").get(address("maintenance_service_changelist"), {"q": "\x01\u202e\ufffe😀²"})
    assert page.status_code == 200
