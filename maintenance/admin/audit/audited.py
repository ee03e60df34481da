"""A row added, changed or deleted on a page of the admin in; that done, with its line in the log, out.

The admin itself says when it has done so, in its own transaction: no page can do it past this.
"""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import ForeignKey, Model, QuerySet
from django.forms.models import _get_foreign_key
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from maintenance import audit
from maintenance.audit.rows import gone_with
from maintenance.models import AuditEntry

Action = AuditEntry.Action

_BEFORE: Final = "_facts_before"
"""Kept with the row from before it is saved until the admin says that it was."""


def stamp(request: HttpRequest) -> audit.Stamp:
    """Who is signed in, and the present time."""
    assert isinstance(request.user, User)  # the admin let nobody else in
    return audit.Stamp(request.user, timezone.now())


class AuditedAdmin(ModelAdmin):
    """Under every admin page of ours: what it changes is in the log."""

    def facts(self, row: Model) -> dict[str, Any]:
        """What the page can change of a row, with those of its inlines."""
        return audit.row_facts(row, self._parts())

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Remember what was, also where another has changed it since the form was opened."""
        stored: QuerySet[Any] = QuerySet(type(obj)).select_for_update(no_key=True).filter(pk=obj.pk)
        setattr(obj, _BEFORE, self.facts(stored.get()) if change else {})
        super().save_model(request, obj, form, change)

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Its services and lines are stored by now as well."""
        self._record(request, Action.ADDED, obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Only what differs; a form that was saved as it stood changed nothing."""
        self._record(request, Action.CHANGED, obj)
        return super().log_change(request, obj, message)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        """One row, with all that was known of it."""
        with transaction.atomic():
            self._record_deletion(request, [obj])
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """The rows that were ticked in a list."""
        with transaction.atomic():
            self._record_deletion(request, list(queryset))
            super().delete_queryset(request, queryset)

    def _parts(self) -> list[ForeignKey[Any, Any]]:
        return [
            _get_foreign_key(self.model, inline.model, fk_name=getattr(inline, "fk_name", None))
            for inline in self.inlines
        ]

    def _record(self, request: HttpRequest, action: AuditEntry.Action, row: Model) -> None:
        before = vars(row).pop(_BEFORE, None)
        if before is None:
            return  # it was not saved by the form of the page: whoever did it has written its line
        states = audit.States(before, self.facts(QuerySet(type(row)).get(pk=row.pk)))
        if states.differ:
            audit.append_entry(action, row, stamp(request), states=states)

    def _record_deletion(self, request: HttpRequest, rows: list[Any]) -> None:
        for row in rows:
            states = audit.States(self.facts(row) | gone_with(row))
            audit.append_entry(Action.DELETED, row, stamp(request), states=states)
