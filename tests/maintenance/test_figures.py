"""Loads as a page writes them."""

from __future__ import annotations

import pytest

from maintenance.templatetags.spans import figure


@pytest.mark.parametrize(
    ("number", "written"), [(0, "0"), (0.256, "0.26"), (4.25, "4.2"), (140.4, "140"), (5497.3, "5,497")]
)
def test_small_loads_keep_the_decimals_that_tell_them_apart(number: float, written: str) -> None:
    assert figure(number) == written
