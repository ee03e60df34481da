"""The tables of notices, their words and their deliveries; no decisions."""

from __future__ import annotations

import uuid
from typing import Final

from django.db import models
from django.db.models import Q

from maintenance.models import Change, Customer, Kind, Window


class ChannelName(models.TextChoices):
    """The roads by which people hear. Each is one file in channels/."""

    SMS = "sms", "SMS"
    EMAIL = "email", "Email"
    INAPP = "inapp", "In the app"
    SOCIAL = "social", "Social posts"


DIRECT: Final = (ChannelName.SMS, ChannelName.EMAIL)
"""One delivery per person; the others are broadcasts with one delivery per target."""


class Contact(models.Model):
    """An address of a customer, as ciphertext, with a keyed HMAC to find it by."""

    # the unique pair begins with it: an index of its own would only cost
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contacts", db_index=False)
    channel = models.CharField(max_length=8, choices=ChannelName.choices)
    address = models.BinaryField(help_text="Sealed by addresses.seal.")
    address_hmac = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "channel"], name="contact_once"),
        ]
        indexes = [models.Index(fields=["address_hmac"], name="contact_by_hmac")]

    def __str__(self) -> str:
        return f"{self.customer} by {self.get_channel_display()}"


class Suppression(models.Model):
    """An address that must not be used on a channel: opt-out, hard bounce, complaint."""

    class Reason(models.TextChoices):
        OPT_OUT = "opt_out", "Opted out"
        BOUNCE = "bounce", "Address refused"
        COMPLAINT = "complaint", "Complained"

    channel = models.CharField(max_length=8, choices=ChannelName.choices)
    address_hmac = models.BinaryField(max_length=32)
    reason = models.CharField(max_length=10, choices=Reason.choices)
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "address_hmac"], name="suppression_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()}: {self.get_reason_display()}"


class PlannedChange(models.Model):
    """A change whose notices have been worked out.

    Changes without such a row are found by anti-join: identities commit out of order, so a
    cursor over them would lose notices.
    """

    change = models.OneToOneField(Change, on_delete=models.CASCADE, primary_key=True, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.change} planned"


