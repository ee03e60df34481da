"""Whom the bank must tell, and how much notice it promises them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from maintenance.admin.fields import NoticePolicyForm, NoticeRuleForm
from maintenance.admin.readonly import ReadOnlyAdmin
from maintenance.models import Customer, NoticePolicy, NoticeRule, Use
from maintenance.templatetags.spans import duration


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


class NoticeRuleInline(TabularInline):
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

    @display(description="When")
    def ahead(self, rule: NoticeRule) -> str:
        """How long before the window."""
        return f"{duration(rule.lead)} ahead" if rule.lead else "at once"

    @display(description="Channels")
    def by(self, rule: NoticeRule) -> str:
        """By which roads."""
        return ", ".join(rule.channels)

    @display(description="For")
    def money(self, rule: NoticeRule) -> str:
        """For which services."""
        return "services that move money" if rule.only_money else "every service"


@admin.register(NoticePolicy)
class NoticePolicyAdmin(ModelAdmin):
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

    @display(description="Promised", ordering="promised")
    def promise(self, policy: NoticePolicy) -> str:
        """What is normally given."""
        return duration(policy.promised)

    @display(description="At least", ordering="least")
    def at_least(self, policy: NoticePolicy) -> str:
        """What a booking may not fall short of."""
        return duration(policy.least)
