"""The tables of the peers: a customer, and what was sent to one."""

from __future__ import annotations

from django.db import models


class Person(models.Model):
    """Somebody with a phone and a mailbox."""

    name = models.CharField(max_length=160)
    phone = models.CharField(max_length=20)
    email = models.CharField(max_length=160)

    class Meta:
        app_label = "peers"

    def __str__(self) -> str:
        return self.name


class Sent(models.Model):
    """One message to one person."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE)
    status = models.CharField(max_length=12)
    reference = models.CharField(max_length=120, default="")
    sent_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "peers"

    def __str__(self) -> str:
        return f"{self.person}: {self.status}"
