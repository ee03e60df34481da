"""Settings in; faults that would only show once a notice is due, told by `manage.py check`, out."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning

from notifications.api.identity import SHORTEST_KEY
from notifications.channels.providers.esp import webhook_views
from notifications.operations import configuration

APP_KEY: Final = "lull.E021"
MAIL_EVENTS: Final = "lull.E022"
APP_AUDIENCE: Final = "lull.W023"
APP_ISSUER: Final = "lull.W024"
ADDRESS_KEY: Final = "lull.W025"
METRICS_TOKEN: Final = "lull.W026"  # noqa: S105  # an id
_SHORTEST_TOKEN: Final = 16
"""Characters."""
_KINDS: Final = 5
"""Different characters of a key, as Django demands of SECRET_KEY."""


@register()
def sending(**kwargs: Any) -> list[CheckMessage]:
    """Every setting that is used to send."""
    return [
        (CheckWarning if fault.is_warning else Error)(fault.words, hint=fault.hint, id=fault.id)
        for fault in configuration.setting_faults()
    ]


@register()
def app_key(**kwargs: Any) -> list[CheckMessage]:
    """The key that the bank's app and Lull share cannot be guessed."""
    if settings.APP_JWKS_URL or not 0 < len(settings.APP_JWT_KEY.encode()) < SHORTEST_KEY:
        return []
    said = f"APP_JWT_KEY has fewer than {SHORTEST_KEY} bytes: it can be guessed from one token (RFC 7518)."
    hint = "Give the bank's app and Lull a longer one. Until then the app API answers 503."
    return [Error(said, hint=hint, id=APP_KEY)]


@register(Tags.security, deploy=True)
def mail_events(**kwargs: Any) -> list[CheckMessage]:
    """The mail service in use can report what became of mails, and nobody else can."""
    service = webhook_views.view_of(settings.EMAIL_BACKEND)
    lacking = webhook_views.lacking_words(service) if service else ""
    if not (lacking and service) or lacking == webhook_views.BOTO:
        return []
    hint = "Until then /receipts/email/ answers it with 503, and no mail counts as delivered."
    return [Error(f"Events of {service.esp_name} are not taken: {lacking}.", hint=hint, id=MAIL_EVENTS)]


@register(Tags.security, deploy=True)
def app_tokens(**kwargs: Any) -> list[CheckMessage]:
    """Tokens that the bank signs for others do not open the app API."""
    if not (settings.APP_JWT_KEY or settings.APP_JWKS_URL):
        return []
    found: list[CheckMessage] = []
    if not settings.APP_JWT_AUDIENCE:
        said = "APP_JWT_AUDIENCE is not set: a token that the bank signed for another service is let in."
        found.append(
            CheckWarning(said, hint="Set it to what `aud` says in the app's tokens.", id=APP_AUDIENCE)
        )
    if not settings.APP_JWT_ISSUER:
        said = "APP_JWT_ISSUER is not set: whoever signs with the same key may name any customer."
        found.append(CheckWarning(said, hint="Set it to what `iss` says in the app's tokens.", id=APP_ISSUER))
    return found


@register(Tags.security, deploy=True)
def address_key(**kwargs: Any) -> list[CheckMessage]:
    """The key that seals customers' addresses cannot be guessed."""
    if len(settings.ADDRESS_KEY) >= settings.SHORTEST_KEY and len(set(settings.ADDRESS_KEY)) >= _KINDS:
        return []
    said = f"ADDRESS_KEY needs {settings.SHORTEST_KEY} characters, {_KINDS} of them different."
    hint = (
        "Whoever gets a copy of the database can try keys until one opens it. One in use cannot be exchanged "
        "without losing addresses and opt-outs: guard the database and its backups accordingly."
    )
    return [CheckWarning(said, hint=hint, id=ADDRESS_KEY)]


@register(Tags.security, deploy=True)
def metrics_token(**kwargs: Any) -> list[CheckMessage]:
    """What Prometheus shows cannot be guessed."""
    if not 0 < len(settings.METRICS_TOKEN) < _SHORTEST_TOKEN:
        return []
    said = f"METRICS_TOKEN has fewer than {_SHORTEST_TOKEN} characters and can be guessed."
    return [CheckWarning(said, hint="Make one with `openssl rand -hex 32`.", id=METRICS_TOKEN)]
