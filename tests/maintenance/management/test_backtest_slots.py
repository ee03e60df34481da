"""The command that proves suggestions on a bank's own traffic, as an operator meets it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from maintenance.models import Holiday
from tests.maintenance.usage import LONDON, week

pytestmark = pytest.mark.django_db

KEYS = [
    "origin", "duration", "mode", "start", "promised", "low", "high", "actual", "baseline_start",
    "baseline_actual",
]  # fmt: skip
PLACE = ("--zone=Europe/London", "--country=GB")
FIRST_ROW = datetime(2026, 1, 5, tzinfo=UTC)


def _written(path: Path, *, weeks: int = 12, spoilt: dict[int, str] | None = None) -> Path:
    """Traffic whose quiet hours are known, by the hour in naive times; `spoilt` rows by their line."""
    lines = ["timestamp,count"]
    for hour in range(weeks * 168):
        at = (FIRST_ROW + timedelta(hours=hour)).astimezone(LONDON)
        lines.append(f"{at:%Y-%m-%dT%H:%M:%S},{week(at)}")
    for line, text in (spoilt or {}).items():
        lines[line - 1] = text
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Twelve weeks."""
    return _written(tmp_path / "traffic.csv")


def _run(file: Path, *arguments: str) -> tuple[str, str]:
    """What it prints, and what it says beside it."""
    out, beside = io.StringIO(), io.StringIO()
    call_command("backtest_slots", str(file), *arguments, stdout=out, stderr=beside)
    return out.getvalue(), beside.getvalue()


