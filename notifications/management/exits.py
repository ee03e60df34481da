"""A process that is asked to end in; its end in time, whatever still runs in it, out.

Python waits for every thread of a pool before it ends, for ever if need be. All that runs here may be cut
short at any moment, as by a power cut: what it leaves is found by the next start.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import threading
from datetime import timedelta

log = logging.getLogger(__name__)


def exit_within(patience: timedelta, *, code: int = 0) -> threading.Timer:
    """End this process after so long, if it has not come to its end by itself; what ran is in the log.

    To be called once the end has begun. The timer may be cancelled.
    """
    timer = threading.Timer(patience.total_seconds(), _exit, [patience, code])
    timer.name, timer.daemon = "exit", True
    timer.start()
    return timer


def _exit(patience: timedelta, code: int) -> None:
    log.error(
        "what still ran %d seconds after the end was asked for is cut short, and taken up at the next start",
        patience.total_seconds(),
    )
    faulthandler.dump_traceback(all_threads=True)
    os._exit(code)
