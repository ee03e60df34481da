"""Numbers and servers in; what runs beside what, each by its name, out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from django.conf import settings

from tests.benchmarks.delivery import bank, bare, million, sender
from tests.benchmarks.delivery.measured import Measured, cpu_of_postgresql
from tests.benchmarks.delivery.peers import running
from tests.benchmarks.delivery.provider import Server

LATENCY: Final = 0.1
"""Seconds the server takes in the part of that name."""
_SMTP_LINES: Final = 16

Runs = Mapping[str, Callable[[], Measured]]


@dataclass(frozen=True)
class Numbers:
    """How many messages each run sends; peers send as many as they can in some seconds."""

    fast: int
    million: int

    @property
    def customers(self) -> int:
        """How large the bank has to be."""
        return max(self.fast, million.customers(self.million))

    def of(self, part: int, chunk: int = 1) -> int:
        """A part of a fast run, in whole chunks."""
        return max(self.fast // part // chunk, 1) * chunk


@dataclass(frozen=True)
class Servers:
    """One of each kind."""

    web: Server
    mail: Server


def sms(numbers: Numbers, servers: Servers) -> Runs:
    """A server that answers at once."""
    web = servers.web
    return {
        "http server's limit": partial(bare.run, "http", web, numbers.fast * 2, senders=1),
        "bare aiohttp": partial(bare.run, "aiohttp", web, numbers.fast),
        "Lull, SMS": lambda: sender.send(sender.texting(web), numbers.fast),
        "(a) task per SMS": partial(running.run, running.TUTORIAL, web, numbers.of(100)),
        "(b) tuned, prefork": partial(running.run, running.PREFORK, web, numbers.of(30)),
        "(b) tuned, gevent": partial(running.run, running.GEVENT, web, numbers.of(30)),
        "(e) chunks": partial(running.run, running.CHUNKS, web, numbers.of(6, 500)),
    }


def latency(numbers: Numbers, servers: Servers) -> Runs:
    """A server that takes its time; one sending process against two."""
    web = servers.web

    def sent(workers: int) -> Measured:
        setup = sender.texting(web, workers=workers, children=1)
        return sender.send(setup, numbers.of(8) * workers, delay=LATENCY)

    return {"Lull, 100 ms, one worker": lambda: sent(1), "Lull, 100 ms, two workers": lambda: sent(2)}


def in_flight() -> int:
    """Messages that one process may have in flight."""
    return int(settings.DELIVERIES_IN_FLIGHT)


def smtp(numbers: Numbers, servers: Servers) -> Runs:
    """Mails over SMTP."""
    mail = servers.mail
    return {
        "bare SMTP client": partial(bare.run, "smtp", mail, numbers.fast, in_flight=_SMTP_LINES),
        "Lull, SMTP": lambda: sender.send(sender.mailing(mail), numbers.fast),
        "(c) post_office": partial(running.post_office, mail, numbers.of(6, 500)),
        "(d) send_mail in chunks": partial(running.run, running.MAILS, mail, numbers.of(6, 500)),
    }


def esp(numbers: Numbers, servers: Servers) -> Runs:
    """Mails through a mail service."""
    web = servers.web
    return {
        "Lull, mail service": lambda: sender.send(sender.batching(web), numbers.fast),
        "anymail, one call each": partial(running.run, running.ANYMAIL, web, numbers.of(8, 500)),
    }


def prepare(numbers: Numbers, servers: Servers) -> Runs:
    """Deliveries made, and not sent."""

    def prepared() -> Measured:
        bank.forget()
        made = bank.notice(bank.service(numbers.million), "sms", due_in=86_400)
        before = cpu_of_postgresql()
        seconds = bank.prepare(made)
        return Measured(numbers.million, seconds, postgresql=cpu_of_postgresql() - before)

    return {"Lull, prepared": prepared}


def great(numbers: Numbers, servers: Servers) -> Runs:
    """A million, and what overtakes it."""
    return {"Lull, a million": partial(million.run, servers.web, numbers.million)}


PARTS: Final[dict[str, Callable[[Numbers, Servers], Runs]]] = {
    "sms": sms,
    "latency": latency,
    "smtp": smtp,
    "esp": esp,
    "prepare": prepare,
    "million": great,
}
