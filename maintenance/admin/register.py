"""The register: services with their traffic and substitutes, customers, freezes, policies, and the trail."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.db.models import DateTimeField, Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from maintenance.admin.fields import (
    AlternativeForm,
    FreezeForm,
    NoticePolicyForm,
    NoticeRuleForm,
    ServiceForm,
)
from maintenance.models import (
    Alternative,
    Approval,
    Change,
    Customer,
    Freeze,
    NoticePolicy,
    NoticeRule,
    Service,
    TrafficSample,
    Use,
)
from maintenance.templatetags.spans import length, moment, people, span

_DAY: Final = "D j M Y"


class ReadOnly:
    """Rows that nobody makes, changes or deletes in the admin."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False


class Long:
    """A list too long to be counted: the page says earlier and later, and no total."""

    show_full_result_count = False
    paginator = InfinitePaginator
    list_per_page = 50


class AlternativeInline(TabularInline):  # type: ignore[misc]
    """What still works while the service is away."""

    model = Alternative
    form = AlternativeForm
    fk_name = "service"
    extra = 0
    verbose_name_plural = "What still works meanwhile"


@admin.register(Service)
class ServiceAdmin(ModelAdmin):  # type: ignore[misc]
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

    @display(description="Moves money", ordering="moves_money")  # type: ignore[untyped-decorator]
    def money(self, service: Service) -> str:
        """A word: the admin's red cross would read as a fault."""
        return "Yes" if service.moves_money else "–"

    @display(description="Traffic until", ordering="until")  # type: ignore[untyped-decorator]
    def traffic_until(self, service: Service) -> str:
        """The time of the last sample."""
        return moment(service.until) if service.until else "none yet"  # type: ignore[attr-defined]

    @display(description="Quiet hours")  # type: ignore[untyped-decorator]
    def quiet(self, service: Service) -> SafeString:
        """The way to its slots."""
        return _slots(service, "Find a slot")

    @display(description="Traffic")  # type: ignore[untyped-decorator]
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


@admin.register(Freeze)
class FreezeAdmin(ModelAdmin):  # type: ignore[misc]
    """Times in which nothing may be touched."""

    form = FreezeForm
    list_display = ("name", "when", "touched")
    search_fields = ("name",)
    autocomplete_fields = ("services",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Freeze]:
        """With the services."""
        freezes: QuerySet[Freeze] = super().get_queryset(request).prefetch_related("services")
        return freezes

    @display(description="When", ordering="starts_at")  # type: ignore[untyped-decorator]
    def when(self, freeze: Freeze) -> str:
        """From when till when."""
        return span(freeze.starts_at, freeze.ends_at)

    @display(description="Services")  # type: ignore[untyped-decorator]
    def touched(self, freeze: Freeze) -> str:
        """Those it protects."""
        return ", ".join(service.name for service in freeze.services.all()) or "Every service"


@admin.register(Customer)
class CustomerAdmin(ReadOnly, Long, ModelAdmin):  # type: ignore[misc]
    """Who must hear. The bank's own register is the source, so nothing is edited here."""

    list_display = ("external_id", "name", "kind", "language", "time_zone", "first")
    list_filter = ("kind", "vulnerable")
    search_fields = ("external_id__startswith",)
    search_help_text = "The bank's number, from its beginning"
    fields = ("external_id", "name", "kind", "language", "time_zone", "first", "used")
    readonly_fields = ("first", "used")

    @display(description="Vulnerable", ordering="vulnerable")  # type: ignore[untyped-decorator]
    def first(self, customer: Customer) -> str:
        """Whether this customer hears before the others."""
        return "Hears first" if customer.vulnerable else "–"

    @display(description="Uses")  # type: ignore[untyped-decorator]
    def used(self, customer: Customer) -> str:
        """The services whose maintenance this customer must hear of."""
        uses = Use.objects.filter(customer=customer).select_related("service").order_by("service__name")
        return ", ".join(use.service.name for use in uses) or "No service"


class NoticeRuleInline(TabularInline):  # type: ignore[misc]
    """What is sent when."""

    model = NoticeRule
    form = NoticeRuleForm
    extra = 0
    readonly_fields = ("ahead", "by", "money")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Words for readers, fields for those who may change them."""
        if self.has_change_permission(request, obj):
            return ("kind", "lead", "channels", "only_money")
        return ("kind", "ahead", "by", "money")

    @display(description="When")  # type: ignore[untyped-decorator]
    def ahead(self, rule: NoticeRule) -> str:
        """How long before the window."""
        return f"{length(rule.lead)} ahead" if rule.lead else "at once"

    @display(description="Channels")  # type: ignore[untyped-decorator]
    def by(self, rule: NoticeRule) -> str:
        """By which roads."""
        return ", ".join(rule.channels)

    @display(description="For")  # type: ignore[untyped-decorator]
    def money(self, rule: NoticeRule) -> str:
        """For which services."""
        return "services that move money" if rule.only_money else "every service"


@admin.register(NoticePolicy)
class NoticePolicyAdmin(ModelAdmin):  # type: ignore[misc]
    """How much notice an audience is promised."""

    form = NoticePolicyForm
    inlines = (NoticeRuleInline,)
    list_display = ("name", "audience", "promise", "at_least")
    readonly_fields = ("promise", "at_least")

    def get_fields(self, request: HttpRequest, obj: NoticePolicy | None = None) -> tuple[Any, ...]:
        """Words for readers, fields for those who may change them."""
        if self.has_change_permission(request, obj):
            return ("name", "audience", ("promised", "least"), "source")
        return ("name", "audience", ("promise", "at_least"), "source")

    @display(description="Promised", ordering="promised")  # type: ignore[untyped-decorator]
    def promise(self, policy: NoticePolicy) -> str:
        """What is normally given."""
        return length(policy.promised)

    @display(description="At least", ordering="least")  # type: ignore[untyped-decorator]
    def at_least(self, policy: NoticePolicy) -> str:
        """What a booking may not fall short of."""
        return length(policy.least)


@admin.register(Change)
class ChangeAdmin(ReadOnly, Long, ModelAdmin):  # type: ignore[misc]
    """The trail of all windows. Append-only: nobody edits what happened."""

    list_display = ("at", "what", "of_window", "actor", "reason")
    list_filter = ("what",)
    list_select_related = ("actor", "window")
    ordering = ("-id",)

    @display(description="Window")  # type: ignore[untyped-decorator]
    def of_window(self, change: Change) -> SafeString:
        """The way to the window's page."""
        return link(change.window)


@admin.register(Approval)
class ApprovalAdmin(ReadOnly, Long, ModelAdmin):  # type: ignore[misc]
    """Every decision. Append-only."""

    list_display = ("decided_at", "subject", "of_window", "revision", "approver", "decision", "reason")
    list_filter = ("subject", "approved")
    list_select_related = ("approver", "window")
    ordering = ("-id",)

    @display(description="Window")  # type: ignore[untyped-decorator]
    def of_window(self, approval: Approval) -> SafeString:
        """The way to the window's page."""
        return link(approval.window)

    @display(  # type: ignore[untyped-decorator]
        description="Decision", ordering="approved", label={"Approved": "success", "Rejected": "danger"}
    )
    def decision(self, approval: Approval) -> str:
        """What was decided."""
        return "Approved" if approval.approved else "Rejected"


def link(row: Model, words: object = "") -> SafeString:
    """A row's name, or other words, leading to its page."""
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return format_html('<a class="lull-link" href="{}">{}</a>', address, words or row)


def lines(words: list[str]) -> SafeString:
    """Sentences below each other."""
    return format_html_join("", "<p>{}</p>", ((line,) for line in words))
