"""The tables of notices, their words and their deliveries; no decisions."""

from __future__ import annotations

from notifications.models.addresses import Contact, Suppression
from notifications.models.deliveries import (
    IN_DOUBT,
    Attempt,
    AttemptOutcome,
    Delivery,
    Receipt,
    State,
    Tally,
    WaitsFor,
)
from notifications.models.notices import Notice, PlannedChange, ReadMark, Text
from notifications.models.operation import Alarm, Bucket, Heartbeat, Refusal, ReportedRest
from notifications.models.priorities import Priority

__all__ = [
    "IN_DOUBT",
    "Alarm",
    "Attempt",
    "AttemptOutcome",
    "Bucket",
    "Contact",
    "Delivery",
    "Heartbeat",
    "Notice",
    "PlannedChange",
    "Priority",
    "ReadMark",
    "Receipt",
    "Refusal",
    "ReportedRest",
    "State",
    "Suppression",
    "Tally",
    "Text",
    "WaitsFor",
]
