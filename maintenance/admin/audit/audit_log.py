"""What is looked for in; one list of all that people did, to be read and to be exported, out."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.core.handlers.asgi import ASGIRequest
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST
from unfold.decorators import display

from maintenance import audit
from maintenance.admin import rendering
from maintenance.admin.audit.audited import stamp
from maintenance.admin.forms import AuditForm
from maintenance.admin.readonly import ReadOnlyAdmin
from maintenance.audit import log, wording
from maintenance.models import AuditEntry

_ON_A_PAGE: Final = 50
_COLUMNS: Final = ("time_utc", "who", "action", "about", "what", "changes", "reason")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""With which a cell begins that a spreadsheet reckons out."""
_APPS: Final = {"user": "auth", "group": "auth"}


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """One page for changes of windows, for all else that is changed, and for sign-ins."""

    fields = ("at", "actor_name", "said", "changes", "reason")
    readonly_fields = ("said", "changes")

    def has_view_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        """Whoever may read what was done to windows."""
        return request.user.has_perm("maintenance.view_change")

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        """The export, beside the list."""
        return (("export/", "maintenance_auditentry_export", export),)

    def changelist_view(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The newest first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = AuditForm(request.GET)
        form.is_valid()
        lines, more = log.log_page(
            form.asked(_sources(request)), log.position_of(request.GET.get("after", "")), _ON_A_PAGE
        )
        query = request.GET.copy()
        query["after"] = str(more or "")
        facts = {
            "form": form,
            "narrowed": any(form.data.get(name) for name in form.fields),
            "lines": [(line, _address(line)) for line in lines],
            "older": query.urlencode() if more else "",
            "begun": "after" in request.GET,
        }
        return rendering.admin_page(request, self, "maintenance/admin/audit_log.html", "Audit log", facts)

    @display(description="What")
    def said(self, entry: AuditEntry) -> str:
        """In a sentence."""
        return wording.line_of_entry(entry).sentence

    @display(description="Before and after")
    def changes(self, entry: AuditEntry) -> str:
        """In words."""
        return wording.line_of_entry(entry).details or "–"


@require_POST
def export(request: HttpRequest, model_admin: ModelAdmin[AuditEntry]) -> HttpResponseBase:
    """All that the page would show, page after page, as CSV; that it was taken out is in the log before."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    form = AuditForm(request.POST)
    if not form.is_valid():
        messages.error(request, rendering.form_faults(form))
        return HttpResponseRedirect(reverse("admin:maintenance_auditentry_changelist"))
    sources = _sources(request)
    states = audit.States(after=form.words)
    entry = audit.append_entry(
        AuditEntry.Action.EXPORTED, AuditEntry, stamp(request), states=states, name="as CSV"
    )
    chunks = _csv(form.asked(sources), log.position_before(entry))
    streamed = _in_turn(chunks) if isinstance(request, ASGIRequest) else chunks
    name = f"audit-log-{timezone.now():%Y%m%dT%H%M%SZ}.csv"
    return StreamingHttpResponse(
        streamed,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def _sources(request: HttpRequest) -> frozenset[str]:
    """Sign-ins have a permission of their own."""
    unseen = () if request.user.has_perm("maintenance.view_signin") else ("signin",)
    return log.SOURCES.difference(unseen)


def _address(line: wording.LogLine) -> str:
    if line.row is None:
        return ""
    model, pk = line.row
    try:
        return reverse(f"admin:{_APPS.get(model, 'maintenance')}_{model}_change", args=[pk])
    except NoReverseMatch:
        return ""


class _Written:
    """What csv writes is returned to whoever asked it to write."""

    def write(self, text: str) -> str:
        return text


def _csv(asked: log.LogQuery, after: log.LogPosition) -> Iterator[str]:
    """The header, and some hundreds of lines at a time."""
    write: Callable[[Sequence[str]], str] = csv.writer(_Written()).writerow
    yield write(_COLUMNS)
    for lines in log.all_lines(asked, after):
        yield "".join(write([_plain(cell) for cell in _cells(line)]) for line in lines)


def _cells(line: wording.LogLine) -> tuple[str, ...]:
    at = f"{line.at:%Y-%m-%dT%H:%M:%SZ}"
    return (at, line.who, line.label, line.kind, line.sentence, line.details, line.reason)


def _plain(cell: str) -> str:
    """No cell is a formula, whatever somebody has named a freeze."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell


async def _in_turn(chunks: Iterator[str]) -> AsyncIterator[str]:
    """As the server of `up` wants it: it would gather the whole of a plain iterator first."""
    following = sync_to_async(_following)
    while (chunk := await following(chunks)) is not None:
        yield chunk


def _following(chunks: Iterator[str]) -> str | None:
    return next(chunks, None)
