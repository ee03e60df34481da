"""The tables of services, their users, their traffic and their windows; no decisions."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class Service(models.Model):
    """Something the bank's customers use and that maintenance can take away."""

    key = models.SlugField(unique=True, help_text="Short name in commands, files and addresses.")
    name = models.CharField(max_length=80)
    names = models.JSONField(default=dict, blank=True, help_text='Name in other languages: {"ar": "..."}.')
    description = models.TextField(blank=True)
    time_zone = models.CharField(max_length=64, help_text="Zone of naive traffic times (IANA name).")
    country = models.CharField(
        max_length=6, help_text="ISO 3166 country, with subdivision where holidays differ: GB, US-MN."
    )
    moves_money = models.BooleanField(
        default=False, help_text="Payments or cards: customers also get an SMS one day ahead."
    )
    depends_on = models.ManyToManyField("self", symmetrical=False, blank=True, related_name="dependents")
    demonstration = models.BooleanField(
        default=False, editable=False, help_text="Its traffic was made by a generator."
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def name_in(self, language: str) -> str:
        """The customer's word for this service, the bank's own where there is no translation."""
        return str(self.names.get(language) or self.name)


class Alternative(models.Model):
    """What still works while a service is away; every text must say it."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="alternatives")
    instead = models.ForeignKey(
        Service, on_delete=models.CASCADE, null=True, blank=True, related_name="stands_in_for"
    )
    words = models.CharField(max_length=160, help_text="As customers read it: cash machines and cards work.")
    words_by_language = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return self.words

    def words_in(self, language: str) -> str:
        """The sentence in a language, the bank's own where there is no translation."""
        return str(self.words_by_language.get(language) or self.words)


class Customer(models.Model):
    """Somebody who must hear: a customer, or a partner, regulator or member of staff."""

    class Kind(models.TextChoices):
        CUSTOMER = "customer"
        PARTNER = "partner"
        REGULATOR = "regulator"
        STAFF = "staff"

    external_id = models.CharField(max_length=64, unique=True, help_text="The bank's own number.")
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.CUSTOMER)
    name = models.CharField(max_length=160, blank=True)
    language = models.CharField(max_length=12)
    time_zone = models.CharField(max_length=64)
    vulnerable = models.BooleanField(default=False, help_text="Hears before the others.")
    demonstration = models.BooleanField(
        default=False, editable=False, help_text="Invented; can reach no provider."
    )
    uses = models.ManyToManyField(Service, through="Use", related_name="customers")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name or self.external_id


class Use(models.Model):
    """Which customer uses which service: the register that decides who is told."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    # the unique pair begins with it: an index of its own would only cost
    service = models.ForeignKey(Service, on_delete=models.CASCADE, db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["service", "customer"], name="use_once"),
        ]

    def __str__(self) -> str:
        return f"{self.customer} uses {self.service}"


class TrafficSample(models.Model):
    """How much a service was used from one moment to the next sample. Missing is unknown, not zero."""

    # the unique pair begins with it: an index of its own would only cost
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="samples", db_index=False)
    at = models.DateTimeField()
    count = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["service", "at"], name="sample_once"),
            models.CheckConstraint(condition=Q(count__gte=0), name="sample_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.at:%Y-%m-%d %H:%M}: {self.count:g}"


class Freeze(models.Model):
    """A time in which nothing may be touched: year end, a sale, an election."""

    name = models.CharField(max_length=120)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    services = models.ManyToManyField(Service, blank=True, help_text="None means every service.")

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="freeze_ends_after_start"),
        ]

    def __str__(self) -> str:
        return self.name


class NoticePolicy(models.Model):
    """How much notice an audience is promised, and how it is told."""

    audience = models.CharField(max_length=12, choices=Customer.Kind.choices, unique=True)
    name = models.CharField(max_length=120)
    promised = models.DurationField(default=timedelta(days=7), help_text="What is normally given.")
    least = models.DurationField(
        default=timedelta(days=5), help_text="Less than this is refused, unless it is an emergency."
    )
    source = models.CharField(max_length=200, blank=True, help_text="The rule-book it comes from.")

    class Meta:
        verbose_name_plural = "notice policies"
        constraints = [
            models.CheckConstraint(condition=Q(promised__gte=F("least")), name="policy_promise_over_least"),
        ]

    def __str__(self) -> str:
        return self.name


class Kind(models.TextChoices):
    """The occasions on which customers hear."""

    ANNOUNCED = "announced", "Announcement"
    RESCHEDULED = "rescheduled", "New time"
    REMINDER = "reminder", "Reminder"
    STARTED = "started", "Start"
    FINISHED = "finished", "It is over"
    CANCELLED = "cancelled", "Cancellation"


class NoticeRule(models.Model):
    """One line of a policy: this kind of notice, so long ahead, by these channels."""

    policy = models.ForeignKey(NoticePolicy, on_delete=models.CASCADE, related_name="rules")
    kind = models.CharField(max_length=12, choices=Kind.choices)
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
    expected_load = models.FloatField(
        null=True, blank=True, help_text="Traffic promised in this window when it was booked."
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
    """The trail: who did what to a window, before, after, why and when. Only ever appended.

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

    def __str__(self) -> str:
        return f"{self.get_what_display()} by {self.actor}"
