"""The tables of what keeps the sending in order: senders, heartbeats, alarms; no decisions."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from notifications.models.addresses import ChannelField


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
    reported_at = models.DateTimeField(
        null=True, help_text="When a provider last reported that messages it had taken failed by our fault."
    )
    reason = models.CharField(max_length=300, blank=True)
    refused = models.PositiveIntegerField(
        default=0,
        db_default=0,
        help_text="Messages refused since one was last taken: how long the run of refusals is.",
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "sender"], name="bucket_once")]

    def __str__(self) -> str:
        return f"{self.sender} at {self.provider}"


class Refusal(models.Model):
    """A message in a sender's run of refusals: none of the sender's has been taken since."""

    bucket = models.ForeignKey(Bucket, on_delete=models.CASCADE, related_name="refusals")
    delivery_id = models.BigIntegerField(unique=True)
    customer_id = models.BigIntegerField()
    attempt = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=40, blank=True)
    reported = models.BooleanField(
        default=False,
        help_text="Told later, of a message that was taken; its code speaks of us, however few there are.",
    )

    class Meta:
        indexes = [models.Index(fields=["bucket", "code"], name="refusal_by_code")]

    def __str__(self) -> str:
        return f"{self.code} for delivery {self.delivery_id}"


class ReportedRest(models.Model):
    """A sender rested because too many messages of one notice were reported failed under the same code."""

    notice = models.ForeignKey("notifications.Notice", on_delete=models.CASCADE, related_name="+")
    channel = ChannelField()
    code = models.CharField(max_length=40, blank=True)
    rested_at = models.DateTimeField(help_text="The last time; by the database's clock.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notice", "channel", "code"], name="reported_rest_once"),
        ]

    def __str__(self) -> str:
        return f"{self.code} of notice {self.notice_id}"


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
