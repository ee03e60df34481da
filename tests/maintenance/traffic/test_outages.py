"""What was no demand is not learnt from: outages told and untold; and what is quiet is no outage."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from maintenance.traffic import outages, weeks
from maintenance.traffic.weeks import Weeks
from tests.maintenance.usage import LONDON, Usage, learnt, london, samples, week

HOUR = timedelta(hours=1)
UNTIL = datetime(2026, 3, 2, tzinfo=UTC)


def _weeks(usage: Usage, number: int = 10) -> Weeks:
    kept = samples(usage, until=UNTIL, days=7 * number)
    at, counts = (np.array(column) for column in zip(*((at.timestamp(), n) for at, n in kept), strict=True))
    return weeks.weeks_of(at, counts, name="Online banking", zone=LONDON, now=UNTIL)


def _found(usage: Usage) -> int:
    """How many hours are taken for an outage."""
    return int(outages.found_outages(_weeks(usage)).sum())


def test_an_ordinary_history_has_no_outage() -> None:
    assert _found(week) == 0


@pytest.mark.parametrize("left", [0.0, 0.02])
def test_hours_of_almost_nothing_where_there_is_much_are_an_outage(left: float) -> None:
    out = [datetime(2026, 2, 4, hour, tzinfo=LONDON) for hour in (9, 10, 11)]
    assert _found(lambda at: left * week(at) if at in out else week(at)) == 3


def test_an_outage_across_midnight_is_one() -> None:
    begins = datetime(2026, 2, 4, 22, tzinfo=LONDON)
    assert _found(lambda at: 0.0 if begins <= at < begins + 4 * HOUR else week(at)) == 4


def test_a_bank_that_is_closed_at_weekends_has_no_outage() -> None:
    assert _found(lambda at: 0.0 if at.weekday() >= 5 else week(at)) == 0


def test_a_bank_that_is_closed_at_night_has_no_outage() -> None:
    assert _found(lambda at: week(at) if 7 <= at.hour < 21 else 0.0) == 0


def test_a_quiet_hour_of_few_counts_that_stays_empty_is_no_outage() -> None:
    dice = np.random.default_rng(11)
    assert _found(lambda at: float(dice.poisson(0.8 if at.hour < 5 else 20))) == 0


def test_a_day_without_customers_is_no_outage() -> None:
    """A holiday that the calendar does not know."""
    assert _found(lambda at: 0.0 if at.date() == date(2026, 2, 4) else week(at)) == 0


def test_times_that_were_told_cover_every_hour_they_touch() -> None:
    came = _weeks(week)
    begin = datetime(2026, 2, 4, 9, 30, tzinfo=LONDON).timestamp()
    assert outages.known_outages(came, LONDON, [(begin, begin + 3600)]).sum() == 2
    assert outages.known_outages(came, LONDON, [(begin, float("inf"))]).sum() == 25 * 24 + 15
    assert outages.known_outages(came, LONDON, [(0.0, 1.0)]).sum() == 0


def test_outages_at_the_same_hour_of_every_fortnight_do_not_make_it_attractive() -> None:
    """A Tuesday from 09:00, busy, down every other week: still as busy as the hour is on other days."""

    def down(at: datetime) -> float:
        out = at.weekday() == 1 and 9 <= at.hour < 13 and at.isocalendar().week % 2 == 0
        return 0.0 if out else week(at)

    start = london(date(2026, 3, 10), 9)
    spoilt, clean = (
        learnt(usage, until=UNTIL, days=140).expect(start, start + 4 * HOUR).expected
        for usage in (down, week)
    )
    assert spoilt == pytest.approx(clean, rel=0.01)


def test_outages_in_the_quietest_hours_do_not_lure_the_choice_there() -> None:
    """Down every other Wednesday at 02:00: Sunday, half as busy, is still chosen."""

    def down(at: datetime) -> float:
        out = at.weekday() == 2 and 2 <= at.hour < 5 and at.isocalendar().week % 2 == 0
        return 0.0 if out else week(at)

    profile = learnt(down, until=UNTIL, days=140)
    starts = UNTIL.timestamp() + 3600 * np.arange(5 * 24, 12 * 24, dtype=np.float64)
    best = datetime.fromtimestamp(starts[int(profile.expected(starts, 7200).argmin())], LONDON)
    assert best.strftime("%a") == "Sun"