def _rows(file: Path, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(_run(file, *PLACE, "--json", *arguments)[0])
    return found


def _refusal(file: Path, *arguments: str) -> str:
    with pytest.raises(CommandError) as refused:
        _run(file, *arguments)
    return str(refused.value)


def test_it_prints_a_table(file: Path) -> None:
    printed, beside = _run(file, *PLACE, "--durations=1h,2h", "--origins=8")
    assert beside == ""
    assert printed == (
        "Suggested at 8 midnights from Monday 2 March 2026 to Wednesday 18 March 2026, "
        "each time from what lay before it alone:\n"
        "slots that begin 5 to 12 days later, at any hour.\n"
        "\n"
        "     slot                  of an ordinary hour  suggested : it  promised : came  in the 80 % range\n"
        "1 h  suggested                           9.3 %                             1.00              100 %\n"
        "     Sunday 02:00                       16.7 %            0.56\n"
        "     same hours last week               10.2 %            0.91             0.91\n"
        "     8-week mean                         9.3 %            1.00             1.00\n"
        "2 h  suggested                          13.0 %                             1.00              100 %\n"
        "     Sunday 02:00                       13.0 %            1.00\n"
        "     same hours last week               13.0 %            1.00             1.00\n"
        "     8-week mean                        13.0 %            1.00             1.00\n"
        "\n"
        "Of an ordinary hour: traffic in the chosen slots over the mean of all hours.\n"
        "Suggested : it: traffic in the suggested slots over that in the slots of this habit, "
        "same midnights.\n"
    )


def test_it_says_which_hours_and_days_are_left_out(file: Path) -> None:
    printed, _ = _run(file, *PLACE, "--durations=2h", "--origins=3", "--staffed", "--blackouts")
    assert (
        "slots that begin 5 to 12 days later, from 08:00 to 20:00 on working days,\n"
        "clear of holidays, the 1st, 15th and 25th and the last two days of a month.\n"
    ) in printed


def test_a_habit_that_has_no_slot_within_the_limits_is_said_to_have_none(file: Path) -> None:
    printed, _ = _run(file, *PLACE, "--durations=2h", "--origins=3", "--staffed")
    assert "Sunday 02:00                none to judge\n" in printed


def test_where_nothing_came_the_difference_stands_for_the_ratio(tmp_path: Path) -> None:
    file = tmp_path / "traffic.csv"
    _written(file)
    rows = [line.split(",") for line in file.read_text().splitlines()]
    file.write_text("\n".join(f"{at},{0 if 'T03' in at else count}" for at, count in rows))
    printed, _ = _run(file, *PLACE, "--durations=1h", "--origins=3")
    assert "8-week mean                         0.0 %            +0.0             +0.0\n" in printed
    assert "With a sign: nothing came in the latter" in printed


def test_it_prints_one_object_for_each_origin_and_duration(file: Path) -> None:
    rows = _rows(file, "--durations=1h,2h,4h", "--origins=5")
    assert {tuple(row) for row in rows} == {tuple(KEYS)}
    assert len({(row["origin"], row["duration"]) for row in rows}) == len(rows) == 15
    assert {row["duration"] for row in rows} == {1.0, 2.0, 4.0}


def test_its_times_are_local_with_their_offset(file: Path) -> None:
    for row in _rows(file, "--durations=2h", "--origins=40"):
        for name in ("origin", "start", "baseline_start"):
            at = datetime.fromisoformat(row[name])
            assert at.utcoffset() == at.astimezone(LONDON).utcoffset()
        assert "T00:00:00" in row["origin"]


def test_its_figures_are_those_of_the_file(file: Path) -> None:
    for row in _rows(file, "--durations=1h", "--origins=5"):
        start, baseline = (datetime.fromisoformat(row[name]) for name in ("start", "baseline_start"))
        assert row["actual"] == pytest.approx(week(start.astimezone(LONDON)))
        assert row["baseline_actual"] == pytest.approx(week(baseline.astimezone(LONDON)))
        assert row["low"] <= row["promised"] <= row["high"]


@pytest.mark.parametrize(
    ("arguments", "mode"),
    [
        ((), "any"),
        (("--blackouts",), "any+blackouts"),
        (("--staffed",), "staffed"),
        (("--staffed", "--blackouts"), "staffed+blackouts"),
    ],
)
def test_it_names_its_mode(file: Path, arguments: tuple[str, ...], mode: str) -> None:
    assert {row["mode"] for row in _rows(file, "--origins=3", *arguments)} == {mode}


def test_minutes_are_a_duration_too(file: Path) -> None:
    assert {row["duration"] for row in _rows(file, "--durations=120m", "--origins=3")} == {2.0}


def test_only_so_many_weeks_are_read_where_it_is_told_so(file: Path) -> None:
    assert _rows(file, "--origins=3", "--history=3") != []
    assert "at least 3 weeks of traffic" in _refusal(file, *PLACE, "--history=1")


def test_the_bank_s_own_holidays_are_kept_clear(file: Path) -> None:
    plain = _rows(file, "--durations=1h", "--origins=3", "--blackouts")
    for row in plain:
        day = datetime.fromisoformat(row["start"]).date()
        Holiday.objects.get_or_create(country="GB", day=day, defaults={"name": "Bank day"})
    again = _rows(file, "--durations=1h", "--origins=3", "--blackouts")
    assert not {row["start"][:10] for row in plain} & {row["start"][:10] for row in again}


def test_an_unknown_country_is_doubted_beside_the_figures(file: Path) -> None:
    printed, beside = _run(file, "--zone=Europe/London", "--country=XX", "--origins=3", "--json")
    assert beside.strip() == (
        "No holidays are known for the country 'XX': every day counts as an ordinary one."
    )
    assert json.loads(printed)


def test_bad_rows_are_reported_and_the_good_ones_used(tmp_path: Path) -> None:
    good = _written(tmp_path / "good.csv")
    bad = _written(
        tmp_path / "bad.csv",
        spoilt={
            5: "2026-01-05T03:00:00,-4",
            6: "2026-01-05T04:00:00,NaN",
            7: "yesterday,7",
            8: "2026-01-05T06:00:00",
        },
    )
    printed, beside = _run(bad, *PLACE, "--origins=3")
    assert beside == (
        "4 rows rejected:\n"
        "  line 5: the count '-4' is negative\n"
        "  line 6: the count 'NaN' is not a number like 1250 or 12.5\n"
        "  line 7: the timestamp 'yesterday' is not ISO 8601 like 2026-03-02T09:30\n"
        "  line 8: it has 1 fields where the first line has 2\n"
    )
    assert printed.splitlines()[0] == _run(good, *PLACE, "--origins=3")[0].splitlines()[0]


def test_the_order_of_the_rows_does_not_matter_and_of_one_moment_the_last_counts(tmp_path: Path) -> None:
    good = _written(tmp_path / "good.csv")
    head, *rows = good.read_text().splitlines()
    moments = [row.split(",")[0] for row in rows]
    other = tmp_path / "other.csv"
    repeated = [f"{at},123456" for at in moments[:500]]  # corrected further down
    other.write_text("\n".join([head, *repeated, *rows[600:], *rows[:600]]))
    assert _rows(other, "--origins=4") == _rows(good, "--origins=4")


def test_too_short_a_file_says_so(tmp_path: Path) -> None:
    said = _refusal(_written(tmp_path / "short.csv", weeks=4), *PLACE)
    assert said == (
        "There is no moment at which a slot could be suggested and then judged: the file needs at least "
        "3 weeks of traffic, and 2 more to judge by."
    )


def test_five_weeks_are_enough(tmp_path: Path) -> None:
    assert _rows(_written(tmp_path / "short.csv", weeks=5), "--durations=2h")


def test_a_file_of_daily_counts_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "daily.csv"
    rows = [f"{(FIRST_ROW + timedelta(days=day)).isoformat()},{day}" for day in range(90)]
    file.write_text("\n".join(["timestamp,count", *rows]))
    assert "no two samples of traffic within an hour of each other" in _refusal(file, *PLACE)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "gone.csv" in _refusal(tmp_path / "gone.csv", *PLACE)


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.csv"
    file.write_text("when,howmany\n2026-01-05T00:00,1\n")
    assert "lacks the columns timestamp, count" in _refusal(file, *PLACE)


def test_a_file_of_bad_rows_alone_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text("timestamp,count\n2026-01-05T00:00,-1\n")
    assert "No row could be taken." in _refusal(file, *PLACE)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--zone=Europe/Londn", "--country=GB"), "there is no time zone 'Europe/Londn'"),
        ((*PLACE, "--durations=0h"), "'0h' is no duration up to a week: write 2h, 90m or 1h30m."),
        ((*PLACE, "--durations=2h,,4h"), "'' is no duration up to a week"),
        ((*PLACE, "--durations=two"), "'two' is no duration up to a week"),
        ((*PLACE, "--origins=0"), "'0' is not a number of 1 or more"),
        ((*PLACE, "--history=-1"), "'-1' is not a number of 1 or more"),
        (("--country=GB",), "--zone"),
        (("--zone=Europe/London",), "--country"),
    ],
)
def test_what_it_cannot_read_it_refuses_with_a_sentence(
    file: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    assert sentence in _refusal(file, *arguments)


@pytest.mark.process
def test_it_needs_no_tables(file: Path, tmp_path: Path) -> None:
    """A bank tries it before anything is set up."""
    command = [sys.executable, "manage.py", "backtest_slots", str(file), *PLACE, "--origins=2", "--json"]
    own = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path}/fresh.sqlite3", "MANAGE_NO_VENV": "1"}
    done = subprocess.run(command, cwd=settings.ROOT, env=own, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(json.loads(done.stdout)) == 6
