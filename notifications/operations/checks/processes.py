"""Heartbeats in; which clock, worker or job has fallen silent out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from notifications.operations import heartbeats
from notifications.operations.checks.findings import Finding, length_of
from notifications.operations.heartbeats import CLOCK, SERVING, LastBeat
from notifications.operations.schedule import JOBS, Job

DATABASE: Final = "database"


def database_faults() -> Iterator[Finding]:
    """Where it takes no heartbeats, their silence says nothing of who should beat."""
    if refusal := heartbeats.database_refusal():
        yield Finding(
            DATABASE,
            f"The database refuses new connections, or what is written ({refusal}). Nothing is planned, "
            "prepared or sent until it takes them; then all goes on by itself. Of the clock and the workers "
            "nothing is known.",
        )


def silent_clock(pulses: Mapping[str, LastBeat]) -> Iterator[Finding]:
    """Whichever process is one: any that ticks is enough."""
    pulse = pulses.get(CLOCK)
    if pulse is None:
        yield Finding(CLOCK, f"The clock has not ticked for an hour or more. {_CLOCK}")
    elif pulse.age > heartbeats.silence_limit():
        yield Finding(CLOCK, f"The clock has not ticked for {length_of(pulse.age)}. {_CLOCK}")


_CLOCK: Final = (
    "Nothing is planned, prepared or sent. Start it (celery -A config beat); "
    "where it runs, see whether the database and Redis answer it."
)


def silent_workers(pulses: Mapping[str, LastBeat]) -> Iterator[Finding]:
    """Only under a clock that has ticked long enough for its orders to be missed."""
    ticking = pulses.get(CLOCK)
    if ticking is None or ticking.steady < heartbeats.silence_limit():
        return
    ages = [pulse.age for pulse in _worked(pulses)]
    if not ages or min(ages) > heartbeats.silence_limit():
        since = f"for {length_of(min(ages))}" if ages else "for an hour or more"
        yield Finding(
            "worker",
            f"No worker has done anything {since}. Nothing is prepared or sent, and nothing is lost. "
            "Start one (celery -A config worker); where one runs, see its log, and whether Redis answers it.",
        )
        return
    for job in JOBS:
        pulse = pulses.get(job.name)
        at_work = time_at_work(pulses)
        age = min(at_work, pulse.age) if pulse else at_work
        if age > _patience(job):
            yield Finding(
                f"hand {job.name}",
                f"“{job.name}” has not come to its end for {length_of(age)}, while other work goes on. "
                "The workers' log says why.",
            )


def time_at_work(pulses: Mapping[str, LastBeat]) -> timedelta:
    """For how long there has been a clock and a worker: what stood still before has time to move again."""
    ticking = pulses.get(CLOCK)
    steady = [pulse.steady for pulse in _worked(pulses)]
    return min(ticking.steady, max(steady, default=timedelta(0))) if ticking else timedelta(0)


def _worked(pulses: Mapping[str, LastBeat]) -> list[LastBeat]:
    """Of those that did something; a process that is only there may be deaf."""
    return [pulse for hand, pulse in pulses.items() if hand != CLOCK and not hand.startswith(SERVING)]


def _patience(job: Job) -> timedelta:
    """It may be missed twice, and while all workers are busy sending."""
    return max(timedelta(seconds=3 * job.seconds), silence_while_busy())


def silence_while_busy() -> timedelta:
    """Longer than a sender's turn with slow calls, and short enough to be told within a minute."""
    return heartbeats.silence_limit() * 4 / 3
