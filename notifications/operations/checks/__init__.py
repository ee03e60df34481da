"""The moment in; what is wrong now, each in words that say what to do, out.

Asked every few seconds beside a running million, so each question is bounded and goes by an index. The
words name no customer and quote no provider: they are mailed.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from datetime import datetime

from django.db import Error

from notifications.operations import configuration, heartbeats
from notifications.operations.checks import processes, queues, senders
from notifications.operations.checks.findings import Finding

log = logging.getLogger(__name__)


def all_findings(*, now: datetime) -> list[Finding]:
    """All that a person must see to.

    A question that cannot be asked is one more fault and silences none of the others. Raises what the
    database raises: then nothing is known.
    """
    pulses = heartbeats.last_beats()
    questions: dict[str, Callable[[], Iterator[Finding]]] = {
        "settings": lambda: iter(setting_findings()),
        "the clock": lambda: processes.silent_clock(pulses),
        "the workers": lambda: processes.silent_workers(pulses),
        "notices to prepare": lambda: queues.unprepared_notices(now),
        "messages that are due": lambda: queues.overdue_queues(pulses, now),
        "senders": lambda: senders.resting_senders(now),
        "failures": lambda: senders.sender_failures(now),
        "doubts": queues.growing_doubt,
        "receipts": lambda: queues.late_receipts(now),
    }
    return [found for name, ask in questions.items() for found in _asked(name, ask)]


def _asked(name: str, ask: Callable[[], Iterator[Finding]]) -> list[Finding]:
    try:
        return list(ask())
    except Error:
        raise
    except Exception:  # whatever it is, the other questions are asked
        log.exception("the watch cannot ask after %s", name)
        return [
            Finding(
                f"watch {name}",
                f"The watch cannot ask after {name}, and would miss what is wrong with them. "
                "The clock's log says why.",
            )
        ]


def setting_findings() -> list[Finding]:
    """Faults of this process's settings. Asked by pages and probes too: a web process may have others."""
    return [
        Finding(f"settings {fault.id} {_short(fault.words)}", f"{fault.words} {fault.hint}")
        for fault in configuration.setting_faults()
        if not fault.is_warning
    ]


def _short(words: str) -> str:
    """The same for the same words in every process, whatever else is wrong: an alarm goes by it."""
    return hashlib.sha256(words.encode()).hexdigest()[:8]


def dead_clock() -> list[Finding]:
    """Asked by pages and probes too: a dead clock raises no alarm of its own.

    Nor does a database that refuses it, which then is what is wrong, and all that is known.
    """
    silent = list(processes.silent_clock(heartbeats.last_beats()))
    return (list(processes.database_faults()) or silent) if silent else []
