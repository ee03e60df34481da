"""Services, with their traffic and what stands in for them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import DateTimeField, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import display

from maintenance.admin.rechecking import Rechecking
from maintenance.admin.register.service_fields import AlternativeForm, ServiceForm
from maintenance.models import Alternative, Service, TrafficSample
from maintenance.templatetags.spans import moment, people, span


class AlternativeInline(TabularInline):
    """What still works while the service is away."""

    model = Alternative
    form = AlternativeForm
    fk_name = "service"
    extra = 0
    verbose_name_plural = "What still works meanwhile"


@admin.register(Service)
class ServiceAdmin(Rechecking):
    """What customers use, how much, and what helps them while it is away."""

    form = ServiceForm
    inlines = (AlternativeInline,)
    list_display = ("name", "key", "country", "money", "traffic_until", "quiet")
    search_fields = ("name", "key")
    list_filter = ("moves_money",)
    prepopulated_fields = {"key": ("name",)}
    readonly_fields = ("traffic",)
    fields = (
        "name",
        "names",
        "key",
        "description",
        ("time_zone", "country"),
        "moves_money",
        "longest_window",
        "depends_on",
        "traffic",
    )
    autocomplete_fields = ("depends_on",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Service]:
        """With the last sample of each, read from the end of an index."""
        last = TrafficSample.objects.filter(service=OuterRef("pk")).order_by("-at").values("at")[:1]
        services: QuerySet[Service] = super().get_queryset(request)
        return services.annotate(until=Subquery(last, output_field=DateTimeField()))

    def get_prepopulated_fields(self, request: HttpRequest, obj: Service | None = None) -> dict[str, Any]:
        """Only while it is added: commands and addresses name a service by its key."""
        return {} if obj else super().get_prepopulated_fields(request, obj)

    @display(description="Moves money", ordering="moves_money")
    def money(self, service: Service) -> str:
        """A word: the admin's red cross would read as a fault."""
        return "Yes" if service.moves_money else "–"

    @display(description="Traffic until", ordering="until")
    def traffic_until(self, service: Service) -> str:
        """The time of the last sample."""
        return moment(service.until) if service.until else "none yet"  # type: ignore[attr-defined]

    @display(description="Quiet hours")
    def quiet(self, service: Service) -> SafeString:
        """The way to its slots."""
        return _slots(service, "Find a slot")

    @display(description="Traffic")
    def traffic(self, service: Service) -> SafeString | str:
        """How much is known of it, and what to do with that."""
        samples = service.samples.order_by("at")
        first, last = samples.first(), samples.last()
        if not first or not last:
            return f"None yet. Import it: manage.py import_traffic {service.key} FILE"
        made = " Made by a generator for the demonstration." if service.demonstration else ""
        return format_html(
            "{} samples, {}.{} {}",
            people(samples.count()),
            span(first.at, last.at),
            made,
            _slots(service, "Find a quiet slot"),
        )


def _slots(service: Service, words: str) -> SafeString:
    address = f"{reverse('admin:maintenance_window_slots')}?service={service.key}&minutes=120"
    return format_html('<a class="lull-link" href="{}">{}</a>', address, words)
