"""Deliveries that failed for good in; how many for which reason, and those of one queued again, out."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.contrib.admin import ModelAdmin
from django.db.models import Max, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from maintenance.admin import rendering
from notifications.admin import bulk
from notifications.delivery import queue
from notifications.models import Delivery, State, Tally

log = logging.getLogger(__name__)

_LATELY: Final = timedelta(days=7)
"""Failures of notices whose words were true within it: nothing can be done about older ones."""
_PAGE: Final = "admin:notifications_delivery_failures"


class AgainForm(bulk.GroupForm):
    """Those that failed for one reason; without a notice, of all that are still true."""

    notice = forms.IntegerField(min_value=1, required=False)
    code = forms.CharField(required=False, max_length=40, strip=False)
    sure = forms.BooleanField(error_messages={"required": "Confirm that the reason is mended."})


@dataclass(frozen=True)
class Cause:
    """One reason on one channel, with the failures of each notice, the most first."""

    channel: str
    code: str
    groups: Sequence[bulk.Group]

    @property
    def number(self) -> int:
        """Of all its failures."""
        return sum(group.number for group in self.groups)

    @property
    def newest(self) -> datetime:
        """When the last of them failed."""
        return max(group.newest for group in self.groups)

    @property
    def example(self) -> str:
        """One of their reasons, in the provider's words."""
        return max(group.example for group in self.groups)

    @property
    def until(self) -> str:
        """What fails later is not meant by whoever saw this."""
        return self.newest.isoformat()

    @property
    def live(self) -> Sequence[bulk.Group]:
        """Those that can be sent again."""
        return [group for group in self.groups if not group.too_late and not group.is_withdrawn]

    @property
    def live_number(self) -> int:
        """How many they hold."""
        return sum(group.number for group in self.live)


@rendering.allowed("notifications.view_delivery")
@require_safe
def failures_page(request: HttpRequest, model_admin: ModelAdmin[Delivery]) -> HttpResponse:
    """The most first: that is what a setting of ours looks like."""
    facts = {"causes": _causes(timezone.now())}
    return rendering.admin_page(request, model_admin, "notifications/admin/failures.html", "Failed", facts)


@rendering.allowed("maintenance.book_window")
@require_POST
def send_again(request: HttpRequest, model_admin: ModelAdmin[Delivery]) -> HttpResponse:
    """A person says that the reason is mended."""
    return bulk.form_response(request, AgainForm(request.POST), lambda asked: _again(request, asked), _PAGE)


def _again(request: HttpRequest, asked: dict[str, Any]) -> None:
    by, notice, channel, code = request.user.get_username(), asked["notice"], asked["channel"], asked["code"]
    who: dict[str, Any] = {"until": asked["until"], "by": by, "now": timezone.now()}
    if notice is None:
        moved = queue.send_all_again(channel, code, **who)
    else:
        moved = queue.send_again(notice, channel, code, **who)
    log.warning("%s sent again %d of notice %s by %s: %s", by, moved, notice or "any", channel, code)
    bulk.tell_moved(
        request,
        moved,
        of=asked["number"],
        done="In the queue again",
        why_not="their words are no longer true, or somebody else was quicker",
    )


def _causes(now: datetime) -> list[Cause]:
    failed = Tally.objects.filter(state=State.FAILED, notice__true_until__gte=now - _LATELY)
    some = failed.values("notice").annotate(number=Sum("deliveries")).filter(number__gt=0)
    found = Delivery.objects.filter(
        state=State.FAILED,
        notice__in=list(some.values_list("notice", flat=True)),
        settled_at__isnull=False,
        demonstration=False,
    )
    by_cause: defaultdict[tuple[str, str], list[bulk.Group]] = defaultdict(list)
    each = bulk.delivery_groups(found, "code", dated_by="settled_at", now=now, example=Max("reason"))
    for group in sorted(each, key=lambda one: (-one.number, -one.notice.pk)):
        by_cause[group.channel, group.code].append(group)
    causes = [Cause(channel, code, its) for (channel, code), its in by_cause.items()]
    return sorted(causes, key=lambda cause: (-cause.number, cause.channel, cause.code))
