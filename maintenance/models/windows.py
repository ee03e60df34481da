"""The tables of windows, of the series that repeat them, and what each does to which service."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from maintenance.models.register import Service
from maintenance.models.times import RepeatingTime


class Exemption(models.TextChoices):
    """Work that some rule-books free from the promised notice."""

    SECURITY = "security", "Security fix"
    CRITICAL = "critical", "Critical fix"


class Series(RepeatingTime):
    """Windows that repeat. Each occurrence is a window of its own, with its own approvals and notices."""

    services = models.ManyToManyField(Service, related_name="series")
    purpose = models.CharField(max_length=200, help_text="Why, in the bank's own words; staff only.")
    starts_at = models.DateTimeField(help_text="The first start.")
    ends_at = models.DateTimeField(help_text="The end of the first.")
    recurrence = models.TextField(help_text="RRULE and EXDATE lines (RFC 5545), on the bank's clock.")
    levels = models.JSONField(
        default=dict, blank=True, help_text="What happens to a service, by its key. Others are away."
    )
    reasons = models.JSONField(
        default=dict, blank=True, help_text="Why a soft rule may be passed each time, by the rule's name."
    )
    exemption = models.CharField(max_length=10, choices=Exemption.choices, blank=True)
    staff = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="+", help_text="Who does the work each time."
    )
    booker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    booked_at = models.DateTimeField()
    extended_at = models.DateTimeField(
        null=True, blank=True, help_text="When its occurrences ahead were last made."
    )
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Since when no more are made.")
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["starts_at"]
        verbose_name_plural = "series"
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="series_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"Series {self.pk}"


class Skipped(models.Model):
    """An occurrence of a series that could not be booked, and why: somebody must choose another time."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="skipped")
    occurrence_at = models.DateTimeField()
    words = models.TextField(help_text="Everything that stood against it.")
    found_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True, help_text="When somebody took care of it.")
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    settled_words = models.CharField(max_length=200, blank=True, help_text="What was done about it.")

    class Meta:
        ordering = ["occurrence_at"]
        verbose_name_plural = "skipped"
        constraints = [
            models.UniqueConstraint(fields=["series", "occurrence_at"], name="skipped_once"),
        ]

    def __str__(self) -> str:
        return f"{self.series}, {self.occurrence_at:%Y-%m-%d %H:%M}"


class Window(models.Model):
    """A planned time without one or more services."""

    class Status(models.TextChoices):
        BOOKED = "booked", "Waiting for approval"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        STARTED = "started", "Under way"
        FINISHED = "finished", "Over"
        CANCELLED = "cancelled", "Cancelled"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    services = models.ManyToManyField(Service, through="Impact", related_name="windows")
    purpose = models.CharField(max_length=200, help_text="Why, in the bank's own words; staff only.")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.BOOKED)
    sequence = models.PositiveIntegerField(
        default=0, help_text="Rises with every change that subscribers must see (RFC 5545 SEQUENCE)."
    )
    revision = models.PositiveIntegerField(
        default=1, help_text="Rises when the window is moved; approvals hold for one revision."
    )
    booker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    booked_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    emergency_reason = models.CharField(max_length=200, blank=True)
    emergency_approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    short_notice = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Its time was chosen inside the least notice that customers are promised: they are told "
        "that it is urgent, and never that it was planned.",
    )
    exemption = models.CharField(
        max_length=10,
        choices=Exemption.choices,
        blank=True,
        help_text="What frees it from the notice of rule-books that exempt such work.",
    )
    staff = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="+", help_text="Who does the work."
    )
    series = models.ForeignKey(
        "Series", on_delete=models.PROTECT, null=True, blank=True, related_name="windows"
    )
    occurrence_at = models.DateTimeField(
        null=True, blank=True, help_text="When its series wanted it to start; stays when it is moved."
    )
    expected_load = models.FloatField(
        null=True, blank=True, help_text="Traffic promised in this window when it was booked."
    )
    expected_low = models.FloatField(null=True, blank=True, help_text="Low end of the 80 % range promised.")
    expected_high = models.FloatField(null=True, blank=True, help_text="High end of the 80 % range promised.")
    expected_customers = models.PositiveIntegerField(
        null=True, blank=True, help_text="Customers who used the services when it was booked."
    )
    expected_vulnerable = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of these, vulnerable."
    )

    class Meta:
        ordering = ["starts_at"]
        indexes = [models.Index(fields=["ends_at"], name="window_by_end")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="window_ends_after_start"),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True)
                | Q(started_at__isnull=False, finished_at__gte=F("started_at")),
                name="window_finished_after_started",
            ),
            models.CheckConstraint(
                condition=Q(emergency_reason="", emergency_approver__isnull=True)
                | (~Q(emergency_reason="") & Q(emergency_approver__isnull=False)),
                name="window_emergency_has_reason_and_approver",
            ),
            models.CheckConstraint(
                condition=Q(emergency_approver__isnull=True) | ~Q(emergency_approver=F("booker")),
                name="window_emergency_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(series__isnull=True, occurrence_at__isnull=True)
                | Q(series__isnull=False, occurrence_at__isnull=False),
                name="window_series_has_occurrence",
            ),
            models.UniqueConstraint(fields=["series", "occurrence_at"], name="window_once_per_occurrence"),
        ]
        permissions = [
            ("book_window", "Can book, move and cancel windows"),
            ("approve_window", "Can approve windows and the customers' texts"),
        ]

    def __str__(self) -> str:
        return f"Window {self.pk}"

    @property
    def length(self) -> timedelta:
        """The planned length."""
        return self.ends_at - self.starts_at

    @property
    def is_emergency(self) -> bool:
        """Whether it was booked inside the promised notice, by name and with a reason."""
        return bool(self.emergency_reason)


class Impact(models.Model):
    """What one window does to one service."""

    class Level(models.TextChoices):
        OUTAGE = "outage", "Not available"
        DEGRADED = "degraded", "Restricted"

    window = models.ForeignKey(Window, on_delete=models.CASCADE, related_name="impacts")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="impacts")
    level = models.CharField(max_length=10, choices=Level.choices, default=Level.OUTAGE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["window", "service"], name="impact_once")]

    def __str__(self) -> str:
        return f"{self.service}: {self.get_level_display()}"
