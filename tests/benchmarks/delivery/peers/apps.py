"""The peers as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class Peers(AppConfig):
    """Tables without migrations: they live for one run."""

    name = "tests.benchmarks.delivery.peers"
    label = "peers"
