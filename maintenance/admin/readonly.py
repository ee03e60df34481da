"""Rows in; lists and pages that can be read and never written, out."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Model
from django.http import HttpRequest
from unfold.paginator import InfinitePaginator

from maintenance.admin.lenient import LenientAdmin


class ReadOnlyAdmin(LenientAdmin):
    """What others write, or what is only ever appended; too long to be counted.

    A list says earlier and later, and no total: to count millions of rows for every page is slow, and
    nobody needs the number.
    """

    show_full_result_count = False
    paginator = InfinitePaginator
    list_per_page = 50
    fields: ClassVar[Any] = None
    readonly_fields: ClassVar[Any] = ()

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False
