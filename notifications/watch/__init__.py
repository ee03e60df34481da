"""The moment in; what is wrong now, each in words that say what to do, out.

Asked every few seconds beside a running million, so each question is bounded and goes by an index. The
words name no customer and quote no provider: they are mailed.
"""

from __future__ import annotations

from datetime import datetime

from notifications import heartbeats
from notifications.watch import processes, queues, senders
from notifications.watch.words import Wrong


def wrong(*, now: datetime) -> list[Wrong]:
    """All that a person must see to."""
    pulses = heartbeats.pulses()
    return [
        *processes.clock(pulses),
        *processes.workers(pulses),
        *queues.unprepared(now),
        *queues.due(pulses, now),
        *senders.resting(),
        *senders.failures(now),
        *queues.unknown(),
        *queues.receipts(now),
    ]


def dead_clock() -> list[Wrong]:
    """Asked by pages and probes too: a dead clock raises no alarm of its own.

    Nor does a database that refuses it, which then is what is wrong, and all that is known.
    """
    silent = list(processes.clock(heartbeats.pulses()))
    return (list(processes.database()) or silent) if silent else []
