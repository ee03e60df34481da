"""The tables of what is known of traffic."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from maintenance.models.register import Service


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


class TrafficProfile(models.Model):
    """The expected week of a service as learnt from its samples, kept so that a page need not learn anew."""

    service = models.OneToOneField(Service, on_delete=models.CASCADE, related_name="profile")
    learnt_at = models.DateTimeField(help_text="The moment it was learnt at; nothing later was read.")
    basis = models.CharField(max_length=64, help_text="Fingerprint of all that it was learnt from.")
    content = models.BinaryField(help_text="The profile's arrays and values (numpy's npz).")

    def __str__(self) -> str:
        return f"Profile of {self.service}"
