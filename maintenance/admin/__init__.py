"""The admin's pages for services, windows and their rules: one file a page."""

from __future__ import annotations

from maintenance.admin import (  # noqa: F401  # each registers its models
    audit_log,
    catalogue,
    changes,
    critical,
    policies,
    register,
    series,
    signins,
    staff,
    times,
    weights,
    window,
)
