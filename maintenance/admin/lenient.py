"""The admin of a table in; the same, which is not thrown by what Django's own stumbles over, out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.core.exceptions import BadRequest
from django.db.models import ForeignKey, ManyToManyField, QuerySet
from django.forms import ModelChoiceField, ModelMultipleChoiceField
from django.http import HttpRequest, HttpResponse

from maintenance.admin.audit.audited import AuditedAdmin
from maintenance.requests import parameters


class _OfIds:
    """Django's own looks for whatever was sent, and finds no words for what is no number."""

    def optgroups(self, name: str, value: Sequence[Any], attr: Any = None) -> list[Any]:
        """The rows that are chosen."""
        ids = [one for one in value if parameters.is_number(str(one))]
        return super().optgroups(name, ids, attr)  # type: ignore[misc, no-any-return]  # the widget stands beside it


class _One(_OfIds, AutocompleteSelect):
    """One row."""


class _Several(_OfIds, AutocompleteSelectMultiple):
    """Several rows."""


class LenientAdmin(AuditedAdmin):
    """Under every admin page of ours: odd values are passed over or asked for anew."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """`?_to_field=` names no field: the row is found by its id."""
        return super().get_object(request, object_id, from_field or None)

    def response_action(  # type: ignore[override]  # the stubs are of a later Django
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """Raises BadRequest where what was ticked is no row's id."""
        ticked = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if not all(parameters.is_number(one) for one in ticked):
            raise BadRequest("Tick the rows that are meant in the list, and choose the action again.")
        return super().response_action(request, queryset)

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        """As the admin's, with our widget."""
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", _One(db_field, self.admin_site, using=kwargs.get("using")))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelMultipleChoiceField[Any]:
        """As the admin's, with our widget."""
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", _Several(db_field, self.admin_site, using=kwargs.get("using")))
        return super().formfield_for_manytomany(db_field, request, **kwargs)
