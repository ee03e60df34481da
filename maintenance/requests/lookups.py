"""Numbers to look for in; those that a column can hold out. Registered by apps.py.

Django looks for one number that is too large and finds nothing; among several, SQLite stumbles over it.
"""

from __future__ import annotations

from typing import Any, Final

from django.db.models.lookups import In

_LEAST: Final = -(2**63)
LARGEST: Final = 2**63 - 1
"""The largest whole number that both databases hold."""


class IntegerIn(In):
    """`__in` of a whole-number column, as an id is one."""

    lookup_name = "in"

    def get_prep_lookup(self) -> Any:
        """Without numbers that no column holds: no row has them."""
        wanted = super().get_prep_lookup()
        if not isinstance(wanted, list):
            return wanted
        return [one for one in wanted if not isinstance(one, int) or _LEAST <= one <= LARGEST]