class Notice(models.Model):
    """One occasion on which the users of a window's services hear."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PLANNED = "planned", "Planned"
        PREPARING = "preparing", "Being prepared"
        PREPARED = "prepared", "Handed out"
        WITHDRAWN = "withdrawn", "Withdrawn"
        EXPIRED = "expired", "Too late to be true"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    window = models.ForeignKey(Window, on_delete=models.PROTECT, related_name="notices")
    change = models.ForeignKey(Change, on_delete=models.PROTECT, related_name="notices")
    revision = models.PositiveIntegerField(help_text="Of the window whose facts the words state.")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    audience = models.CharField(max_length=12, choices=Customer.Kind.choices, default=Customer.Kind.CUSTOMER)
    channels = models.JSONField()
    only_told = models.BooleanField(
        default=False,
        help_text="Only to those whom an earlier notice of this window may have reached.",
    )
    due_at = models.DateTimeField()
    true_until = models.DateTimeField(help_text="Later than this its words would be wrong.")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    reason = models.CharField(max_length=200, blank=True, help_text="Why it was withdrawn or expired.")
    cursor = models.BigIntegerField(default=0, help_text="Last customer whose deliveries are prepared.")
    prepared_at = models.DateTimeField(null=True, blank=True)
    progress_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["due_at", "id"]
        indexes = [
            models.Index(fields=["status", "due_at"], name="notice_by_due"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["change", "kind", "due_at", "channels"], name="notice_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.window}"


class Text(models.Model):
    """A notice's words on one channel in one language. Immutable: an edit is a new version.

    The facts are filled in; name, links and times in the reader's zone stay placeholders.
    """

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="texts")
    channel = models.CharField(max_length=8, choices=ChannelName.choices)
    language = models.CharField(max_length=12)
    variant = models.CharField(max_length=12, default="", blank=True)
    version = models.PositiveIntegerField(default=1)
    subject = models.CharField(max_length=200, blank=True)
    body = models.TextField()
    html = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["notice", "channel", "language", "variant", "version"],
                name="text_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.notice} by {self.get_channel_display()} in {self.language}"


class State(models.IntegerChoices):
    """Where a delivery stands. The numbers are stored; never renumber them."""

    QUEUED = 0, "Queued"
    CLAIMED = 1, "Claimed"
    SENDING = 2, "Being sent"
    UNKNOWN = 3, "Unknown"
    SENT = 4, "Sent"
    FAILED = 5, "Failed"
    DELIVERED = 6, "Delivered"
    SUPPRESSED = 7, "Suppressed"
    EXPIRED = 8, "Expired"
    WITHDRAWN = 9, "Withdrawn"
    NO_ADDRESS = 10, "No address"


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
    channel = models.CharField(max_length=8, choices=ChannelName.choices)
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
    not_before = models.DateTimeField()
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
                condition=~Q(state__in=(State.CLAIMED, State.SENDING)) | Q(lease_token__isnull=False),
                name="delivery_lease_while_held",
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
                condition=Q(state__in=(State.CLAIMED, State.SENDING)),
                name="delivery_leases",
            ),
            models.Index(
                fields=["channel", "intended_at"],
                condition=Q(state=State.UNKNOWN),
                name="delivery_unknown",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.public_id}"


class Tally(models.Model):
    """So many deliveries of a notice more, or fewer, stand in a state: their sum is how many there are.

    Written by triggers of the delivery table, in the transaction that moves the deliveries, so that
    no stage can forget to count. Each statement adds rows of its own on PostgreSQL, and nobody waits
    for anybody; `progress.fold` sums them up.
    """

    notice = models.ForeignKey(
        Notice, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    channel = models.CharField(max_length=8, choices=ChannelName.choices)
    state = models.SmallIntegerField(choices=State.choices)
    outbox = models.BooleanField(help_text="They went to the outbox and so to nobody.")
    deliveries = models.BigIntegerField()
    segments = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "tallies"
        indexes = [
            models.Index(fields=["notice", "channel", "state", "outbox"], name="tally_by_notice"),
        ]

    def __str__(self) -> str:
        return f"{self.deliveries:+d} {self.get_state_display()}"


class Bucket(models.Model):
    """What a sender may still send at a provider now, for all processes together; and its rests.

    Tokens are SMS segments, or mails. They are filled up at the rate in the settings whenever
    somebody takes, by the database's clock.
    """

    provider = models.CharField(max_length=20)
    sender = models.CharField(max_length=120)
    tokens = models.FloatField(default=0)
    refilled_at = models.DateTimeField()
    resting_until = models.DateTimeField(null=True, help_text="Nothing is handed over before.")
    failing_since = models.DateTimeField(
        null=True, help_text="Until one message is taken again, messages go one at a time."
    )
    failures = models.PositiveSmallIntegerField(default=0, help_text="Rests since a message was taken.")
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "sender"], name="bucket_once")]

    def __str__(self) -> str:
        return f"{self.sender} at {self.provider}"


class Attempt(models.Model):
    """A try that did not settle cleanly, and each later step in finding out what became of it."""

    delivery_id = models.BigIntegerField()
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    outcome = models.CharField(max_length=20)
    code = models.CharField(max_length=40, blank=True)
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
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


class ReadMark(models.Model):
    """A customer has read a notice in the app."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE)
    read_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "notice"], name="read_once")]

    def __str__(self) -> str:
        return f"{self.customer} read {self.notice}"


class Heartbeat(models.Model):
    """When a process last did what must go on being done; by the database's clock."""

    hand = models.CharField(max_length=40, help_text="The clock itself, or one of its hands.")
    process = models.CharField(max_length=120)
    since = models.DateTimeField(help_text="It has been done without a gap since.")
    beat_at = models.DateTimeField()
    worked_at = models.DateTimeField(null=True, help_text="When it last found something to do.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hand", "process"], name="heartbeat_once")]

    def __str__(self) -> str:
        return f"{self.hand} in {self.process}"


class Alarm(models.Model):
    """Something that a person must see to: since when, who was told, and since when it is over.

    Its words name no customer: they are mailed.
    """

    what = models.CharField(max_length=160)
    words = models.CharField(max_length=500)
    since = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="When it was last found to be so.")
    ended_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    end_told_at = models.DateTimeField(null=True)
    telling_until = models.DateTimeField(
        null=True, help_text="A process is telling it: no other does before. By the database's clock."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["what"], condition=Q(ended_at__isnull=True), name="alarm_open_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["ended_at"],
                condition=Q(ended_at__isnull=False, end_told_at__isnull=True),
                name="alarm_end_untold",
            ),
        ]

    def __str__(self) -> str:
        return self.words
