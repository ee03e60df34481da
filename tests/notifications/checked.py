"""What `manage.py check` says of this house's settings."""

from __future__ import annotations

from django.core import checks


def found(*, deploy: bool = False) -> list[checks.CheckMessage]:
    """Its own faults; with `deploy` also those that matter once it faces the world."""
    messages = checks.run_checks(include_deployment_checks=deploy)
    return [fault for fault in messages if (fault.id or "").startswith("lull.")]


def checked() -> list[str]:
    """The ids of all of them, in order."""
    return sorted(str(fault.id) for fault in found(deploy=True))
