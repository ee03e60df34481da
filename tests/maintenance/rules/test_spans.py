"""Spans are found by the time that meets them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maintenance.rules import Span, Spans, WindowTime

ZERO = datetime(2026, 3, 2, tzinfo=UTC)
SHAPES = st.tuples(st.integers(0, 60), st.integers(1, 40))


def _at(hour: int) -> datetime:
    return ZERO + timedelta(hours=hour)


def _time(begin: int, length: int) -> WindowTime:
    return WindowTime(_at(begin), _at(begin + length), ZERO)


def _span(begin: int, length: int) -> Span:
    return Span(f"{begin} for {length}", _at(begin), _at(begin + length))


def _share_a_moment(span: Span, time: WindowTime) -> bool:
    return span.starts_at < time.ends_at and time.starts_at < span.ends_at


@given(st.lists(SHAPES, max_size=12), SHAPES)
def test_all_that_meet_a_time_are_found_however_long_they_are(
    shapes: list[tuple[int, int]], asked: tuple[int, int]
) -> None:
    spans, time = [_span(*shape) for shape in shapes], _time(*asked)
    met = Spans(spans).meeting(time)
    assert sorted(span.name for span in met) == sorted(
        span.name for span in spans if _share_a_moment(span, time)
    )


@given(st.lists(SHAPES, max_size=6), SHAPES)
def test_gaps_are_the_hours_that_lie_in_no_span(
    shapes: list[tuple[int, int]], asked: tuple[int, int]
) -> None:
    hours = {hour for begin, length in shapes for hour in range(begin, begin + length)}
    bare = [hour for hour in range(asked[0], sum(asked)) if hour not in hours]
    gaps = Spans(_span(*shape) for shape in shapes).gaps(_time(*asked))
    assert [_at(hour) for hour in bare] == [
        begin + n * timedelta(hours=1)
        for begin, end in gaps
        for n in range(int((end - begin) / timedelta(hours=1)))
    ]


@pytest.mark.parametrize(
    ("at", "within", "name"), [(0, 5, "5 for 1"), (0, 4, ""), (5, 9, ""), (4, 1, "5 for 1")]
)
def test_the_next_is_the_first_that_begins_later_and_not_too_late(at: int, within: int, name: str) -> None:
    found = Spans([_span(5, 1), _span(0, 9)]).next(_at(at), timedelta(hours=within))
    assert (found.name if found else "") == name
