"""Services, with their traffic and what stands in for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import DateTimeField, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
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
    fields = ("instead", "words", "words_by_language")
    readonly_fields = ("other_words",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who only reads is shown words, not how they are typed in."""
        if self.has_change_permission(request, obj):
            return self.fields
        return ["other_words" if name == "words_by_language" else name for name in self.fields]

    @display(description="Words by language")
    def other_words(self, alternative: Alternative) -> SafeString | str:
        """Those of the other languages."""
        return _by_language(alternative.words_by_language)


@admin.register(Service)
class ServiceAdmin(Rechecking):
    """What customers use, how much, and what helps them while it is away."""

    form = ServiceForm
    inlines = (AlternativeInline,)
    list_display = ("name", "key", "country", "money", "traffic_until", "quiet")
    search_fields = ("name", "key")
    list_filter = ("moves_money",)
    prepopulated_fields = {"key": ("name",)}
    readonly_fields = ("traffic", "other_names")
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

    def get_fields(self, request: HttpRequest, obj: Service | None = None) -> Any:
        """Who only reads is shown names, not how they are typed in."""
        if self.has_change_permission(request, obj):
            return self.fields
        return ["other_names" if name == "names" else name for name in self.fields]

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

    @display(description="Names")
    def other_names(self, service: Service) -> SafeString | str:
        """Those of the other languages."""
        return _by_language(service.names)

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


def _by_language(words: Mapping[str, str]) -> SafeString | str:
    lines = [(code.upper(), code, said) for code, said in sorted(words.items())]
    return format_html_join(mark_safe("<br>"), '{}: <bdi lang="{}">{}</bdi>', lines) or "–"


def _slots(service: Service, words: str) -> SafeString:
    address = f"{reverse('admin:maintenance_window_slots')}?service={service.key}&minutes=120"
    return format_html('<a class="lull-link" href="{}">{}</a>', address, words)
