"""What nobody means and somebody will type: values for the fields of queries and forms."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from zlib import crc32

from hypothesis import strategies as st

NUMBERS: Final = (
    "²",
    str(2**63),
    "on",
    "-1",
    "9" * 5_000,
    "0",
    "99999999999",
    "1e400",
    "٣",
    "NaN",
    "Infinity",
    str(2**31),
    "1.5",
    "",
    "99999999999999999999",
    "x",
    "1",
)
TIMES: Final = (
    "9999-12-31",
    "0001-01-01T00:00:00+14:00",
    "0001-01-01",
    "9999-12-31T23:59:59-23:59",
    "2026-03-16T03:00+23:59",
    "2026-02-31",
    "9999-12-31T23:59",
    "0001-01-01T00:00",
    "9999-12",
    "0001-01",
    "2199-12-31",
    "1970-01-01",
    "2026-03-29T01:30",
    "24:00",
    "999999999:00:00",
    "999999999 00:00:00",
    "P999999999D",
    "999999999 h",
    "9999999999999999 days",
    "FREQ=YEARLY;COUNT=0",
    "FREQ=DAILY;UNTIL=99991231T235959Z",
)
TEXTS: Final = (
    "a\0b",
    "\ud800",
    "x" * 10_000,
    "\u202egnp.ics\u2066",
    "😀🏳️\u200d🌈",
    "\ufffe\uffff",
    "\x01\x1b[2J",
    "\r\nSet-Cookie: a=b",
    "<script>alert(1)</script>",
    "{{ 7 }}{% now %}[[name]]",
    "'; DROP TABLE x; --",
    "%00",
    "%s%n%(x)s",
    "../../etc/passwd",
    "null",
    "[]",
    '{"a": 1}',
    " ",
    "-",
    ",",
    "a,b",
)
BEYOND: Final = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-23:59")
"""Times that there are, and in no other zone."""
KINDS: Final = (NUMBERS, TIMES, TEXTS)
_TIME: Final = re.compile(
    r"(^|_)(at|day|date|until|since|after|before|week|month|before|lead|least|promised)($|_|\d)"
)


def is_time(name: str) -> bool:
    """Whether a field of that name asks for a time or a day."""
    return bool(_TIME.search(name))


def values(name: str, turn: int) -> st.SearchStrategy[str]:
    """For a field of that name, beginning at another for each turn; and what Hypothesis makes up."""
    own = TIMES if is_time(name) else KINDS[(turn + crc32(name.encode())) % len(KINDS)]
    return st.one_of(_listed(own, turn), *(_listed(kind, turn) for kind in KINDS), st.text(max_size=12))


def _listed(kind: Sequence[str], turn: int) -> st.SearchStrategy[str]:
    return st.integers(0, len(kind) - 1).map(lambda place: kind[(place + turn) % len(kind)])


def fields(names: Sequence[str], turn: int, most: int) -> st.SearchStrategy[dict[str, list[str]]]:
    """Odd values for so many of the names, beginning at another for each turn."""

    def of(start: int, fewer: int) -> st.SearchStrategy[dict[str, list[str]]]:
        number = max(1, min(most, len(names)) - fewer)
        chosen = {names[(start + turn + step) % len(names)] for step in range(number)}
        return st.fixed_dictionaries(
            {name: st.lists(values(name, turn), min_size=1, max_size=2) for name in sorted(chosen)}
        )

    places, fewer = st.integers(0, len(names) - 1), st.integers(0, most - 1)
    return st.tuples(places, fewer).flatmap(lambda drawn: of(*drawn))
