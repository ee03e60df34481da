"""The command that takes a service's traffic."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command

from maintenance import traffic
from maintenance.management import imports
from maintenance.management.commands import import_traffic
from maintenance.models import AuditEntry, Service, TrafficProfile, TrafficSample
from tests import people

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("a_week_later")]

LITTLE = (
    "No slots can be suggested by its traffic yet. Online banking has 0 days of traffic on record; 2 weeks "
    "are needed. Import more of it first: manage.py import_traffic online-banking FILE\n"
)
GOOD = "timestamp,count\n2026-03-02T09:00,5\n2026-03-02T09:30,6.5\n"


@pytest.fixture
def a_week_later(now: datetime) -> Iterator[None]:
    """The command asks the time: it is past all that the files of these tests have."""
    with time_machine.travel(now + timedelta(weeks=1), tick=False):
        yield


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the file of a test lies."""
    return tmp_path / "traffic.csv"


def run(*arguments: object, **options: Any) -> str:
    """What the command says."""
    out = io.StringIO()
    call_command("import_traffic", *map(str, arguments), stdout=out, **options)
    return out.getvalue()


def refusal(*arguments: object, **options: Any) -> str:
    """The sentence with which it gives up."""
    with pytest.raises(CommandError) as refused:
        run(*arguments, **options)
    return str(refused.value)


def kept() -> dict[str, float]:
    """The counts by their moments in UTC."""
    return {f"{at:%H:%M}": count for at, count in TrafficSample.objects.values_list("at", "count")}


def test_every_row_becomes_a_sample(file: Path) -> None:
    """At its moment in UTC."""
    people.service()
    file.write_text(GOOD)
    run("online-banking", file)
    assert kept() == {"09:00": 5.0, "09:30": 6.5}


def test_the_summary_says_what_came_of_the_rows(file: Path) -> None:
    """Read, stored, repeated, rejected with line and reason."""
    people.service()
    file.write_text(GOOD + "2026-03-02T09:00,7\nyesterday,8\n")
    assert run("online-banking", file) == (
        "traffic.csv: 4 rows read for online-banking.\n"
        "2 samples stored, new or changed; 0 known already.\n"
        "1 row repeats a moment; the last count holds.\n"
        f"{LITTLE}"
        "1 row rejected:\n"
        "  line 5: the timestamp 'yesterday' is not ISO 8601 like 2026-03-02T09:30\n"
    )


def test_importing_again_changes_nothing(file: Path) -> None:
    """Not even the row."""
    people.service()
    file.write_text(GOOD)
    run("online-banking", file)
    before = list(TrafficSample.objects.order_by("pk").values())
    run("online-banking", file)
    assert list(TrafficSample.objects.order_by("pk").values()) == before


def test_a_known_moment_gets_the_new_count(file: Path) -> None:
    """The later file knows better."""
    service = people.service()
    traffic.keep_samples(service, [(datetime(2026, 3, 2, 9, tzinfo=UTC), 1.0)])
    file.write_text(GOOD)
    run("online-banking", file)
    assert kept() == {"09:00": 5.0, "09:30": 6.5}


def test_what_was_known_already_is_said(file: Path) -> None:
    """A file that is longer by a row, and better in one, brings two."""
    people.service()
    file.write_text(GOOD)
    run("online-banking", file)
    file.write_text(GOOD.replace("6.5", "7") + "2026-03-02T10:00,8\n")
    assert run("online-banking", file).splitlines()[1] == "2 samples stored, new or changed; 1 known already."


def test_importing_again_says_that_nothing_is_new(file: Path) -> None:
    """Instead of counting it as stored."""
    people.service()
    file.write_text(GOOD)
    run("online-banking", file)
    assert run("online-banking", file).splitlines()[1] == "Nothing is new: 2 samples known already."


def test_rows_in_any_order_are_the_same_samples(file: Path) -> None:
    """The newest may come first, or none in particular."""
    people.service()
    lines = [*GOOD.splitlines(), "2026-03-02T08:00,4", "2026-03-02T09:15,7"]
    file.write_text("\n".join(lines))
    run("online-banking", file)
    assert kept() == {"08:00": 4.0, "09:00": 5.0, "09:15": 7.0, "09:30": 6.5}


