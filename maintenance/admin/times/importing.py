"""A calendar file and services in; first what it would add, change and remove, then that done, out.

Between the two pages the file lies in a session of its own, whose key only its sender has, for an hour.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from maintenance import audit
from maintenance.admin import rechecking, rendering
from maintenance.admin.audit.audited import stamp
from maintenance.imports import freezes
from maintenance.imports.ics import calendar_file, content_lines
from maintenance.imports.ics.event import ImportedFreeze
from maintenance.imports.text_files import Unreadable
from maintenance.models import AuditEntry, Freeze, Service
from maintenance.recurrence import repeats
from maintenance.templatetags.spans import span

_KEPT: Final = timedelta(hours=1)
_SHOWN: Final = 200
PERMISSIONS: Final = tuple(f"maintenance.{verb}_freeze" for verb in ("add", "change", "delete"))


@dataclass(frozen=True)
class FreezeLine:
    """A freeze as the page shows it."""

    name: str
    when: str
    repeats: str
    remark: str = ""


class ImportForm(forms.Form):
    """A file, and what its freezes are for."""

    file = forms.FileField(
        label="Calendar file",
        widget=forms.ClearableFileInput(attrs={"accept": ".ics,text/calendar"}),
        help_text="An .ics file, as Google Calendar, Outlook and Apple Calendar export it, up to 5 MB.",
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
    )
    service = forms.ModelMultipleChoiceField(
        Service.objects.all(),
        to_field_name="key",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Services",
        help_text="The freezes are for these. None means every service.",
    )

    def clean_file(self) -> UploadedFile[bytes]:
        """Refused by its size before any of it is read."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > content_lines.MOST_BYTES:
            raise ValidationError("The file is larger than 5 MB: export fewer days of it.")
        return file


@require_http_methods(["GET", "HEAD", "POST"])
def upload_page(request: HttpRequest, model_admin: ModelAdmin[Freeze]) -> HttpResponse:
    """Asks for the file; one that can be read leads to the page that shows what it would do."""
    _allow(request)
    form = ImportForm(*(request.POST, request.FILES) if request.method == "POST" else ())
    if form.is_valid():
        file, services = form.cleaned_data["file"], form.cleaned_data["service"]
        name, content = file.name or "The file", file.read()
        try:
            calendar_file.parsed_calendar(content, name, now=timezone.now())
        except Unreadable as refusal:
            form.add_error("file", str(refusal))
        else:
            key = _keep(request, name, content, services)
            return HttpResponseRedirect(reverse("admin:maintenance_freeze_import_confirm", args=[key]))
    facts = {"form": form}
    return rendering.admin_page(
        request, model_admin, "maintenance/admin/import.html", "Import a calendar", facts
    )


@require_http_methods(["GET", "HEAD", "POST"])
def confirm_page(request: HttpRequest, model_admin: ModelAdmin[Freeze], key: str) -> HttpResponse:
    """Shows what the file would do, and does it when that has been seen."""
    _allow(request)
    kept = SessionStore(key)
    if kept.get("user") != request.user.pk:
        messages.error(request, "This file is kept for an hour only: choose it again.")
        return HttpResponseRedirect(reverse("admin:maintenance_freeze_import"))
    now = timezone.now()
    services = list(Service.objects.filter(pk__in=kept["services"]))
    read = calendar_file.parsed_calendar(
        zlib.decompress(base64.b64decode(kept["content"])), kept["name"], now=now
    )
    planned = freezes.import_plan(read.events, services, now=now)
    stale = request.method == "POST" and request.POST.get("seen") != planned.fingerprint
    if (
        request.method == "POST"
        and not stale
        and _stored(request, _Import(kept["name"], planned, services, len(read.rejected)))
    ):
        kept.delete()
        return HttpResponseRedirect(reverse("admin:maintenance_freeze_changelist"))
    facts = {
        "name": kept["name"],
        "services": services,
        "stale": stale,
        "plan": planned,
        "rejected": read.rejected,
        **_lines(planned),
    }
    return rendering.admin_page(
        request, model_admin, "maintenance/admin/import_confirm.html", "Import a calendar", facts
    )


def _allow(request: HttpRequest) -> None:
    """An import may do all three."""
    if not request.user.has_perms(PERMISSIONS):
        raise PermissionDenied


def _keep(request: HttpRequest, name: str, content: bytes, services: Iterable[Service]) -> str:
    kept = SessionStore()
    kept["user"] = request.user.pk
    kept["name"] = name
    kept["content"] = base64.b64encode(zlib.compress(content)).decode()
    kept["services"] = [service.pk for service in services]
    kept.set_expiry(_KEPT)
    kept.create()
    assert kept.session_key is not None
    return kept.session_key


@dataclass(frozen=True)
class _Import:
    """What is done when it has been seen."""

    name: str
    plan: freezes.ImportPlan
    services: list[Service]
    rejected: int

    @transaction.atomic
    def store(self, by: audit.Stamp) -> None:
        """With a line in the log for each freeze that it overwrites or removes; what it adds is counted."""
        why, action = f"Imported from {self.name}", AuditEntry.Action
        removed = [(one, audit.States(audit.row_facts(one))) for one in self.plan.removed]
        audit.record_all(action.DELETED, removed, by, reason=why)
        before = [(one, audit.row_facts(one)) for one, _ in self.plan.changed]
        freezes.carry_out(self.plan, self.services)
        now = Freeze.objects.prefetch_related("services").in_bulk([one.pk for one, _ in before])
        changed = [(now[one.pk], audit.States(was, audit.row_facts(now[one.pk]))) for one, was in before]
        audit.record_all(action.CHANGED, changed, by, reason=why)
        states = audit.States(after=self._counts())
        audit.append_entry(action.IMPORTED, Freeze, by, states=states, name=self.name)

    def _counts(self) -> dict[str, Any]:
        return {
            "added": len(self.plan.added),
            "changed": len(self.plan.changed),
            "removed": len(self.plan.removed),
            "as they were": self.plan.same,
            "over": self.plan.over,
            "rejected": self.rejected,
            "services": [service.name for service in self.services] or "Every service",
        }


def _stored(request: HttpRequest, asked: _Import) -> bool:
    planned = asked.plan
    try:
        asked.store(stamp(request))
    except IntegrityError:
        messages.error(request, "Somebody imported the same at this moment: look again at what is left.")
        return False
    done = (("added", planned.added), ("changed", planned.changed), ("removed", planned.removed))
    counts = [f"{len(rows)} {word}" for word, rows in done if rows]
    messages.success(request, f"Imported: {', '.join(counts) or 'nothing had changed'}.")
    rechecking.recheck_and_tell(request)
    return True


def _lines(planned: freezes.ImportPlan) -> dict[str, Any]:
    added = [_line(entry) for entry in planned.added[:_SHOWN]]
    changed = [(_line(freeze), _line(entry)) for freeze, entry in planned.changed[:_SHOWN]]
    removed = [_line(freeze) for freeze in planned.removed[:_SHOWN]]
    shown = len(added) + len(changed) + len(removed)
    more = len(planned.added) + len(planned.changed) + len(planned.removed) - shown
    return {"added": added, "changed": changed, "removed": removed, "more": more}


def _line(one: ImportedFreeze | Freeze) -> FreezeLine:
    when, rule = span(one.starts_at, one.ends_at), repeats.repeat_words(one.recurrence, one.starts_at)
    return FreezeLine(one.name, when, rule, one.remark if isinstance(one, ImportedFreeze) else "")
