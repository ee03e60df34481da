"""The tables of deliveries, of how many there are, and of what was tried and heard; no decisions."""

from __future__ import annotations

import uuid
from typing import Final

from django.db import models
from django.db.models import Q

from maintenance.models import Customer
from notifications.models.addresses import ChannelField, Suppression
from notifications.models.notices import Notice


class State(models.IntegerChoices):
    """Where a delivery stands. The numbers are stored; never renumber them, nor use 1 again."""

    QUEUED = 0, "Queued"
    SENDING = 2, "Being sent"
    UNKNOWN = 3, "Unknown"
    SENT = 4, "Sent"
    FAILED = 5, "Failed"
    DELIVERED = 6, "Delivered"
    SUPPRESSED = 7, "Suppressed"
    EXPIRED = 8, "Expired"
    WITHDRAWN = 9, "Withdrawn"
    NO_ADDRESS = 10, "No address"
    HELD = 11, "Held for a person"
    BY_HAND = 12, "To be posted by hand"


IN_DOUBT: Final = (State.UNKNOWN, State.HELD)
"""Nobody knows whether these were sent; those that are held wait for a person to decide."""


class WaitsFor(models.IntegerChoices):
    """What keeps a queued delivery from going out at once, where its time has not come."""

    NOTHING = 0, "Nothing"
    MORNING = 1, "The customer's morning"
    RETRY = 2, "Another try"
    SENDER = 3, "Its sender, or a setting"


_CLAIMED: Final = 1
"""The state in which a version that wrote its claims down held a delivery; a worker of it must fail now."""