def test_of_a_moment_that_comes_again_far_down_the_last_count_holds(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where it is in another chunk."""
    people.service()
    file.write_text(GOOD + "2026-03-02T10:00,7\n2026-03-02T09:00,9\n")
    monkeypatch.setattr(import_traffic, "CHUNK_ROWS", 2)
    run("online-banking", file)
    assert kept() == {"09:00": 9.0, "09:30": 6.5, "10:00": 7.0}


def test_times_without_an_offset_beside_others_are_the_services_own(file: Path) -> None:
    """Which is said, for it may not be what was meant."""
    people.service("taxi")
    Service.objects.update(time_zone="America/New_York")
    file.write_text(GOOD + "2026-03-02T10:00Z,7\n")
    said = run("taxi", file)
    line = "2 rows without an offset, beside 1 with one: taken as the time in America/New_York."
    assert (line in said, set(kept())) == (True, {"14:00", "14:30", "10:00"})


def test_what_is_still_to_come_is_rejected(file: Path) -> None:
    """The year is often a slip."""
    people.service()
    file.write_text(GOOD + "2027-03-02T10:00,7\n")
    assert run("online-banking", file).endswith(
        "1 row rejected:\n  line 4: the timestamp '2027-03-02T10:00' is in the future: "
        "check its year and its time zone\n"
    )


def counts(step: timedelta, number: int, until: datetime) -> str:
    """A file of so many rows, one step apart."""
    rows = (f"{(until - step * index).isoformat()},{100 + index % 7}" for index in range(number, 0, -1))
    return "\n".join(["timestamp,count", *rows])


def test_counts_of_whole_days_are_refused(file: Path, now: datetime) -> None:
    """They must not pretend to know hours."""
    people.service()
    file.write_text(counts(timedelta(days=1), 60, now))
    sentence = (
        "traffic.csv has one count every day from 2026-01-01T09:00Z on, which says nothing about the hours "
        "between. Samples must be from a minute to an hour apart: export the counts of each hour or finer."
    )
    assert (refusal("online-banking", file), kept()) == (sentence, {})


def test_counts_of_seconds_are_refused(file: Path, now: datetime) -> None:
    """Before anything is stored."""
    people.service()
    file.write_text(counts(timedelta(seconds=5), 60, now))
    sentence = (
        "traffic.csv has a count every 5 seconds. Samples must be from a minute to an hour apart: "
        "add them up to minutes first."
    )
    assert (refusal("online-banking", file), kept()) == (sentence, {})


def test_where_a_file_is_refused_further_down_what_was_stored_is_said(
    file: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays: each chunk is whole."""
    people.service()
    hours = counts(timedelta(hours=1), 50, now - timedelta(days=60))
    days = counts(timedelta(days=1), 50, now).partition("\n")[2]
    file.write_text(f"{hours}\n{days}\n")
    monkeypatch.setattr(import_traffic, "CHUNK_ROWS", 50)
    said = refusal("online-banking", file)
    assert (said.endswith(" 50 samples before were stored."), TrafficSample.objects.count()) == (True, 50)


def test_the_expected_week_is_learnt_at_once(file: Path, now: datetime) -> None:
    """The first page need not wait for it."""
    service = people.service()
    file.write_text(counts(timedelta(hours=1), 24 * 35, now))
    said = run("online-banking", file)
    assert (
        "Its expected week is learnt: slots can be suggested.\nOnly 5 weeks of traffic" in said,
        TrafficProfile.objects.filter(service=service).exists(),
    ) == (True, True)


def test_a_service_whose_zone_does_not_exist_is_refused(file: Path) -> None:
    """Its times would mean nothing."""
    people.service()
    Service.objects.update(time_zone="Europe/Londn")
    file.write_text(GOOD)
    assert refusal("online-banking", file) == (
        "Online banking has the time zone 'Europe/Londn', which does not exist: "
        "correct it in the admin to a name like Europe/London."
    )


def test_check_writes_nothing(file: Path) -> None:
    """And says what would be."""
    people.service()
    file.write_text(GOOD)
    said = run("online-banking", file, "--check")
    assert (kept(), "2 samples would be stored; nothing was written." in said) == ({}, True)


def test_an_import_cut_short_keeps_whole_chunks_and_is_completed_by_another(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is half done, and nothing must be cleaned up."""
    people.service()
    file.write_text(GOOD + "2026-03-02T10:00,7\n2026-03-02T10:30,8\n")
    monkeypatch.setattr(import_traffic, "CHUNK_ROWS", 2)
    record, calls = traffic.keep_samples, iter((True, False))

    def dies(*arguments: Any) -> int:
        stored = record(*arguments)
        if next(calls):
            return stored
        raise RuntimeError("power cut")

    with monkeypatch.context() as broken:
        broken.setattr(traffic, "keep_samples", dies)
        with pytest.raises(RuntimeError):
            run("online-banking", file)
    half = len(kept())
    run("online-banking", file)
    assert (half, len(kept())) == (4, 4)


def test_ctrl_c_says_how_to_go_on(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of a traceback."""
    people.service()
    file.write_text(GOOD)

    def interrupted(*_: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(traffic, "keep_samples", interrupted)
    assert refusal("online-banking", file) == "Stopped after 0 rows. Run it again to complete it."


def test_an_unknown_service_is_refused_with_the_known_ones(file: Path) -> None:
    """A typing error shows at a glance."""
    people.service("cards")
    people.service("app")
    file.write_text(GOOD)
    assert refusal("card", file) == (
        "There is no service 'card': choose one of app, cards, "
        "or make it with --create NAME --zone Europe/London --country GB."
    )


def test_a_file_that_cannot_be_taken_is_refused_in_one_sentence(file: Path) -> None:
    """The reader's own."""
    people.service()
    file.write_text("time;count\n")
    assert refusal("online-banking", file).startswith("traffic.csv lacks the columns timestamp, count")


def test_a_file_without_a_good_row_is_an_error(file: Path) -> None:
    """It is the wrong file, and a script must hear of it."""
    people.service()
    file.write_text("timestamp,count\nyesterday,1\n")
    assert refusal("online-banking", file) == (
        "No row could be taken.\n1 row rejected:\n"
        "  line 2: the timestamp 'yesterday' is not ISO 8601 like 2026-03-02T09:30"
    )


def test_rejected_rows_go_to_a_file_that_can_be_mended_and_imported(file: Path, tmp_path: Path) -> None:
    """It has the columns of the file, so mending is all that is left to do."""
    people.service()
    file.write_text(GOOD + "2026-03-02T10:00,none\n")
    rest = tmp_path / "rejected.csv"
    run("online-banking", file, "--rejected", rest)
    rest.write_text(rest.read_text().replace("none,", ",").replace(",none\n", ",9\n"))
    run("online-banking", rest)
    assert kept() == {"09:00": 5.0, "09:30": 6.5, "10:00": 9.0}


def test_rejected_rows_never_replace_a_file(file: Path) -> None:
    """Least of all the one that is imported."""
    people.service()
    file.write_text(GOOD)
    sentence = refusal("online-banking", file, "--rejected", file)
    assert (sentence, file.read_text()) == (
        f"{file} exists already: give --rejected a new file's name.",
        GOOD,
    )


def test_only_the_first_ten_rejected_rows_are_shown(file: Path) -> None:
    """With how to see the others."""
    people.service()
    file.write_text(GOOD + "never,1\n" * 12)
    assert run("online-banking", file).splitlines()[-2:] == [
        "  … and 2 more",
        "To have all of them in a file, import again with --rejected FILE.",
    ]


def test_create_makes_the_service(file: Path) -> None:
    """Its zone places the file's times."""
    file.write_text(GOOD)
    run("taxi", file, "--create", "Taxis", "--zone", "America/New_York", "--country", "us-ny")
    made = Service.objects.values_list("key", "name", "time_zone", "country").get()
    assert (made, set(kept())) == (("taxi", "Taxis", "America/New_York", "US-NY"), {"14:00", "14:30"})


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "--create needs --zone (for example Europe/London) and --country (GB or US-MN)."),
        (
            {"zone": "London", "country": "GB"},
            "There is no time zone 'London': name one like Europe/London.",
        ),
        (
            {"zone": "Europe/London", "country": "UKX"},
            "There is no holiday calendar for 'UKX': name a country like GB or US-MN.",
        ),
        (
            {"zone": "Europe/London", "country": "GB-XXX"},
            "There is no holiday calendar for 'GB-XXX': name a country like GB or US-MN.",
        ),
    ],
)
def test_create_refuses_what_does_not_exist(file: Path, options: dict[str, str], sentence: str) -> None:
    """Before it makes anything."""
    file.write_text(GOOD)
    assert refusal("taxi", file, create="Taxis", **options) == sentence


