"""Published rule-books in; a page to read and compare them on, and the one that is taken over, out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from maintenance import audit, policies
from maintenance.admin import rechecking, rendering
from maintenance.admin.audit.audited import AuditedAdmin, stamp
from maintenance.models import AuditEntry, Customer, NoticePolicy
from maintenance.policies import rulebooks
from maintenance.policies.rulebooks import RULEBOOKS, Rulebook


@dataclass(frozen=True)
class RulebookOffer:
    """A rule-book as the page shows it, beside what its audience is promised now."""

    rulebook: Rulebook
    demands: list[str]
    audience: str
    now: NoticePolicy | None
    promised_now: list[str]

    @property
    def told(self) -> bool:
        """Whether notices are planned for its audience; so far for customers only."""
        return self.rulebook.audience == Customer.Kind.CUSTOMER

    @property
    def in_force(self) -> bool:
        """Whether it is what the audience is promised already."""
        return self.now is not None and self.rulebook.matches(self.now)


@rendering.allowed("maintenance.view_noticepolicy")
@require_http_methods(["GET", "HEAD", "POST"])
def rulebooks_page(request: HttpRequest, model_admin: AuditedAdmin) -> HttpResponse:
    """Shows them by GET, and takes one over by POST."""
    if request.method == "POST":
        return _take_over(request, model_admin)
    known = {policy.audience: policy for policy in NoticePolicy.objects.all()}
    facts: dict[str, Any] = {
        "offers": [_offer(one, known.get(one.audience)) for one in RULEBOOKS],
        "may": _may(request, model_admin),
    }
    return rendering.admin_page(
        request, model_admin, "maintenance/admin/rulebooks.html", "Ready-made policies", facts
    )


def rulebook_of_policy(policy: NoticePolicy) -> str:
    """From which rule-book a policy was taken, and whether it was changed since."""
    found = next((one for one in RULEBOOKS if one.id == policy.rulebook), None)
    if found is None:
        return policy.rulebook or "No ready-made policy"
    changed = "" if found.matches(policy) else "; changed since"
    return f"{found.id}, {found.name} ({found.seen}){changed}"


def _offer(one: Rulebook, now: NoticePolicy | None) -> RulebookOffer:
    return RulebookOffer(
        rulebook=one,
        demands=policies.demands(one.policy()),
        audience=policies.audience_words(one.audience),
        now=now,
        promised_now=policies.demands(now) if now else [],
    )


def _may(request: HttpRequest, model_admin: ModelAdmin[NoticePolicy]) -> bool:
    return model_admin.has_change_permission(request) and model_admin.has_add_permission(request)


@transaction.atomic
def _taken_over(request: HttpRequest, model_admin: AuditedAdmin, asked: Rulebook) -> NoticePolicy:
    """With its line in the log, and in the admin's own."""
    known = NoticePolicy.objects.select_for_update(no_key=True).filter(audience=asked.audience).first()
    before = model_admin.facts(known) if known else {}
    policy, made = rulebooks.take_over(asked)
    words = f"Took over the ready-made policy {asked.id} ({asked.source})."
    if made:
        model_admin.log_addition(request, policy, words)
    else:
        model_admin.log_change(request, policy, words)
    action = AuditEntry.Action.ADDED if made else AuditEntry.Action.CHANGED
    states = audit.States(before, model_admin.facts(NoticePolicy.objects.get(pk=policy.pk)))
    audit.append_entry(action, policy, stamp(request), states=states, reason=words)
    return policy


def _take_over(request: HttpRequest, model_admin: AuditedAdmin) -> HttpResponse:
    if not _may(request, model_admin):
        raise PermissionDenied
    asked = next((one for one in RULEBOOKS if one.id == request.POST.get("rulebook")), None)
    if asked is None:
        messages.error(request, "There is no such ready-made policy: choose one of these.")
        return HttpResponseRedirect(request.path)
    policy = _taken_over(request, model_admin, asked)
    messages.success(
        request,
        f"{policies.audience_words(asked.audience).capitalize()}: {' '.join(policies.demands(policy))}",
    )
    rechecking.recheck_and_tell(request)
    return HttpResponseRedirect(reverse("admin:maintenance_noticepolicy_change", args=[policy.pk]))
