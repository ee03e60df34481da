"""Times as the bank's staff read them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from maintenance.templatetags.spans import span


@pytest.mark.parametrize(
    ("ends_at", "said"),
    [
        (datetime(2026, 12, 24, 9, tzinfo=UTC), "– 09:00 GMT"),
        (datetime(2026, 12, 26, tzinfo=UTC), "– Sat 26 Dec, 00:00 GMT"),
        (datetime(2027, 1, 2, tzinfo=UTC), "– Sat 2 Jan 2027, 00:00 GMT"),
    ],
)
def test_a_span_names_the_day_and_the_year_of_its_end_where_they_differ(ends_at: datetime, said: str) -> None:
    found = span(datetime(2026, 12, 24, tzinfo=UTC), ends_at).replace("\N{WORD JOINER}", "")
    assert found.replace("\N{NO-BREAK SPACE}", " ") == f"Thu 24 Dec 2026, 00:00 {said}"
