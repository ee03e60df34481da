"""Settings in; faults that would only show once a notice is due, told by `manage.py check`, out."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004  # Django's own name

from notifications import configuration


@register()
def sending(**kwargs: Any) -> list[CheckMessage]:
    """Every setting that is used to send."""
    return [
        (Warning if fault.is_warning else Error)(fault.words, hint=fault.hint, id=fault.id)
        for fault in configuration.faults()
    ]
