"""The tables of days and times: kept clear, kept for maintenance, or covered by support."""

from __future__ import annotations

from datetime import UTC, datetime, time

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from maintenance import recurrence
from maintenance.models.register import Service
from maintenance.recurrence import RecurrenceError, Recurring


class RepeatingTime(models.Model):
    """A first time, and the rule by which it repeats."""

    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    recurrence = models.TextField(
        blank=True, help_text="RRULE and EXDATE lines (RFC 5545), on the bank's clock. Empty: once."
    )

    class Meta:
        abstract = True

    @property
    def recurring(self) -> Recurring:
        """Its times, to be worked out."""
        return Recurring(self.starts_at, self.ends_at, self.recurrence)

    def clean(self) -> None:
        """Its times can be worked out, and none of them lasts longer than until the next, or than a year."""
        super().clean()
        if not (self.starts_at and self.ends_at):
            return
        if self.recurrence.strip():
            try:
                recurrence.check_recurrence(self.recurrence, self.starts_at, self.ends_at)
            except RecurrenceError as problem:
                raise ValidationError({"recurrence": str(problem)}) from None
        if refused := recurrence.too_long("It", self.starts_at, self.ends_at):
            raise ValidationError({"ends_at": refused})


class Holiday(models.Model):
    """A day that the bank adds to a country's public holidays, or takes from them."""

    country = models.CharField(
        max_length=6, help_text="ISO 3166 country, with subdivision where it differs: GB, US-MN."
    )
    day = models.DateField()
    name = models.CharField(max_length=120)
    observed = models.BooleanField(default=True, help_text="Without it, the day is no holiday here.")

    class Meta:
        ordering = ["day", "country"]
        constraints = [models.UniqueConstraint(fields=["country", "day"], name="holiday_once")]

    def __str__(self) -> str:
        return f"{self.name}, {self.day:%Y-%m-%d}"


class Freeze(RepeatingTime):
    """A time in which nothing may be touched: year end, a sale, an election."""

    name = models.CharField(max_length=120)
    uid = models.CharField(
        max_length=255, blank=True, editable=False, help_text="UID of the calendar entry it came from."
    )
    services = models.ManyToManyField(Service, blank=True, help_text="None means every service.")

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="freeze_ends_after_start"),
            models.UniqueConstraint(fields=["uid"], condition=~Q(uid=""), name="freeze_once_per_uid"),
        ]

    def __str__(self) -> str:
        return self.name


class CriticalDay(models.Model):
    """Days on which a service must not be away: payday, month end, a tax deadline."""

    class Pattern(models.TextChoices):
        WORKING_DAY = "working_day", "The nth working day of each month"
        LAST_WORKING_DAYS = "last_working_days", "The last n working days of each month"
        DAY_OF_MONTH = "day_of_month", "The nth day of each month"
        LAST_DAYS = "last_days", "The last n days of each month"
        YEARLY = "yearly", "The same date every year"
        DATE = "date", "One date"
        RECURRENCE = "recurrence", "A recurrence rule"

    name = models.CharField(max_length=120, help_text="As a reason reads it: payday, VAT deadline.")
    services = models.ManyToManyField(Service, blank=True, help_text="None means every service.")
    pattern = models.CharField(max_length=20, choices=Pattern.choices)
    number = models.PositiveSmallIntegerField(null=True, blank=True, help_text="The n of the pattern.")
    day = models.DateField(null=True, blank=True, help_text="The date, or the first day of the rule.")
    recurrence = models.TextField(blank=True, help_text="RRULE and EXDATE lines (RFC 5545).")
    earlier = models.BooleanField(
        default=False, help_text="On a day of rest it moves to the working day before."
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(pattern__in=["working_day", "last_working_days", "day_of_month", "last_days"])
                | Q(number__isnull=False, number__range=(1, 31)),
                name="critical_pattern_has_number",
            ),
            models.CheckConstraint(
                condition=~Q(pattern__in=["yearly", "date", "recurrence"]) | Q(day__isnull=False),
                name="critical_pattern_has_day",
            ),
            models.CheckConstraint(
                condition=~Q(pattern="recurrence") | ~Q(recurrence=""),
                name="critical_pattern_has_recurrence",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Its days can be worked out."""
        super().clean()
        if self.pattern == self.Pattern.RECURRENCE and self.recurrence.strip() and self.day:
            try:
                recurrence.check_recurrence(
                    self.recurrence, datetime.combine(self.day, time.min, UTC), zone=UTC
                )
            except RecurrenceError as problem:
                raise ValidationError({"recurrence": str(problem)}) from None


class StandingWindow(RepeatingTime):
    """A time agreed once and for all for maintenance of some services."""

    name = models.CharField(max_length=120)
    services = models.ManyToManyField(Service, blank=True, help_text="None means every service.")

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="standing_ends_after_start"),
        ]

    def __str__(self) -> str:
        return self.name


class SupportCover(RepeatingTime):
    """When somebody answers customers: the hours of a hotline or a chat."""

    name = models.CharField(max_length=120, help_text="Hotline, chat.")
    on_holidays = models.BooleanField(default=False, help_text="Staffed on public holidays as well.")
    services = models.ManyToManyField(Service, blank=True, help_text="None means every service.")

    class Meta:
        ordering = ["starts_at"]
        verbose_name_plural = "support cover"
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="cover_ends_after_start"),
        ]

    def __str__(self) -> str:
        return self.name


class Cutoff(RepeatingTime):
    """A time in which a service must run: a batch, the taking in of salary files, a clearing cut-off."""

    class Kind(models.TextChoices):
        BATCH = "batch", "Batch"
        SALARIES = "salaries", "Salary files"
        CLEARING = "clearing", "Clearing"

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="cutoffs")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=120)
    working_days_only = models.BooleanField(default=False, help_text="Not on weekends and public holidays.")

    class Meta:
        ordering = ["service", "starts_at"]
        verbose_name = "cut-off"
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="cutoff_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.service}: {self.name}"
