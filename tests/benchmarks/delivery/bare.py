"""A bare client's name in; run in as many processes as the sender has, and what that took, out."""

from __future__ import annotations

import json
import time
from typing import Final

from tests.benchmarks.delivery import processes
from tests.benchmarks.delivery.measured import Measured
from tests.benchmarks.delivery.provider import Server

_STARTS_WITHIN: Final = 1.5


def run(client: str, server: Server, messages: int, *, senders: int = 2, in_flight: int = 64) -> Measured:
    """So many messages in all, from the moment when every process is ready to the last answer."""
    server.forget()
    at_server, begin = processes.cpu(server.started), time.monotonic() + _STARTS_WITHIN
    module, each = "tests.benchmarks.delivery.limits", messages // senders
    arguments = (client, str(server.port), str(each), str(in_flight), str(begin))
    started = [processes.start("-m", module, *arguments) for _ in range(senders)]
    with processes.running(*started):
        told = []
        for one in started:
            one.process.wait()
            told.append(json.loads(one.said()))
        taken = server.counted().messages
        assert taken == each * senders, f"{taken} of {each * senders} messages came"
        return Measured(
            taken,
            max(one["ended"] for one in told) - begin,
            cpu=sum(one["cpu"] for one in told),
            server=processes.cpu(server.started) - at_server,
        )