def test_create_refuses_a_key_that_cannot_stand_in_an_address() -> None:
    """Django's own words say what may."""
    said = refusal("my taxi", "f.csv", create="Taxis", zone="Europe/London", country="GB")
    assert said.startswith("No service can be made like that: Enter a valid “slug”")


def test_create_takes_a_service_that_is_the_same(file: Path) -> None:
    """So that the same command can be run again."""
    people.service()
    file.write_text(GOOD)
    run("online-banking", file, "--create", "Online", "--zone", "Europe/London", "--country", "GB")
    assert len(kept()) == 2


def test_create_refuses_a_service_that_is_elsewhere(file: Path) -> None:
    """The file's times would mean other moments."""
    people.service()
    sentence = refusal("online-banking", file, create="Online", zone="Asia/Riyadh", country="SA")
    assert sentence == (
        "There is a service online-banking already, in Europe/London and GB: "
        "leave out --create, --zone and --country."
    )


@pytest.mark.parametrize("content", ["timestamp,count\nyesterday,1\n", "hello\n"])
def test_create_makes_nothing_for_a_file_without_rows(file: Path, content: str) -> None:
    """A typing error must not leave a service behind."""
    file.write_text(content)
    refusal("taxi", file, create="Taxis", zone="Europe/London", country="GB")
    assert not Service.objects.exists()


