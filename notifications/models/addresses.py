"""The roads by which people hear, and the tables of their addresses; no decisions."""

from __future__ import annotations

from typing import Final

from django.db import models

from maintenance.models import Customer


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
