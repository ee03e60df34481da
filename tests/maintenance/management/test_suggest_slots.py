"""The command that suggests slots, as an operator meets it."""

from __future__ import annotations

import io
import json
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command

from maintenance import traffic
from maintenance.models import Freeze, Service
from tests.maintenance.usage import london, samples, week
from tests.people import customer, service

pytestmark = pytest.mark.django_db

NOW = "--now=2026-03-02T09:00"
BEFORE_EASTER = "--to=2026-04-02"
"""Until then every week is like every other."""


@pytest.fixture(autouse=True)
def _used(now: datetime) -> None:
    traffic.keep_samples(service(), samples(until=now, days=63))


def _suggest(*arguments: str) -> str:
    out = io.StringIO()
    call_command("suggest_slots", *arguments, stdout=out)
    return out.getvalue()


def test_it_prints_a_table_with_reasons() -> None:
    customer("cleo", uses=[service()])
    customer("dan", uses=[service()], vulnerable=True)
    assert _suggest("online-banking", "--duration=2h", "--count=2", BEFORE_EASTER, NOW) == (
        "The quietest 2 h for Online banking, on the clock of Europe/London\n"
        "\n"
        "   starts                 ends   expected  80 % range  of ordinary  of Sun 02:00  book before\n"
        "1  Sun 15 Mar 2026 02:00  04:00       140  140 to 140         13 %         100 %  Mon  9 Mar 20:59\n"
        "     + Customers are told on Sunday 8 March 2026, 10:00, 7 days ahead.\n"
        "2  Sun 22 Mar 2026 02:00  04:00       140  140 to 140         13 %         100 %  Mon 16 Mar 20:59\n"
        "     + Customers are told on Sunday 15 March 2026, 10:00, 7 days ahead.\n"
        "\n"
        "2 customers use it, at whatever time; 1 of them vulnerable.\n"
        "+ No rule stands against it.\n"
    )


def test_it_prints_json() -> None:
    customer("dan", uses=[service()], vulnerable=True)
    slot = json.loads(
        _suggest("online-banking", "--duration=90m", "--json", "--count=1", BEFORE_EASTER, NOW)
    )[0]
    assert slot["services"] == ["online-banking"]
    assert slot["starts_at"] == "2026-03-15T02:30:00+00:00"
    assert slot["ends_at"] == "2026-03-15T04:00:00+00:00"
    assert slot["last_moment_to_book"] == "2026-03-09T20:59:00+00:00"
    assert slot["low"] <= slot["expected"] <= slot["high"]
    assert slot["of_sunday_0200"] < 1
    assert (slot["based_on_traffic"], slot["customers"], slot["vulnerable"]) == (True, 1, 1)
    assert (len(slot["reasons"]), slot["against"], slot["doubts"]) == (5, [], [])


def test_in_staffed_hours_alone_it_looks_where_people_are_at_work() -> None:
    found = json.loads(
        _suggest("online-banking", "--duration=2h", "--staffed", "--json", "--to=2026-03-28", NOW)
    )
    assert all(8 <= datetime.fromisoformat(slot["starts_at"]).hour <= 18 for slot in found)
    table = _suggest("online-banking", "--duration=2h", "--staffed", NOW)
    assert table.startswith("The quietest 2 h in staffed hours for Online banking")


def test_without_traffic_the_json_says_so() -> None:
    service("cards")
    slot = json.loads(_suggest("cards", "--duration=2h", "--json", NOW))[0]
    assert slot["based_on_traffic"] is False
    assert [slot[name] for name in ("expected", "low", "high", "share", "of_sunday_0200")] == [None] * 5
    assert "import_traffic cards FILE" in slot["doubts"][0]


def test_it_looks_where_it_is_told_to_on_the_bank_s_clock() -> None:
    found = json.loads(
        _suggest(
            "online-banking", "--duration=1h", "--json", "--from=2026-03-31", "--to=2026-03-31T02:00", NOW
        )
    )
    assert [slot["starts_at"] for slot in found] == ["2026-03-31T00:00:00+00:00", "2026-03-30T23:00:00+00:00"]


