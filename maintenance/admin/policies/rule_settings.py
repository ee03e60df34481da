"""What each rule weighs in this bank: one page for all of them, to be read, and by approvers to be set.

What would weigh less than it does is asked again, with all that it means, and for a reason that is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from maintenance import audit
from maintenance.admin import rechecking, rendering
from maintenance.admin.audit.audited import stamp
from maintenance.admin.readonly import ReadOnlyAdmin
from maintenance.models import AuditEntry, RuleSetting
from maintenance.rules import RULES, SETTABLE, Rule, Weight

_SAID: Final = {Weight.HARD: "Hard", Weight.SOFT: "Soft", Weight.OFF: "Off"}
_STRENGTH: Final = (Weight.OFF, Weight.SOFT, Weight.HARD)
_CHANGES_SHOWN: Final = 10
_LEAST_LETTERS: Final = 3


@dataclass(frozen=True)
class RuleLine:
    """A rule as the page shows it: with its field for whoever may set it, and its weight for all."""

    rule: Rule
    weight: str
    usual: str
    field: forms.BoundField | None

    @property
    def set_here(self) -> bool:
        """Whether the bank has it otherwise than Lull."""
        return self.weight != self.usual


class WeightsForm(forms.Form):
    """A weight for each rule that a bank may set."""

    def __init__(self, *arguments: Any, weights: Mapping[str, str], **options: Any) -> None:
        super().__init__(*arguments, **options)
        for name, rule in SETTABLE.items():
            self.fields[name] = forms.ChoiceField(
                choices=list(_SAID.items()),
                widget=forms.RadioSelect,
                initial=rule.weighs(weights),
                label=rule.title,
                error_messages={"required": "Choose a weight."},
            )

    @property
    def chosen(self) -> dict[str, str]:
        """What differs from the weights until now, by the name of the rule."""
        return {name: self.cleaned_data[name] for name in self.changed_data}


class ConfirmForm(forms.Form):
    """Why something is to weigh less; `agreed` is what was read before."""

    reason = forms.CharField(
        max_length=200,
        label="Why",
        help_text="Kept in the audit log, with your name.",
        error_messages={"required": "Say why in a sentence."},
    )
    agreed = forms.CharField(widget=forms.HiddenInput)

    def clean_reason(self) -> str:
        """Some letters at least: a dot, or what nobody sees, is none."""
        reason: str = self.cleaned_data["reason"]
        if sum(map(str.isalpha, reason)) < _LEAST_LETTERS:
            raise forms.ValidationError("Say why in a sentence.")
        return reason


@dataclass(frozen=True)
class Weakening:
    """A rule that is to weigh less than it does."""

    rule: Rule
    now: str
    chosen: str

    @property
    def words(self) -> str:
        """What no longer holds, in a sentence."""
        if self.chosen == Weight.OFF:
            return f"{self.rule.title} will no longer be checked. Until now it held that:"
        return f"{self.rule.title} will only warn. With any reason this may be passed over:"

    @property
    def key(self) -> str:
        """The same while it means the same."""
        return f"{self.rule.name}:{self.now}:{self.chosen}"


@admin.register(RuleSetting)
class RuleSettingAdmin(ReadOnlyAdmin):
    """One page instead of a list of rows: a rule that has no row weighs what Lull says."""

    def changelist_view(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Every rule with its weight; a POST sets them, and looks again at what is booked."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        weights = dict(RuleSetting.objects.values_list("rule", "weight"))
        may_set = request.user.has_perm("maintenance.change_rulesetting")
        if request.method == "POST" and not may_set:
            raise PermissionDenied
        form = WeightsForm(request.POST if request.method == "POST" else None, weights=weights)
        if form.is_valid():
            return self._asked(request, form, weights)
        facts = {
            "lines": [_line(rule, weights, form if may_set else None) for rule in RULES],
            "may_set": may_set,
            "changes": _changes(),
        }
        return rendering.admin_page(request, self, "maintenance/admin/rules.html", "Rules", facts)

    def _asked(self, request: HttpRequest, form: WeightsForm, weights: Mapping[str, str]) -> HttpResponse:
        """Sets what was chosen, once whoever weakens a rule has read what that means and said why."""
        weaker = _weakened(form.chosen, weights)
        agreed, reason = " ".join(one.key for one in weaker), ""
        if weaker:
            sent = request.POST if request.POST.get("agreed") == agreed else None
            confirm = ConfirmForm(sent, initial={"agreed": agreed})
            if not confirm.is_valid():
                facts = {
                    "weaker": weaker,
                    "confirm": confirm,
                    "chosen": [(name, form.cleaned_data[name]) for name in SETTABLE],
                }
                page = "maintenance/admin/rules_confirm.html"
                return rendering.admin_page(request, self, page, "Rules", facts)
            reason = confirm.cleaned_data["reason"]
        if self._set(request, form.chosen, weights, reason):
            count = "1 rule" if len(form.chosen) == 1 else f"{len(form.chosen) or 'No'} rules"
            messages.success(request, f"{count} changed.")
            rechecking.recheck_and_tell(request)
        else:
            messages.error(request, "Somebody else set one of these at this moment: look at them again.")
        return HttpResponseRedirect(request.path)

    def _set(
        self, request: HttpRequest, chosen: Mapping[str, str], weights: Mapping[str, str], reason: str
    ) -> bool:
        """False where another has set one of them since: what is weaker was judged by what it weighed."""
        with transaction.atomic():
            rows = _locked(chosen)
            if any(rows[name].weight != SETTABLE[name].weighs(weights) for name in chosen):
                return False
            for name, weight in chosen.items():
                rule, row = SETTABLE[name], rows[name]
                row.weight = weight
                row.save(update_fields=["weight"])
                before, after = _SAID[Weight(rule.weighs(weights))], _SAID[Weight(weight)]
                why = f" (“{reason}”)" if reason else ""
                self.log_change(request, row, f"{rule.title}: {before.lower()}, now {after.lower()}{why}")
                audit.append_entry(
                    AuditEntry.Action.CHANGED,
                    row,
                    stamp(request),
                    states=audit.States({"weight": before}, {"weight": after}),
                    name=rule.title,
                    reason=reason,
                )
        return True


def _locked(names: Iterable[str]) -> dict[str, RuleSetting]:
    """The rows of these rules, in one order; one that has none gets what it weighs without."""
    for name in sorted(names):
        RuleSetting.objects.get_or_create(rule=name, defaults={"weight": SETTABLE[name].weighs({})})
    rows = RuleSetting.objects.filter(rule__in=names).order_by("rule")
    return {row.rule: row for row in rows.select_for_update()}


def _weakened(chosen: Mapping[str, str], weights: Mapping[str, str]) -> list[Weakening]:
    return [
        Weakening(rule, before, weight)
        for name, weight in chosen.items()
        for rule in (SETTABLE[name],)
        for before in (rule.weighs(weights),)
        if _STRENGTH.index(Weight(weight)) < _STRENGTH.index(Weight(before))
    ]


def _line(rule: Rule, weights: Mapping[str, str], form: WeightsForm | None) -> RuleLine:
    weight, usual = _SAID[Weight(rule.weighs(weights))], _SAID[rule.weight]
    return RuleLine(rule, weight, usual, form[rule.name] if form and not rule.fixed else None)


def _changes() -> list[LogEntry]:
    """Who set what, the latest first."""
    own = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(RuleSetting))
    return list(own.select_related("user").order_by("-action_time")[:_CHANGES_SHOWN])
