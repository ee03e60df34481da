"""What stands against a window at the time at which it was dropped, in words, before anything is moved."""

from __future__ import annotations

from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest

from maintenance.models import Freeze, Window
from tests import people
from tests.maintenance.usage import london
from tests.staff import address, queries, reader, signed_in, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]

SUNDAY = date(2026, 3, 15)


def check(window: Window, starts_at: str) -> str:
    """The answer as a piece of the page that asked."""
    return words(signed_in("ada"), f"{asking(window)}?part=1&starts_at={starts_at}")


def asking(window: Window) -> str:
    return address("maintenance_window_check", window.pk)


def test_a_free_time_is_offered_with_the_reason_to_give() -> None:
    window = people.window()
    answer = check(window, "2026-03-15T03:00")
    assert "Nothing stands against this time." in answer
    assert 'name="reason"' in answer
    assert address("maintenance_window_move", window.pk) in answer


def test_the_window_stays_as_long_as_it_was() -> None:
    assert "03:30\xa0–\u2060\xa005:30" in check(people.window(), "2026-03-15T03:30")


def test_a_refused_time_says_everything_that_stands_against_it() -> None:
    Freeze.objects.create(name="Audit", starts_at=london(SUNDAY, 0), ends_at=london(SUNDAY, 12))
    window, cards = people.window(), people.service("cards")
    window.services.get().depends_on.add(cards)
    people.window(cards, starts_at=london(SUNDAY, 4))
    answer = check(window, "2026-03-15T03:00")
    assert "Audit" in answer
    assert "Online banking depends on Cards" in answer
    assert 'name="reason"' not in answer


def test_it_does_not_stand_against_itself() -> None:
    window = people.window(starts_at=london(SUNDAY, 2))
    assert "Nothing stands against this time." in check(window, "2026-03-15T03:00")


def test_its_own_time_is_no_new_one() -> None:
    window = people.window(starts_at=london(SUNDAY, 2))
    assert "It is planned for this time already." in check(window, "2026-03-15T02:00")


def test_a_window_under_way_says_why_it_stays() -> None:
    window = people.window(status=Window.Status.STARTED)
    assert "It is under way" in check(window, "2026-03-15T02:00")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2026-03-29T01:30", "The clocks change in this hour"),
        ("soon", "Write the time like"),
        ("", "This field is required"),
    ],
)
def test_a_time_that_is_none_is_asked_for_again(typed: str, said: str) -> None:
    assert said in check(people.window(), typed)


def test_nothing_is_moved_by_a_check() -> None:
    window = people.window()
    check(window, "2026-03-15T03:00")
    assert Window.objects.get() == window
    assert window.changes.count() == 1


def test_without_a_script_it_leads_to_the_page_that_moves() -> None:
    window = people.window()
    answer = signed_in("ada").get(f"{asking(window)}?starts_at=2026-03-15T03:00")
    led = urlsplit(answer.headers["Location"])
    assert (answer.status_code, led.path) == (302, address("maintenance_window_move", window.pk))
    assert parse_qs(led.query) == {
        "starts_at": ["2026-03-15T03:00:00+00:00"],
        "ends_at": ["2026-03-15T05:00:00+00:00"],
    }


def test_without_a_script_a_wrong_time_is_asked_for_again_on_a_page() -> None:
    page = words(signed_in("ada"), f"{asking(people.window())}?starts_at=2026-03-29T01:30")
    assert "The clocks change in this hour" in page
    assert "Check this time" in page


def test_who_only_reads_may_not_ask() -> None:
    assert reader().get(f"{asking(people.window())}?starts_at=2026-03-15T03:00").status_code == 403


def test_it_is_only_asked() -> None:
    assert signed_in("ada").post(asking(people.window())).status_code == 405


def test_a_window_that_is_not_there_is_missing() -> None:
    assert signed_in("ada").get(f"{address('maintenance_window_check', 77)}?part=1").status_code == 404


def test_windows_around_it_take_no_more_queries() -> None:
    window = people.window()
    asked = f"{asking(window)}?part=1&starts_at=2026-03-15T03:00"
    people.window(people.service("cards"), starts_at=london(SUNDAY, 4))
    one = queries(signed_in("ada"), asked)
    for number in (1, 2):
        people.window(people.service(f"service-{number}"), starts_at=london(SUNDAY, 4))
    assert queries(signed_in("ada"), asked) == one
