"""The tables of notices and their words, and of who has read them; no decisions."""

from __future__ import annotations

import uuid

from django.db import models

from maintenance.models import Change, Customer, NoticeKind, Window
from notifications.models.addresses import ChannelField


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
    kind = models.CharField(max_length=12, choices=NoticeKind.choices)
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
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When it was withdrawn or expired.")
    withdrawn = models.BooleanField(
        default=False, db_default=False, help_text="Nothing of it goes out any more, prepared or not."
    )
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
    channel = ChannelField()
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


class ReadMark(models.Model):
    """A customer has read a notice in the app."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE)
    read_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "notice"], name="read_once")]

    def __str__(self) -> str:
        return f"{self.customer} read {self.notice}"
