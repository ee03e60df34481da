"""Words in; units and segments as networks and providers count them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.wording.segments import Segments, counted_segments, simplify

ANY_TEXT = st.text(st.sampled_from("aé€{ç\n\u0639😀"), max_size=400)


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", "GSM-7", 0, 0),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        ("a" * 152 + "€" + "b" * 10, "GSM-7", 164, 2),
        ("ł" * 70, "UCS-2", 70, 1),
        ("ł" * 71, "UCS-2", 71, 2),
        ("ł" * 134, "UCS-2", 134, 2),
        ("ł" * 135, "UCS-2", 135, 3),
        ("😀" * 35, "UCS-2", 70, 1),
        ("😀" * 36, "UCS-2", 72, 2),
        ("صيانة", "UCS-2", 5, 1),
    ],
)
def test_a_text_costs_what_the_network_counts(text: str, encoding: str, units: int, segments: int) -> None:
    """Cases on which four independent calculators agree."""
    found = counted_segments(text)
    assert (found.encoding, found.units, found.segments) == (encoding, units, segments)


def test_an_escaped_character_is_not_split_over_segments() -> None:
    """153 septets would end between the escape and the euro: 306 units that need three segments."""
    assert counted_segments("a" * 152 + "€" + "a" * 152) == Segments("GSM-7", 306, 3)


def test_a_surrogate_pair_is_not_split_over_segments() -> None:
    """67 units would end in the middle of the emoji."""
    assert counted_segments("ع" * 66 + "😀" + "ع" * 66) == Segments("UCS-2", 134, 3)


@pytest.mark.parametrize("character", ["ç", "\u2019", "\u2013", "\u00a0", "\u202f", "ع"])
def test_one_character_outside_the_alphabet_changes_the_whole_text(character: str) -> None:
    """A lower-case ç is not in GSM-7, though Ç is; nor are the quotes and spaces of good typography."""
    assert counted_segments(f"hello {character}").encoding == "UCS-2"


def test_typography_is_made_plain() -> None:
    """What a staff member pastes from a word processor."""
    assert simplify("“Cards” – 2:00\u202fAM, don\u2019t worry\u2026") == '"Cards" - 2:00 AM, don\'t worry...'


@given(ANY_TEXT)
def test_segments_are_enough_and_not_one_too_many(text: str) -> None:
    """Whatever the text, no segment is empty and none overflows."""
    found = counted_segments(text)
    alone, joined = (160, 153) if found.encoding == "GSM-7" else (70, 67)
    if found.units <= alone:
        assert found.segments == (1 if text else 0)
    else:
        # a segment may stay one unit short, where a pair did not fit
        assert -(-found.units // joined) <= found.segments <= -(-found.units // (joined - 1))
