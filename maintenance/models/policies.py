"""The tables of the notice that each audience is promised."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db import models
from django.db.models import F, Q

from maintenance.models.register import Customer

_NOTHING = timedelta(0)


class NoticePolicy(models.Model):
    """How much notice an audience is promised, and how it is told."""

    class Unit(models.TextChoices):
        CALENDAR_DAYS = "days", "Calendar days"
        HOURS = "hours", "Hours"
        WORKING_DAYS = "working_days", "Working days"

    class Fact(models.TextChoices):
        """What a policy may demand of the words of every notice, beyond what Lull always asks of them."""

        SERVICES = "services", "Every service by its name"
        STARTS = "starts", "When it starts"
        ENDS = "ends", "When it ends"
        WORKS = "works", "All that still works"
        LINK = "link", "Where to read more"

    audience = models.CharField(max_length=12, choices=Customer.Kind.choices, unique=True)
    name = models.CharField(max_length=120)
    promised = models.DurationField(default=timedelta(days=7), help_text="What is normally given.")
    least = models.DurationField(
        default=timedelta(days=5), help_text="Less than this is refused, unless it is an emergency."
    )
    unit = models.CharField(max_length=12, choices=Unit.choices, default=Unit.CALENDAR_DAYS)
    country = models.CharField(
        max_length=6, blank=True, help_text="Whose working days count. Empty: the bank's own country."
    )
    counts_notice_day = models.BooleanField(
        default=False, help_text="Whether the day on which notice is given is itself one of the days."
    )
    not_before = models.TimeField(null=True, blank=True, help_text="No window may start before, any day.")
    not_after = models.TimeField(null=True, blank=True, help_text="Every window must be over by, any day.")
    longest = models.DurationField(null=True, blank=True, help_text="No window may be longer.")
    most_per_month = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Windows of one service in a calendar month."
    )
    downtime_per_month = models.DurationField(
        null=True, blank=True, help_text="Planned downtime of one service in a calendar month."
    )
    downtime_per_year = models.DurationField(
        null=True, blank=True, help_text="Planned downtime of one service in a calendar year."
    )
    exempt = models.JSONField(
        default=list, blank=True, help_text='Work free from the notice: ["security", "critical"].'
    )
    only_cancelling_inside = models.BooleanField(
        default=False, help_text="Inside the lead a window may be cancelled, but not moved."
    )
    content = models.JSONField(default=list, blank=True, help_text="Facts that its notices must name.")
    source = models.CharField(max_length=200, blank=True, help_text="The rule-book it comes from.")
    source_date = models.CharField(max_length=60, blank=True, help_text="Its date, as published.")
    rulebook = models.CharField(
        max_length=24, blank=True, help_text="The ready-made policy it was taken from."
    )

    class Meta:
        verbose_name_plural = "notice policies"
        constraints = [
            models.CheckConstraint(condition=Q(promised__gte=F("least")), name="policy_promise_over_least"),
            models.CheckConstraint(
                condition=Q(promised__gt=_NOTHING, least__gte=_NOTHING), name="policy_promise_positive"
            ),
            models.CheckConstraint(
                condition=Q(not_before__isnull=True, not_after__isnull=True)
                | (Q(not_before__isnull=False, not_after__isnull=False) & ~Q(not_before=F("not_after"))),
                name="policy_daily_window_has_two_ends",
            ),
            models.CheckConstraint(
                condition=(Q(longest__isnull=True) | Q(longest__gt=_NOTHING))
                & (Q(most_per_month__isnull=True) | Q(most_per_month__gt=0))
                & (Q(downtime_per_month__isnull=True) | Q(downtime_per_month__gt=_NOTHING))
                & (Q(downtime_per_year__isnull=True) | Q(downtime_per_year__gt=_NOTHING)),
                name="policy_limits_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class NoticeKind(models.TextChoices):
    """The occasions on which customers hear."""

    ANNOUNCED = "announced", "Announcement"
    RESCHEDULED = "rescheduled", "New time"
    REMINDER = "reminder", "Reminder"
    STARTED = "started", "Start"
    FINISHED = "finished", "It is over"
    CANCELLED = "cancelled", "Cancellation"


class NoticeRule(models.Model):
    """One line of a policy: this kind of notice, so long ahead, by these channels."""

    UNLESS_CHOSEN: Final = ("email",)
    """The channels of a line for which nobody has chosen any."""

    policy = models.ForeignKey(NoticePolicy, on_delete=models.CASCADE, related_name="rules")
    kind = models.CharField(max_length=12, choices=NoticeKind.choices)
    lead = models.DurationField(default=timedelta(0), help_text="Before the window; 0 is at once.")
    channels = models.JSONField(help_text='["sms", "email", "inapp", "social"]')
    only_money = models.BooleanField(default=False, help_text="Only where a service that moves money is out.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "kind", "lead", "only_money"], name="rule_once_per_policy"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} by {', '.join(self.channels)}"