class Terminal(io.StringIO):
    """Somebody is watching."""

    def isatty(self) -> bool:
        return True


def test_progress_is_shown_to_who_waits(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal, after two seconds; the line is wiped in the end."""
    people.service()
    file.write_text(GOOD)
    monkeypatch.setattr(imports, "_SILENT_SECONDS", 0)
    terminal = Terminal()
    run("online-banking", file, stderr=terminal)
    assert terminal.getvalue().startswith("\r2 rows, 100%, 0 s to go")


def test_a_short_import_shows_no_progress(file: Path) -> None:
    """It would only flicker."""
    people.service()
    file.write_text(GOOD)
    terminal = Terminal()
    run("online-banking", file, stderr=terminal)
    assert terminal.getvalue() == ""


@pytest.mark.shared
def test_real_traffic_is_taken(shared: Path) -> None:
    """A city's taxis, counted by their own clock, which changed once."""
    arguments = ("--create", "Taxis", "--zone", "America/New_York", "--country", "US")
    said = run("taxi", shared / "data" / "nyc_taxi_2014.csv", *arguments)
    assert said.splitlines()[-1] == "0 rows rejected."


def logged() -> list[tuple[str, str, str, dict[str, object]]]:
    """Every line of the audit log: who, what, of which name, and what came of it."""
    rows = AuditEntry.objects.order_by("id").values_list("actor_name", "action", "object_name", "after")
    return list(rows)


def test_an_import_is_in_the_log_from_its_beginning(file: Path) -> None:
    people.service()
    file.write_text(GOOD + "2026-03-02T10:00,none\n")
    run("online-banking", file)
    counts = {"service": "online-banking", "accepted": 2, "rejected": 1, "ended": "complete"}
    assert logged() == [
        ("Command line", "import_begun", "traffic.csv", {"service": "online-banking"}),
        ("Command line", "imported", "traffic.csv", counts),
    ]


def test_an_import_that_is_stopped_says_how_far_it_came(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people.service()
    file.write_text(GOOD)

    def interrupted(*_: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(traffic, "keep_samples", interrupted)
    refusal("online-banking", file)
    assert [after.get("ended") for *_, after in logged()] == [None, "stopped"]


def test_a_file_that_is_only_looked_at_is_not_in_the_log(file: Path) -> None:
    people.service()
    file.write_text(GOOD)
    run("online-banking", file, "--check")
    assert logged() == []


def test_a_service_that_is_made_for_it_is_in_the_log(file: Path) -> None:
    file.write_text(GOOD)
    run("cards", file, "--create", "Cards", "--zone", "Europe/London", "--country", "GB")
    made = AuditEntry.objects.get(action="added")
    assert (made.object_type, made.object_name, made.after["country"]) == ("service", "Cards", "GB")
