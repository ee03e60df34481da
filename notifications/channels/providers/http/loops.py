"""A thread in; the event loop it keeps, and what is kept open on that loop, out.

Made on first use, so after the fork. A sender stops the loop whenever it talks to the database and
goes on with it later; what is open stays open meanwhile.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar, cast

_THREADS: Final = 64
"""For wires whose library blocks: as many calls at once as a channel has in flight."""


class Closable(Protocol):
    """What is kept: a session, or a set of lines."""

    async def close(self) -> None:
        """Say goodbye to the other side."""


Kept = TypeVar("Kept", bound=Closable)
Result = TypeVar("Result")


@dataclass
class _Loop:
    loop: asyncio.AbstractEventLoop
    kept: dict[object, Closable] = field(default_factory=dict)


_loops: dict[tuple[int, int], _Loop] = {}
"""By process and thread."""


def current_loop() -> asyncio.AbstractEventLoop:
    """The loop of this thread."""
    return _mine().loop


def run_on_loop(work: Awaitable[Result]) -> Result:
    """Run something to its end on the loop of this thread; everything else on it goes on meanwhile."""
    return _finish(current_loop(), work)


def kept_on_loop(name: object, make: Callable[[], Kept]) -> Kept:
    """What this thread's loop has open under a name; made where there is none yet."""
    kept = _mine().kept
    if name not in kept:
        kept[name] = make()
    return cast("Kept", kept[name])


def close_loops() -> None:
    """Close what the loops of this process have open, and the loops."""
    for key in [key for key in _loops if key[0] == os.getpid()]:
        _close(key)


def close_own() -> None:
    """Close what the loop of this thread has open, and the loop; a later call makes a new one."""
    _close((os.getpid(), threading.get_ident()))


def _close(key: tuple[int, int]) -> None:
    ended = _loops.pop(key, None)
    if ended and not ended.loop.is_running():
        for one in ended.kept.values():
            _finish(ended.loop, one.close())
        _finish(ended.loop, ended.loop.shutdown_default_executor())
        ended.loop.close()


def _finish(loop: asyncio.AbstractEventLoop, work: Awaitable[Result]) -> Result:
    return loop.run_until_complete(work)


def _mine() -> _Loop:
    key = (os.getpid(), threading.get_ident())
    if key not in _loops:
        loop = _new()
        loop.set_default_executor(ThreadPoolExecutor(_THREADS, thread_name_prefix="call"))
        _loops[key] = _Loop(loop)
    return _loops[key]


def _new() -> asyncio.AbstractEventLoop:
    """uvloop's, where there is one: a message takes a fifth to a third less of a processor."""
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()


atexit.register(close_loops)
