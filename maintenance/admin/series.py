"""Repeating windows: a list of them, and for each one page with its windows and what could not be booked."""

from __future__ import annotations

from django.contrib import admin

from maintenance.admin.readonly import ReadOnlyAdmin
from maintenance.models import Series


@admin.register(Series)
class SeriesAdmin(ReadOnlyAdmin):
    """Read in the admin, changed by the domain."""

    list_display = ("purpose", "starts_at")
