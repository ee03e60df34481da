"""The tables of what people decided about a window, and of what came to stand against it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from maintenance.models.windows import Window


class Approval(models.Model):
    """One decision on one revision of a window: on the change, or on the customers' text."""

    class Subject(models.TextChoices):
        CHANGE = "change", "The change"
        TEXT = "text", "The customers' text"

    window = models.ForeignKey(Window, on_delete=models.PROTECT, related_name="approvals")
    subject = models.CharField(max_length=6, choices=Subject.choices)
    revision = models.PositiveIntegerField()
    booker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    approver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    approved = models.BooleanField()
    reason = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["window", "subject", "revision"], name="approval_once"),
            models.CheckConstraint(condition=~Q(approver=F("booker")), name="approval_four_eyes"),
            models.CheckConstraint(condition=Q(approved=True) | ~Q(reason=""), name="approval_no_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.get_subject_display()}: {'approved' if self.approved else 'rejected'}"


class Change(models.Model):
    """The log of windows: who did what to one, before, after, why and when. Only ever appended.

    It is also all that notifications reads to learn what happened.
    """

    class What(models.TextChoices):
        BOOKED = "booked", "Booked"
        RESCHEDULED = "rescheduled", "Moved"
        CHANGE_APPROVED = "change_approved", "Change approved"
        TEXT_APPROVED = "text_approved", "Text approved"
        REJECTED = "rejected", "Rejected"
        STARTED = "started", "Started"
        FINISHED = "finished", "Confirmed over"
        CANCELLED = "cancelled", "Cancelled"

    window = models.ForeignKey(Window, on_delete=models.PROTECT, related_name="changes")
    what = models.CharField(max_length=16, choices=What.choices)
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    revision = models.PositiveIntegerField()
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["at", "id"], name="change_by_time")]

    def __str__(self) -> str:
        return f"{self.get_what_display()} by {self.actor}"


class RuleSetting(models.Model):
    """How much one rule weighs in this bank. A rule without a row weighs what Lull says it does."""

    class Weight(models.TextChoices):
        HARD = "hard", "Hard: only an emergency passes it"
        SOFT = "soft", "Soft: a reason passes it"
        OFF = "off", "Off: not asked"

    rule = models.CharField(max_length=24, unique=True)
    weight = models.CharField(max_length=4, choices=Weight.choices)

    class Meta:
        ordering = ["rule"]
        constraints = [
            models.CheckConstraint(
                condition=Q(weight__in=["hard", "soft", "off"]), name="rule_setting_weight_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule}: {self.get_weight_display()}"


class Override(models.Model):
    """An objection that somebody passed over, for one revision of a window, and why."""

    window = models.ForeignKey(Window, on_delete=models.PROTECT, related_name="overrides")
    revision = models.PositiveIntegerField()
    rule = models.CharField(max_length=24)
    words = models.TextField(help_text="The objection, as it was read.")
    reason = models.CharField(max_length=200)
    hard = models.BooleanField(help_text="Passed as an emergency, by the approver named on the window.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="override_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.rule}: {self.reason}"


class Conflict(models.Model):
    """What came to stand against a window after it was booked: a freeze added, a window moved.

    One for each rule, however much the rule has found.
    """

    window = models.ForeignKey(Window, on_delete=models.CASCADE, related_name="conflicts")
    rule = models.CharField(max_length=24)
    words = models.TextField(
        help_text="The first few things that the rule found, and how many more there are."
    )
    hard = models.BooleanField()
    found_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, blank=True, help_text="Since when it no longer stands.")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["window", "rule"],
                condition=Q(gone_at__isnull=True),
                name="conflict_once_for_each_rule",
            ),
            models.CheckConstraint(
                condition=Q(gone_at__isnull=True) | Q(gone_at__gte=F("found_at")),
                name="conflict_gone_after_found",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule}: {self.words}"
