"""The moment in; how the queue, the senders and the clock are, as Prometheus reads it, out.

All from the database, so that any web process answers for all processes. Deliveries are sums of their
counters, never counted; what waits is counted no further than matters; how long it took is measured
on a sample (queries/latencies.py).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from notifications import sql
from notifications.delivery import rate_limits
from notifications.models import Attempt, AttemptOutcome, Bucket, State
from notifications.operations import alerts, heartbeats
from notifications.operations.queries import backlog, latencies
from notifications.operations.queries.backlog import MOST

_DAYS: Final = timedelta(days=7)
_LATELY: Final = timedelta(minutes=10)
_QUANTILES: Final = (0.5, 0.95, 0.99)


def metrics_page(*, now: datetime) -> bytes:
    """All of it, as text."""
    registry = CollectorRegistry()
    registry.register(_All(now))
    return generate_latest(registry)


class _All(Collector):
    """Collected once and thrown away: nothing is kept between two questions."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def collect(self) -> Iterable[GaugeMetricFamily]:
        yield from _deliveries(self._now)
        yield from _tries(self._now)
        yield from _queue(self._now)
        yield from _times(self._now)
        yield from _senders()
        yield from _heartbeats()
        yield _one("alarms", "Alarms that are open; a dead clock is one of them.", len(alerts.open_alarms()))

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing: to learn its names the registry would collect it once more."""
        return []


def _gauge(name: str, words: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"lull_{name}", words, labels=labels)


def _one(name: str, words: str, value: float) -> GaugeMetricFamily:
    family = _gauge(name, words)
    family.add_metric([], value)
    return family


def _deliveries(now: datetime) -> Iterator[GaugeMetricFamily]:
    """All channels and states, the empty ones too: a series that comes and goes cannot be compared."""
    number: Counter[tuple[str, State]] = Counter()
    for count in backlog.state_counts(due_after=now - _DAYS, now=now):
        number[count.channel, count.state] += count.deliveries
    family = _gauge(
        "deliveries", "Deliveries of the notices due within 7 days, by state.", "channel", "state"
    )
    for channel in settings.CHANNELS:
        for state in State:
            family.add_metric([channel, state.name.lower()], number[channel, state])
    yield family


def _tries(now: datetime) -> Iterator[GaugeMetricFamily]:
    family = _gauge(
        "tries_not_clean",
        f"Of the last {MOST} tries that did not settle cleanly, those of 10 minutes, by outcome.",
        "outcome",
    )
    last = Attempt.objects.order_by("-pk").values_list("outcome", "at")[:MOST]
    number = Counter(AttemptOutcome(outcome) for outcome, at in last if at > now - _LATELY)
    for outcome in sorted(number):
        family.add_metric([outcome.value], number[outcome])
    yield family


def _queue(now: datetime) -> Iterator[GaugeMetricFamily]:
    due = _gauge("due_age_seconds", "Since when the oldest message that could go has been due.", "channel")
    unknown = _gauge("unknown", _DOUBT, "channel")
    doubt = _gauge("unknown_age_seconds", "How long the oldest of them has been in doubt.", "channel")
    moment = sql.database_now()
    for channel in settings.CHANNELS:
        waiting = backlog.unknown_deliveries(channel)
        due.add_metric([channel], _seconds(backlog.due_since(channel, now=now), now))
        unknown.add_metric([channel], waiting.number)
        doubt.add_metric([channel], _seconds(waiting.since, moment))
    yield from (due, unknown, doubt)
    receipts = backlog.waiting_receipts()
    yield _one("receipts_waiting", f"Receipts nobody has worked on, counted up to {MOST}.", receipts.number)
    yield _one(
        "receipts_age_seconds", "How long the oldest of them has waited.", _seconds(receipts.since, now)
    )


_DOUBT: Final = f"Messages in doubt, counted up to {MOST}, or just beyond what two dead processes leave."


def _times(now: datetime) -> Iterator[GaugeMetricFamily]:
    sent = _gauge("due_to_sent_seconds", f"From due to taken. {_SAMPLED}", "channel", "quantile")
    arrived = _gauge("sent_to_delivered_seconds", f"From taken to arrived. {_SAMPLED}", "channel", "quantile")
    for channel in settings.CHANNELS:
        sample = latencies.latency_sample(channel, now=now)
        _fill(sent, channel, sample.due_to_sent)
        _fill(arrived, channel, sample.sent_to_delivered)
    yield from (sent, arrived)


_SAMPLED: Final = "A sample of what the last five notices of two days sent at the first try."


def _fill(family: GaugeMetricFamily, channel: str, seconds: Sequence[float]) -> None:
    for quantile in _QUANTILES if seconds else ():
        value = seconds[min(int(quantile * len(seconds)), len(seconds) - 1)]
        family.add_metric([channel, str(quantile)], value)


def _senders() -> Iterator[GaugeMetricFamily]:
    names = ("provider", "sender")
    tokens = _gauge("bucket_tokens", "What a sender could send at once when it last asked.", *names)
    asked = _gauge("bucket_age_seconds", "When that was; since then its rate has been added.", *names)
    rest = _gauge("sender_rest_seconds", "How long a sender still rests.", *names)
    failing = _gauge("sender_failing_seconds", "For how long a sender has failed.", *names)
    moment = sql.database_now()
    in_use = {(who.provider, who.name) for who in map(rate_limits.sender_of, settings.CHANNELS) if who}
    for bucket in Bucket.objects.order_by("provider", "sender"):
        if (bucket.provider, bucket.sender) not in in_use:
            continue  # of earlier settings: it would fail for ever
        labels = [bucket.provider, bucket.sender]
        tokens.add_metric(labels, bucket.tokens)
        asked.add_metric(labels, _seconds(bucket.refilled_at, moment))
        rest.add_metric(labels, _seconds(moment, bucket.resting_until or moment))
        failing.add_metric(labels, _seconds(bucket.failing_since, moment))
    yield from (tokens, asked, rest, failing)
    rates = _gauge("rate", "Segments or mails a second that a channel may send.", "channel")
    for channel, rate in settings.RATES.items():
        rates.add_metric([channel], rate)
    yield rates


def _heartbeats() -> Iterator[GaugeMetricFamily]:
    """The clock's own beside the others; none at all once it has been away for an hour."""
    age = _gauge("heartbeat_age_seconds", "Since the clock ticked, or one of its jobs ran.", "hand")
    processes = _gauge("heartbeat_processes", "In how many processes it does.", "hand")
    pulses = heartbeats.last_beats()
    for hand, pulse in sorted(pulses.items()):
        age.add_metric([hand.strip()], pulse.age.total_seconds())
        processes.add_metric([hand.strip()], pulse.processes)
    yield from (age, processes)
    clock = pulses.get(heartbeats.CLOCK)
    yield _one(
        "clock_age_seconds",
        "Since the clock ticked; +Inf where that is over an hour ago.",
        clock.age.total_seconds() if clock else math.inf,
    )


def _seconds(since: datetime | None, until: datetime) -> float:
    """Never below nothing, and nothing where nothing waits."""
    return max((until - since).total_seconds(), 0.0) if since else 0.0
