"""Words in; a mail to those who operate the service out, by a road of its own where one is set."""

from __future__ import annotations

import logging
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

log = logging.getLogger(__name__)

_PATIENCE: Final = 10
"""Seconds for each answer of the mail server."""


def mail_operators(subject: str, body: str) -> None:
    """Mail it to all of OPERATOR_EMAILS at once; raises where the road refuses it. It is logged too."""
    subject = " ".join(subject.split())
    log.warning("%s\n%s", subject, body)
    road = settings.OPERATOR_MAIL
    if not settings.OPERATOR_EMAILS or not (road or settings.EMAIL_CONFIGURED):
        return
    backend = road.get("BACKEND", settings.EMAIL_BACKEND)
    options: dict[str, Any] = {
        "host": road.get("HOST"),
        "port": road.get("PORT"),
        "username": road.get("HOST_USER"),
        "password": road.get("HOST_PASSWORD"),
        "use_ssl": road.get("USE_SSL"),
        "use_tls": road.get("USE_TLS"),
        "timeout": _PATIENCE,
    }
    # a mail service's own backend takes its settings, and none of these
    known = options if backend.endswith(".smtp.EmailBackend") else {}
    message = EmailMessage(
        subject[:200],
        body,
        settings.DEFAULT_FROM_EMAIL,
        settings.OPERATOR_EMAILS,
        connection=get_connection(
            backend, **{key: value for key, value in known.items() if value is not None}
        ),
        headers={"Auto-Submitted": "auto-generated"},
    )
    message.send()
