"""The three groups with their permissions; made again, harmlessly, after every migration."""

from __future__ import annotations

from typing import Final

from django.contrib.auth.models import Group, Permission

CHANGE_MANAGERS: Final = "Change managers"
APPROVERS: Final = "Approvers"
READERS: Final = "Readers"

_TIMES: Final = ("freeze", "holiday", "criticalday", "standingwindow", "supportcover", "cutoff")
_VERBS: Final = ("add", "change", "delete")

_WRITES: Final = {
    READERS: (),
    # who books must not weaken what stands in the way: rules and promises are not a change manager's
    APPROVERS: (
        "approve_window",
        *(f"{verb}_{model}" for verb in _VERBS for model in ("rulesetting", "noticepolicy", "noticerule")),
    ),
    CHANGE_MANAGERS: (
        "book_window",
        *(f"{verb}_{model}" for verb in _VERBS for model in (*_TIMES, "alternative")),
        "add_service",
        "change_service",
    ),
}


def make_groups() -> None:
    """Give each group exactly its permissions; everyone in a group can read both apps."""
    permissions = Permission.objects.filter(content_type__app_label__in=("maintenance", "notifications"))
    views = set(permissions.filter(codename__startswith="view_"))
    for name, codenames in _WRITES.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.set(views | set(permissions.filter(codename__in=codenames)))
