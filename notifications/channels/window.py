"""Messages and a wire in; their outcomes as they become known, out.

Calls run in threads that know no database. The iterator of messages is asked only here, in the
caller's own thread, because behind it the messages are claimed and marked as being sent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from queue import SimpleQueue

from notifications import contract
from notifications.contract import Class, Found, Message, Outcome
from notifications.providers import Provider, outcome

_log = logging.getLogger(__name__)


def carry(
    messages: Iterator[Message], call: Callable[[Message], Outcome], in_flight: int, provider: str
) -> Iterator[Outcome]:
    """Keep up to `in_flight` calls under way and yield each outcome when it is known.

    An error of the iterator is raised once everything already handed out is answered.
    """
    answered: SimpleQueue[Future[Outcome]] = SimpleQueue()
    under_way = 0
    failed: Exception | None = None
    more = True
    threads = ThreadPoolExecutor(in_flight, thread_name_prefix=f"{provider}-call")
    try:
        while more or under_way:
            if more and under_way < in_flight and answered.empty():
                try:
                    message = next(messages)
                except StopIteration:
                    more = False
                except Exception as error:  # noqa: BLE001  # whatever it is, raised below
                    more, failed = False, error
                else:
                    threads.submit(_guarded, call, message, provider).add_done_callback(answered.put)
                    under_way += 1
                continue
            done = answered.get()
            under_way -= 1
            yield done.result()
        if failed:
            raise failed
    finally:
        threads.shutdown(wait=False)


def _guarded(call: Callable[[Message], Outcome], message: Message, provider: str) -> Outcome:
    """A fault of ours in one message must not take the others along; and it may have been sent."""
    try:
        return call(message)
    except Exception as error:  # noqa: BLE001  # one of thousands, and told as unknown
        _log.exception("delivery %s: a fault while it was being sent", message.delivery)
        kind = type(error).__name__
        return outcome(message, Class.UNKNOWN, provider, code="fault", detail=f"{kind}: {error}")


class Channel(contract.Channel):
    """A channel with one wire behind it."""

    def __init__(self, in_flight: int, wire: Provider) -> None:
        """`wire` may hold the window smaller than `in_flight`."""
        super().__init__(min(in_flight, wire.at_once or in_flight))
        self._wire = wire
        self.provider = wire.name
        self.has_receipts = wire.has_receipts

    def send(self, messages: Iterator[Message]) -> Iterator[Outcome]:
        """As the contract."""
        return carry(messages, self._wire.send, self.in_flight, self.provider)

    def find(self, message: Message, since: datetime) -> Found | None:
        """As the contract."""
        return self._wire.find(message, since)

    def close(self) -> None:
        """As the contract."""
        self._wire.close()
