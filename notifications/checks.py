"""Settings in; faults that would only show once a notice is due, told by `manage.py check`, out."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from notifications.providers import social, twilio

SOCIAL: Final = "lull.E001"
TWILIO: Final = "lull.E002"


@register()
def social_urls(**kwargs: Any) -> list[CheckMessage]:
    """Each entry of SOCIAL_URLS can be read, and names its account once."""
    try:
        social.read(settings.SOCIAL_URLS)
    except ImproperlyConfigured as error:
        hint = "Entries are separated by commas. Without SOCIAL_URLS, posts go to the outbox."
        return [Error(str(error), hint=hint, id=SOCIAL)]
    return []


@register()
def twilio_account(**kwargs: Any) -> list[CheckMessage]:
    """An account has its token and somebody to send as."""
    lacking = twilio.unset() if settings.TWILIO_ACCOUNT_SID else ""
    if lacking:
        hint = "Without TWILIO_ACCOUNT_SID, SMS go to the outbox."
        return [Error(lacking, hint=hint, id=TWILIO)]
    return []