class Delivery(models.Model):
    """One notice to one customer by one channel, or one broadcast to one target.

    Nothing has a foreign key to it and every unique constraint includes the notice, so that it
    can be partitioned by notice. Its own keys are not checked by the database: the rows are
    made by INSERT ... SELECT from the very tables they name, and a check per row would cost
    more than the insert.
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    notice = models.ForeignKey(
        Notice,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="deliveries",
    )
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="deliveries",
    )
    channel = ChannelField()
    target = models.CharField(max_length=80, default="", help_text="Of a broadcast: which network.")
    demonstration = models.BooleanField(default=False, help_text="Never handed to a provider.")
    language = models.CharField(max_length=12)
    address_hmac = models.BinaryField(max_length=32, null=True)
    text_id = models.BigIntegerField(null=True)
    text_hash = models.BinaryField(max_length=32, null=True, help_text="SHA-256 of what was sent.")
    segments = models.PositiveSmallIntegerField(default=0)
    priority = models.PositiveSmallIntegerField(default=0, help_text="Lower goes first.")
    state = models.SmallIntegerField(choices=State.choices, default=State.QUEUED)
    rank = models.SmallIntegerField(
        default=0, help_text="Within one attempt it may only rise, so receipts commute."
    )
    reason = models.CharField(max_length=200, default="")
    code = models.CharField(
        max_length=40, default="", db_default="", help_text="The provider's own, of its last refusal."
    )
    not_before = models.DateTimeField()
    waits_for = models.SmallIntegerField(
        choices=WaitsFor.choices,
        default=WaitsFor.NOTHING,
        null=True,  # written by an earlier version, and not read since (delivery/backfill)
        help_text="While it is queued and its time has not come.",
    )
    expires_at = models.DateTimeField()
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    provider = models.CharField(max_length=20, default="")
    provider_ref = models.CharField(max_length=120, default="")
    intended_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["notice", "channel", "customer"],
                condition=Q(customer__isnull=False),
                name="delivery_once_per_customer",
            ),
            models.UniqueConstraint(
                fields=["notice", "channel", "target"],
                condition=Q(customer__isnull=True),
                name="delivery_once_per_target",
            ),
            models.CheckConstraint(
                condition=~Q(state=_CLAIMED) & (~Q(state=State.SENDING) | Q(lease_token__isnull=False)),
                name="delivery_lease_while_sending",
            ),
        ]
        indexes = [
            models.Index(fields=["public_id"], name="delivery_by_public_id"),
            models.Index(
                fields=["provider_ref"],
                condition=Q(state=State.SENT) & ~Q(provider_ref=""),
                name="delivery_by_reference",
            ),
            models.Index(
                fields=["channel", "demonstration", "priority", "not_before", "id"],
                condition=Q(state=State.QUEUED),
                name="delivery_queue",
            ),
            models.Index(
                fields=["lease_until"],
                condition=Q(state=State.SENDING),
                name="delivery_intents",
            ),
            models.Index(
                fields=["channel", "intended_at"],
                condition=Q(state=State.UNKNOWN),
                name="delivery_unknown",
            ),
            models.Index(
                fields=["channel", "intended_at"],
                condition=Q(state=State.HELD),
                name="delivery_held",
            ),
            models.Index(fields=["channel"], condition=Q(state=State.BY_HAND), name="delivery_by_hand"),
            models.Index(
                fields=["id"],
                condition=Q(waits_for__isnull=True) & Q(state__lt=State.SENT),
                name="delivery_of_before",
            ),
            models.Index(
                fields=["notice", "channel", "code"],
                condition=Q(state=State.FAILED),
                name="delivery_failed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.public_id}"


class Tally(models.Model):
    """So many deliveries of a notice more, or fewer, stand in a state: their sum is how many there are.

    By the minute, so that it is known when they went out, and how many did on any day of any zone.

    Written by triggers of the delivery table, in the transaction that moves the deliveries, so that
    no stage can forget to count. Each statement adds rows of its own on PostgreSQL, and nobody waits
    for anybody; `progress.fold_tallies` sums them up.
    """

    notice = models.ForeignKey(
        Notice, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    channel = ChannelField()
    state = models.SmallIntegerField(choices=State.choices)
    outbox = models.BooleanField(help_text="They went to the outbox and so to nobody.")
    minute_at = models.DateTimeField(
        null=True, help_text="The minute in which they went out; of queued ones, before which they do not go."
    )
    deliveries = models.BigIntegerField()
    segments = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "tallies"
        indexes = [
            models.Index(
                fields=["notice", "channel", "state", "outbox", "minute_at"], name="tally_by_minute"
            ),
            models.Index(fields=["state", "minute_at"], name="tally_of_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.deliveries:+d} {self.get_state_display()}"


class AttemptOutcome(models.TextChoices):
    """How a try ended that did not settle cleanly, or what was done about it since.

    What a provider's answer meant has the values of `channels.types.Verdict`. The database takes no other.
    """

    NOT_PROCESSED = "not processed", "Not processed"
    PERMANENT = "permanent", "Permanent"
    REFUSED = "refused", "Refused"
    OPT_OUT = "opt-out", "Opt-out"
    CONFIGURATION = "configuration", "Configuration"
    UNKNOWN = "unknown", "Unknown"
    BY_HAND = "by hand", "By hand"
    LEASE_LAPSED = "lease lapsed", "Lease lapsed"
    COULD_NOT_ASK = "could not ask", "Could not ask"
    FOUND = "found at provider", "Found at provider"
    REQUEUED = "back in the queue", "Back in the queue"
    HELD = "held", "Held"
    RESENT_BY_POLICY = "sent again by policy", "Sent again by policy"
    RESENT_BY_PERSON = "sent again", "Sent again"
    TAKEN_AS_SENT = "taken as sent", "Taken as sent"


class Attempt(models.Model):
    """A try that did not settle cleanly, and each later step in finding out what became of it."""

    delivery_id = models.BigIntegerField()
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    outcome = models.CharField(max_length=20, choices=AttemptOutcome.choices)
    code = models.CharField(max_length=40, blank=True)
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=AttemptOutcome.values), name="attempt_outcome_is_known"
            )
        ]
        indexes = [models.Index(fields=["delivery_id", "number"], name="attempt_by_delivery")]

    def __str__(self) -> str:
        return f"Attempt {self.number}: {self.outcome}"


class Receipt(models.Model):
    """A provider's word on a delivery, kept as it came; worked on later."""

    provider = models.CharField(max_length=20)
    event_key = models.CharField(max_length=200, help_text="The same event twice has the same key.")
    delivery_public_id = models.UUIDField()
    attempt = models.PositiveSmallIntegerField()
    provider_ref = models.CharField(max_length=120, default="")
    state = models.SmallIntegerField(choices=State.choices)
    code = models.CharField(max_length=40, blank=True)
    suppress = models.CharField(max_length=10, choices=Suppression.Reason.choices, blank=True)
    raw = models.JSONField(default=dict)
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True)
    result = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "event_key"], name="receipt_once")]
        indexes = [
            models.Index(
                fields=["received_at"],
                condition=Q(processed_at__isnull=True),
                name="receipt_waiting",
            ),
            models.Index(fields=["delivery_public_id"], name="receipt_by_delivery"),
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.get_state_display()}"
