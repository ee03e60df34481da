"""The tables of services, what stands in for them, and who uses them."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import Q


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
    longest_window = models.DurationField(
        null=True, blank=True, help_text="No window of it may be longer. Empty: no limit."
    )
    depends_on = models.ManyToManyField("self", symmetrical=False, blank=True, related_name="dependents")
    demonstration = models.BooleanField(
        default=False, editable=False, help_text="Its traffic was made by a generator."
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(longest_window__isnull=True) | Q(longest_window__gt=timedelta(0)),
                name="service_longest_window_positive",
            ),
        ]

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
