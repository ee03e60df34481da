"""The column of a channel's name, and the tables of people's addresses; no decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models

from maintenance.models import Customer
from notifications import channels


class ChannelField(models.CharField[str, str]):
    """A channel's name. Which there are is said by the files of channels/, and not by migrations."""

    def __init__(self, **options: Any) -> None:
        """As a CharField that knows its choices and its length."""
        super().__init__(**options | {"choices": channels.channel_choices, "max_length": 8})

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """As a CharField that has no choices."""
        name, _, arguments, options = super().deconstruct()
        del options["choices"]
        return name, "django.db.models.CharField", arguments, options


class Contact(models.Model):
    """An address of a customer, as ciphertext, with a keyed HMAC to find it by."""

    # the unique pair begins with it: an index of its own would only cost
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contacts", db_index=False)
    channel = ChannelField()
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

    channel = ChannelField()
    address_hmac = models.BinaryField(max_length=32)
    reason = models.CharField(max_length=10, choices=Reason.choices)
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "address_hmac"], name="suppression_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()}: {self.get_reason_display()}"
