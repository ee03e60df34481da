"""How much notice the bank promises each audience: a list, a page each, and ready-made ones to take over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.contrib import admin, messages
from django.db.models import Model
from django.forms import BaseModelFormSet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import display

from maintenance import policies
from maintenance.admin.links import joined_lines
from maintenance.admin.policies import readymade
from maintenance.admin.policies.policy_fields import NoticePolicyForm, NoticeRuleForm
from maintenance.admin.rechecking import Rechecking
from maintenance.models import Customer, NoticeKind, NoticePolicy, NoticeRule
from maintenance.policies import rulebooks
from maintenance.templatetags.spans import duration

_COUNTING: Final = (
    "The day of the start counts, also where it is a day of rest; the day of notice does not, unless you say "
    "so. Working days are those of the country, with the bank's own holidays over the known ones. Hours are "
    "counted to the minute."
)
_WRITTEN: Final = (
    (None, {"fields": ("name", "audience")}),
    (
        "Notice",
        {
            "fields": ("unit", ("promised", "least"), "country", "counts_notice_day"),
            "description": _COUNTING,
        },
    ),
    ("When, and how long", {"fields": (("not_before", "not_after"), "longest")}),
    ("How much", {"fields": ("most_per_month", ("downtime_per_month", "downtime_per_year"))}),
    ("What is free, and what may change", {"fields": ("exempt", "only_cancelling_inside")}),
    ("What must be said", {"fields": ("content",)}),
    ("Where it stands", {"fields": ("source", "source_date", "taken_from")}),
)
_READ: Final = ((None, {"fields": ("name", "audience", "asks", "source", "source_date", "taken_from")}),)


class NoticeRuleInline(TabularInline):
    """What is sent when."""

    model = NoticeRule
    form = NoticeRuleForm
    extra = 0
    readonly_fields = ("ahead", "by", "money")
    verbose_name_plural = "What is sent when: the announcement as long ahead as is promised, or longer"

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Words for readers, fields for those who may change them."""
        if self.has_change_permission(request, obj):
            return ("kind", "lead", "channels", "only_money")
        return ("kind", "ahead", "by", "money")

    @display(description="When")
    def ahead(self, rule: NoticeRule) -> str:
        """How long before the window; the announcement is counted as its policy counts."""
        if rule.kind == NoticeKind.ANNOUNCED:
            lead = max(rule.lead, rule.policy.promised)
            return f"{policies.lead_words(lead, rule.policy.unit)} ahead"
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
class NoticePolicyAdmin(Rechecking):
    """How much notice an audience is promised."""

    form = NoticePolicyForm
    inlines = (NoticeRuleInline,)
    list_display = ("name", "audience", "promise", "at_least", "stands")
    ordering = ("audience",)
    readonly_fields = ("asks", "taken_from")
    list_before_template: Any = "maintenance/admin/to_rulebooks.html"
    change_form_before_template: Any = "maintenance/admin/to_rulebooks.html"

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        """The page beside the list."""
        return (("rulebooks/", "maintenance_noticepolicy_rulebooks", readymade.rulebooks_page),)

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Words for readers, fields for those who may change them."""
        may_write = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return _WRITTEN if may_write else _READ

    def save_related(
        self, request: HttpRequest, form: Any, formsets: list[BaseModelFormSet[Any, Any]], change: bool
    ) -> None:
        """An announcement that went out as promised before goes out as promised now."""
        super().save_related(request, form, formsets, change)
        if change and rulebooks.follow(form.instance, form.promised_before):
            promised = policies.lead_words(form.instance.promised, form.instance.unit)
            messages.info(request, f"The announcement now goes out {promised} ahead, as is promised.")

    def has_delete_permission(self, request: HttpRequest, obj: NoticePolicy | None = None) -> bool:
        """Not that of customers, without which nothing can be booked."""
        if obj is not None and obj.audience == Customer.Kind.CUSTOMER:
            return False
        return bool(super().has_delete_permission(request, obj))

    @display(description="Promised", ordering="promised")
    def promise(self, policy: NoticePolicy) -> SafeString:
        """What is normally given."""
        return _length(policy.promised, policy)

    @display(description="At least", ordering="least")
    def at_least(self, policy: NoticePolicy) -> SafeString:
        """What a booking may not fall short of."""
        return _length(policy.least, policy)

    @display(description="Rule-book")
    def stands(self, policy: NoticePolicy) -> str:
        """The ready-made policy it was taken from."""
        return policy.rulebook or "–"

    @display(description="What it demands")
    def asks(self, policy: NoticePolicy) -> SafeString:
        """All of it, in sentences."""
        return joined_lines(policies.demands(policy))

    @display(description="Taken from")
    def taken_from(self, policy: NoticePolicy) -> str:
        """The ready-made policy, and whether it was changed since."""
        return readymade.rulebook_of_policy(policy)


def _length(lead: timedelta, policy: NoticePolicy) -> SafeString:
    """`7 working days`, in this order right to left as well."""
    return format_html("<bdi>{}</bdi>", policies.lead_words(lead, policy.unit))
