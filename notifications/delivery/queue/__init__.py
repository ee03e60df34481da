"""Queued deliveries in; claimed, intended, put off, withdrawn or swept ones out.

Which moves there are stands in delivery/transitions.py. A claim is a row lock of the transaction that also
commits the intent, so it is in no column and needs no sweep. `sending` is committed before the provider is
called, so after a crash it is known which messages are in doubt. From then on whoever holds a row holds it
by a lease: a token and an end, judged by the database's clock. Each move out of `sending` is fenced by that
token, so a process that was thought dead and comes back changes nothing.
"""

from notifications.delivery.queue.claim import (
    Claimed,
    as_claimed,
    claimed_deliveries,
    give_up,
    put_off,
    readdress,
)
from notifications.delivery.queue.end import (
    confirm_by_hand,
    end_all_leases,
    sweep_deliveries,
    withdraw_deliveries,
)
from notifications.delivery.queue.intend import intended, intended_ids
from notifications.delivery.queue.requeue import put_back, send_again, send_all_again

__all__ = [
    "Claimed",
    "as_claimed",
    "claimed_deliveries",
    "confirm_by_hand",
    "end_all_leases",
    "give_up",
    "intended",
    "intended_ids",
    "put_back",
    "put_off",
    "readdress",
    "send_again",
    "send_all_again",
    "sweep_deliveries",
    "withdraw_deliveries",
]
