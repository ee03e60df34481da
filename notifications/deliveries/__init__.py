"""Queued deliveries in; claimed, intended, released, withdrawn or swept ones out.

    queued -> claimed -> sending -> sent -> delivered | failed

with `unknown`, `suppressed`, `expired`, `withdrawn` and `no address` beside it. Whoever holds a
row holds it by a lease: a token and an end, judged by the database's clock. Each move out of
`claimed` or `sending` is fenced by that token, so a process that was thought dead and comes back
changes nothing. `sending` is committed before the provider is called, so after a crash it is
known which messages are in doubt.
"""

from notifications.deliveries.claiming import (
    Claimed,
    Person,
    as_held,
    claim,
    give_up,
    release,
)
from notifications.deliveries.ending import (
    BY_HAND,
    RANK,
    confirm_by_hand,
    end_all_leases,
    suppress,
    sweep,
    withdraw,
)
from notifications.deliveries.intending import intend, intended

__all__ = [
    "BY_HAND",
    "RANK",
    "Claimed",
    "Person",
    "as_held",
    "claim",
    "confirm_by_hand",
    "end_all_leases",
    "give_up",
    "intend",
    "intended",
    "release",
    "suppress",
    "sweep",
    "withdraw",
]
