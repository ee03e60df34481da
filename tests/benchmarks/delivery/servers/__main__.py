"""python -m tests.benchmarks.delivery.servers web|mail: serves until killed, and prints its two ports."""

from __future__ import annotations

import asyncio
import sys

import uvloop

from tests.benchmarks.delivery.servers.mail import Mail
from tests.benchmarks.delivery.servers.tally import Control, Tally
from tests.benchmarks.delivery.servers.web import Web


async def _serve(kind: str) -> None:
    tally, loop = Tally(), asyncio.get_running_loop()
    doors = [
        await loop.create_server(lambda: (Web if kind == "web" else Mail)(tally), "127.0.0.1", backlog=1024),
        await loop.create_server(lambda: Control(tally), "127.0.0.1"),
    ]
    print(*(door.sockets[0].getsockname()[1] for door in doors), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1]))
