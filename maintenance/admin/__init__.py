"""The admin's pages for services, windows and their rules: one file a page."""

from __future__ import annotations

from maintenance.admin import audit_log
from maintenance.admin.policies import notice_policies, rule_settings
from maintenance.admin.register import customers, services
from maintenance.admin.series import series_pages
from maintenance.admin.staff import sign_ins, users
from maintenance.admin.times import critical_days, repeating
from maintenance.admin.windows import changes, window_page
