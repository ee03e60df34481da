"""The bank's name in; how the admin looks and what stands in its side bar out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

_BLUE: Final = {
    "50": "oklch(97% .014 254.6)",
    "100": "oklch(93.2% .032 255.6)",
    "200": "oklch(88.2% .059 254.1)",
    "300": "oklch(80.9% .105 251.8)",
    "400": "oklch(72% .14 254.6)",
    "500": "oklch(66% .16 257)",  # links on the dark ground: 5.6 : 1
    "600": "oklch(50% .17 260)",  # buttons under white words: 6.4 : 1
    "700": "oklch(44% .16 262)",
    "800": "oklch(38% .13 263)",
    "900": "oklch(33% .1 264)",
    "950": "oklch(26% .08 266)",
}


def site(bank_name: str) -> dict[str, Any]:
    """The value of the setting UNFOLD."""
    return {
        "SITE_TITLE": bank_name,
        "SITE_HEADER": bank_name,
        "SITE_SUBHEADER": "Maintenance notices",
        "SITE_SYMBOL": "nightlight",
        "SITE_URL": "/",
        "SHOW_HISTORY": False,  # the audit log is our own table, not the admin's
        "BORDER_RADIUS": "8px",
        "COLORS": {"primary": _BLUE},
        "SITE_FAVICONS": [
            {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("lull/icon.svg")}
        ],
        "STYLES": [lambda request: static("lull/admin.css")],
        "SCRIPTS": [lambda request: static("lull/admin.js")],
        "DASHBOARD_CALLBACK": "notifications.admin.dashboard.dashboard_context",
        "LOGIN": {"form": "maintenance.staff.sign_in.form.SignInForm"},
        "SIDEBAR": {"navigation": _NAVIGATION},
    }


_PARENTS: Final = ("maintenance_window_changelist", "notifications_delivery_changelist")
"""Other pages of the side bar lie under these addresses."""


def _page(title: str, icon: str, name: str, permission: str) -> dict[str, Any]:
    link = reverse_lazy(f"admin:{name}")
    return {
        "title": title,
        "icon": icon,
        "link": link,
        "active": _here(link, exact=not name.endswith("_changelist") or name in _PARENTS),
        "permission": lambda request: request.user.has_perm(permission),
    }


def _here(link: Any, exact: bool) -> Callable[[HttpRequest], bool]:
    """unfold's own test is `link in path`, under which every page of windows would light up."""
    return lambda request: request.path == str(link) or (not exact and request.path.startswith(str(link)))


_NAVIGATION: Final = [
    {
        "items": [
            {
                "title": "Today",
                "icon": "home",
                "link": reverse_lazy("admin:index"),
                "active": _here(reverse_lazy("admin:index"), exact=True),
            }
        ]
    },
    {
        "title": "Maintenance",
        "items": [
            _page("Find a slot", "bedtime", "maintenance_window_slots", "maintenance.view_window"),
            _page("Calendar", "calendar_month", "maintenance_window_calendar", "maintenance.view_window"),
            _page("Windows", "list_alt", "maintenance_window_changelist", "maintenance.view_window"),
            _page("Series", "repeat", "maintenance_series_changelist", "maintenance.view_series"),
        ],
    },
    {
        "title": "When",
        "items": [
            _page("Freezes", "ac_unit", "maintenance_freeze_changelist", "maintenance.view_freeze"),
            _page(
                "Critical days",
                "event_busy",
                "maintenance_criticalday_changelist",
                "maintenance.view_criticalday",
            ),
            _page("Holidays", "celebration", "maintenance_holiday_changelist", "maintenance.view_holiday"),
            _page("Cut-offs", "content_cut", "maintenance_cutoff_changelist", "maintenance.view_cutoff"),
            _page(
                "Support cover",
                "support_agent",
                "maintenance_supportcover_changelist",
                "maintenance.view_supportcover",
            ),
            _page(
                "Standing windows",
                "event_repeat",
                "maintenance_standingwindow_changelist",
                "maintenance.view_standingwindow",
            ),
            _page("Rules", "rule", "maintenance_rulesetting_changelist", "maintenance.view_rulesetting"),
        ],
    },
    {
        "title": "Notices",
        "items": [
            _page("Outbox", "outbox", "notifications_delivery_outbox", "notifications.view_delivery"),
            _page("Posts by hand", "campaign", "notifications_delivery_posts", "notifications.view_delivery"),
            _page("Unknown", "help", "notifications_delivery_unknown", "notifications.view_delivery"),
            _page("Failed", "error", "notifications_delivery_failures", "notifications.view_delivery"),
            _page("Senders", "speed", "notifications_delivery_senders", "notifications.view_delivery"),
            _page("Deliveries", "send", "notifications_delivery_changelist", "notifications.view_delivery"),
            _page(
                "Receipts", "receipt_long", "notifications_receipt_changelist", "notifications.view_receipt"
            ),
            _page(
                "Suppressions",
                "notifications_off",
                "notifications_suppression_changelist",
                "notifications.view_suppression",
            ),
        ],
    },
    {
        "title": "Register",
        "items": [
            _page("Services", "dns", "maintenance_service_changelist", "maintenance.view_service"),
            _page("Customers", "groups", "maintenance_customer_changelist", "maintenance.view_customer"),
            _page(
                "Notice policies",
                "policy",
                "maintenance_noticepolicy_changelist",
                "maintenance.view_noticepolicy",
            ),
        ],
    },
    {
        "title": "Audit",
        "items": [
            _page("Audit log", "history", "maintenance_auditentry_changelist", "maintenance.view_change"),
            _page("Approvals", "approval", "maintenance_approval_changelist", "maintenance.view_approval"),
            _page("Sign-ins", "login", "maintenance_signin_changelist", "maintenance.view_signin"),
            _page("Staff", "badge", "auth_user_changelist", "auth.view_user"),
        ],
    },
]