def test_several_services_count_in_ordinary_hours(now: datetime) -> None:
    traffic.keep_samples(service("cards"), samples(until=now, days=63))
    table = _suggest("online-banking", "cards", "--duration=2h", NOW)
    assert "The quietest 2 h for Online banking, Cards, on the clock" in table
    assert "ordinary hours" in table.splitlines()[2]
    assert "each is taken in its own ordinary hours" in table


@pytest.mark.parametrize("text", ["2", "2 hours", "0h", "-1h", "", "200h"])
def test_a_duration_that_is_none_is_explained(text: str) -> None:
    with pytest.raises(CommandError, match="write 2h, 90m or 1h30m"):
        _suggest("online-banking", f"--duration={text}", NOW)


def test_a_time_that_is_none_is_explained() -> None:
    with pytest.raises(CommandError, match="'soon' is no time: write 2026-11-29T02:00"):
        _suggest("online-banking", "--duration=2h", "--from=soon")


def test_a_number_of_slots_that_is_none_is_explained() -> None:
    with pytest.raises(CommandError, match="'0' is not a number of 1 or more"):
        _suggest("online-banking", "--duration=2h", "--count=0")


def test_an_unknown_service_names_the_known_ones() -> None:
    service("cards")
    with pytest.raises(CommandError) as told:
        _suggest("onlinebanking", "cards", "--duration=2h", NOW)
    assert str(told.value) == "There is no service 'onlinebanking': choose from cards, online-banking."


def test_without_traffic_the_table_says_so_first() -> None:
    service("cards")
    lines = _suggest("cards", "--duration=2h", "--count=1", NOW).splitlines()
    assert lines[0] == (
        "Not based on traffic: the first 2 h at night that the rules leave Cards, "
        "on the clock of Europe/London"
    )
    assert "manage.py import_traffic cards FILE" in lines[1]
    assert lines[3:5] == [
        "   starts                 ends   book before",
        "1  Mon  9 Mar 2026 00:00  02:00  Tue  3 Mar 20:59",
    ]


def test_where_nothing_is_free_it_says_what_stands_against_it() -> None:
    Freeze.objects.create(
        name="Sale", starts_at=london(date(2026, 3, 15), 0), ends_at=london(date(2026, 3, 20), 0)
    )
    with pytest.raises(CommandError) as told:
        _suggest("online-banking", "--duration=2h", "--from=2026-03-16T01:00", "--to=2026-03-16T05:00", NOW)
    assert str(told.value) == (
        "No 2 h are free from Monday 16 March 2026, 01:00 to Monday 16 March 2026, 05:00.\n"
        "  - The freeze “Sale” holds from Sunday 15 March 2026, 00:00 to Friday 20 March 2026, 00:00."
    )


def test_a_time_too_short_for_the_length_is_named() -> None:
    with pytest.raises(CommandError, match="2 h do not fit in the time from Monday 16 March 2026, 01:00"):
        _suggest("online-banking", "--duration=2h", "--from=2026-03-16T01:00", "--to=2026-03-16T02:00", NOW)


def test_hours_that_were_never_observed_are_named(now: datetime) -> None:
    traffic.keep_samples(
        service("desk"),
        samples(lambda at: week(at) if 8 <= at.hour < 18 else None, until=now, days=63),
    )
    with pytest.raises(
        CommandError, match="No traffic of those hours is on record, and unknown is not quiet"
    ):
        _suggest("desk", "--duration=1h", "--from=2026-03-16T01:00", "--to=2026-03-16T03:00", NOW)


def test_a_zone_that_does_not_exist_is_one_sentence() -> None:
    Service.objects.update(time_zone="Europe/Londinium")
    with pytest.raises(CommandError, match="which does not exist: correct it in the admin"):
        _suggest("online-banking", "--duration=2h", NOW)


def test_it_uses_the_present_where_no_time_is_given(now: datetime) -> None:
    with time_machine.travel(now + timedelta(days=7), tick=False):
        first = json.loads(_suggest("online-banking", "--duration=2h", "--json", "--count=1", BEFORE_EASTER))[
            0
        ]
    assert first["starts_at"] == "2026-03-22T02:00:00+00:00"
