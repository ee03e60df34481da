"""Repeats as a person chooses and reads them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from maintenance import recurrence
from maintenance.recurrence import Recurring, repeats
from maintenance.recurrence.repeats import Every, Repeat
from tests.maintenance.recurrence.test_recurrence import at

SUNDAY = at("2026-01-04T02:00")


@pytest.mark.parametrize(
    ("every", "days"),
    [
        (Every.DAY, ["01-04", "01-05", "01-06"]),
        (Every.WORKWEEK, ["01-05", "01-06", "01-07"]),
        (Every.WEEK, ["01-04", "01-11", "01-18"]),
        (Every.TWO_WEEKS, ["01-04", "01-18", "02-01"]),
        (Every.MONTH_DATE, ["01-04", "02-04", "03-04"]),
        (Every.MONTH_WEEKDAY, ["01-04", "02-01", "03-01"]),
        (Every.MONTH_LAST, ["01-25", "02-22", "03-29"]),
        (Every.YEAR, ["01-04", "01-04", "01-04"]),
    ],
)
def test_a_choice_names_the_days_that_it_says(every: Every, days: list[str]) -> None:
    rule = Repeat(every).rule(date(2026, 1, 4))
    found = recurrence.coming_times(Recurring(SUNDAY, SUNDAY + timedelta(hours=1), rule), SUNDAY, 3)
    assert [f"{start:%m-%d}" for start, _ in found] == days


@pytest.mark.parametrize("every", [each for each in Every if each not in (Every.NEVER, Every.OWN)])
@pytest.mark.parametrize("until", [None, date(2027, 3, 1)])
def test_a_choice_is_found_again_in_its_rule(every: Every, until: date | None) -> None:
    chosen = Repeat(every, until)
    assert repeats.repeat_of(chosen.rule(date(2026, 1, 4)), SUNDAY) == chosen


def test_what_does_not_repeat_has_no_rule() -> None:
    assert Repeat(Every.NEVER, date(2027, 1, 1), "FREQ=DAILY").rule(date(2026, 1, 4)) == ""
    assert repeats.repeat_of(" ", SUNDAY) == Repeat()


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("", "Once"),
        ("FREQ=DAILY", "Every day"),
        ("RRULE:FREQ=WEEKLY;BYDAY=FR,MO,TU,WE,TH;WKST=MO", "Monday to Friday"),
        ("FREQ=WEEKLY;INTERVAL=1", "Every Sunday"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA", "Monday to Saturday"),
        ("FREQ=WEEKLY;BYDAY=SU,TU,TH", "Every Tuesday, Thursday and Sunday"),
        ("FREQ=WEEKLY;BYDAY=MO,TU;UNTIL=20261231", "Every Monday and Tuesday until 31 December 2026"),
        ("FREQ=WEEKLY;UNTIL=20261231", "Every Sunday until 31 December 2026"),
        ("FREQ=WEEKLY;UNTIL=20261227T020000Z", "Every Sunday until 27 December 2026"),
        ("FREQ=WEEKLY;UNTIL=20261227T010000Z", "Every Sunday until 26 December 2026"),
        ("FREQ=MONTHLY", "Every month on day 4"),
        ("FREQ=MONTHLY;BYDAY=+1SU", "Every month on the first Sunday"),
        ("FREQ=MONTHLY;BYDAY=-1SU", "Every month on the last Sunday"),
        ("FREQ=YEARLY", "Every year on 4 January"),
        ("FREQ=YEARLY;BYMONTH=1", "Every year on 4 January"),
        ("FREQ=YEARLY;BYMONTHDAY=4", "By its own rule: FREQ=YEARLY; BYMONTHDAY=4"),
        ("FREQ=WEEKLY;INTERVAL=2", "Every second Sunday"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;WKST=SU", "Every second Sunday"),
        ("FREQ=WEEKLY;INTERVAL=3", "By its own rule: FREQ=WEEKLY; INTERVAL=3"),
        ("FREQ=WEEKLY;COUNT=9", "By its own rule: FREQ=WEEKLY; COUNT=9"),
        ("FREQ=WEEKLY\nEXDATE:20260111T020000,20260118T020000", "Every Sunday, but for 2 times"),
    ],
)
def test_a_rule_is_read_in_words(rule: str, said: str) -> None:
    assert repeats.repeat_words(rule, SUNDAY) == said


def test_a_rule_with_exceptions_is_shown_as_it_is() -> None:
    """No choice with a name could keep them."""
    rule = "FREQ=WEEKLY\nEXDATE:20260111T020000"
    assert repeats.repeat_of(rule, SUNDAY) == Repeat(Every.OWN, own=rule)
