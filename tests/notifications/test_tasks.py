"""A worker says which channels it serves, whatever its pool is made of."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from celery import current_app
from celery.concurrency import get_implementation
from celery.signals import worker_process_init, worker_ready
from django.conf import settings

from notifications import tasks
from notifications.operations import heartbeats


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Sequence[str]]]:
    """The channels whose heartbeats this process begins to leave, which would outlast the test."""
    kept: list[Sequence[str]] = []
    queues = {f"lull.{name}": None for name in settings.CHANNELS[:1]}
    monkeypatch.setattr(heartbeats, "keep_beating", kept.append)
    monkeypatch.setattr(current_app.amqp.queues, "_consume_from", queues)
    tasks._keep_serving.cache_clear()
    yield kept
    tasks._keep_serving.cache_clear()
    gc.unfreeze()  # what a process of a pool freezes as it begins


@dataclass(eq=False)
class _Worker:
    pool: Any


def _ready(pool: str) -> None:
    worker_ready.send(sender=_Worker(get_implementation(pool)(1)))


def test_a_pool_of_threads_says_it_once_it_is_ready(kept: list[Sequence[str]]) -> None:
    _ready("threads")
    assert kept == [[f"{heartbeats.SERVING}{settings.CHANNELS[0]}"]]


def test_the_only_thread_of_a_worker_says_it_once(kept: list[Sequence[str]]) -> None:
    _ready("solo")  # which Celery takes for a process that begins as well
    assert len(kept) == 1


def test_before_a_pool_of_processes_only_they_say_it(kept: list[Sequence[str]]) -> None:
    _ready("prefork")
    assert kept == []
    worker_process_init.send(sender=None)
    assert len(kept) == 1
