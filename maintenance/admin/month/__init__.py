"""The calendar of the admin: a month or a week, and the check of a time that a window is moved to."""

from __future__ import annotations

from maintenance.admin.month.checking import check_target
from maintenance.admin.month.page import calendar_page

__all__ = ["calendar_page", "check_target"]
