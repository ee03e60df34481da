"""Whom the bank must tell."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from unfold.decorators import display

from maintenance.admin.readonly import ReadOnlyAdmin
from maintenance.models import Customer, Use


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    """Who must hear. The bank's own register is the source, so nothing is edited here."""

    list_display = ("external_id", "name", "kind", "language", "time_zone", "first")
    list_filter = ("kind", "vulnerable")
    search_fields = ("external_id__startswith",)
    search_help_text = "The bank's number, from its beginning"
    fields: ClassVar[Any] = ("external_id", "name", "kind", "language", "time_zone", "first", "used")
    readonly_fields: ClassVar[Any] = ("first", "used")

    @display(description="Vulnerable", ordering="vulnerable")
    def first(self, customer: Customer) -> str:
        """Whether this customer hears before the others."""
        return "Hears first" if customer.vulnerable else "–"

    @display(description="Uses")
    def used(self, customer: Customer) -> str:
        """The services whose maintenance this customer must hear of."""
        uses = Use.objects.filter(customer=customer).select_related("service").order_by("service__name")
        return ", ".join(use.service.name for use in uses) or "No service"
