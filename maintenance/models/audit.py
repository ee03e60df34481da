"""The table of what people did that is not of one window: to times, rules, policies, services, staff."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class AuditEntry(models.Model):
    """Who did what to which row, before, after, why and when. Only ever appended.

    What is done to a window is a Change, which notifications reads; nothing is told of this.
    """

    class Action(models.TextChoices):
        ADDED = "added", "Added"
        CHANGED = "changed", "Changed"
        DELETED = "deleted", "Deleted"
        ENDED = "ended", "Ended"
        SETTLED = "settled", "Took care of"
        PASSWORD_SET = "password_set", "Set the password of"
        IMPORT_BEGUN = "import_begun", "Began to import"
        IMPORTED = "imported", "Imported"
        EXPORTED = "exported", "Exported"

    class ObjectType(models.TextChoices):
        """The name of the model, in lower case."""

        FREEZE = "freeze", "Freeze"
        CRITICAL_DAY = "criticalday", "Critical day"
        HOLIDAY = "holiday", "Holiday"
        CUTOFF = "cutoff", "Cut-off"
        SUPPORT_COVER = "supportcover", "Support cover"
        STANDING_WINDOW = "standingwindow", "Standing window"
        RULE = "rulesetting", "Rule"
        POLICY = "noticepolicy", "Notice policy"
        SERVICE = "service", "Service"
        SERIES = "series", "Series"
        TRAFFIC = "trafficsample", "Traffic"
        CUSTOMER = "customer", "Customers"
        USER = "user", "Staff"
        GROUP = "group", "Group"
        LOG = "auditentry", "Audit log"

    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    actor_name = models.CharField(max_length=310, help_text="Stays when the account has gone.")
    action = models.CharField(max_length=14, choices=Action.choices)
    object_type = models.CharField(max_length=20, choices=ObjectType.choices)
    object_id = models.BigIntegerField(null=True, blank=True)
    object_name = models.CharField(max_length=300)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["at", "id"], name="audit_entry_by_time")]
        verbose_name_plural = "audit log"
        default_permissions = ()
        """Whoever may read changes reads it, and nobody writes it."""

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.object_name}"
