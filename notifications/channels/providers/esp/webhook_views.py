"""A mail service's name in; anymail's view of its events, and what is lacking before it may be open, out.

A view that anybody can post to is no view: events stop deliveries and suppress addresses.
"""

from __future__ import annotations

import importlib.util
from typing import Any, Final
from urllib.parse import urlsplit

from anymail import urls
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.urls import URLPattern, reverse

AMAZON_SES: Final = "anymail.backends.amazon_ses.EmailBackend"
BOTO: Final = (
    "Amazon SES needs boto3, which is not installed: pip install --require-hashes -r requirements/ses.txt"
)


def tracking_patterns() -> list[URLPattern]:
    """Where events of mails that we sent come in; nobody writes to us through a mail service."""
    return [address for address in urls.urlpatterns if "inbound" not in str(address.pattern)]


def tracking_view(address: URLPattern) -> type[Any]:
    """Anymail's view behind an address."""
    found: type[Any] = address.callback.view_class  # type: ignore[attr-defined]  # as_view() puts it there
    return found


def view_of(backend: str) -> type[Any] | None:
    """The view of the service of a mail backend; None where it is no service of anymail's."""
    if not backend.startswith("anymail.backends."):
        return None
    name = backend.split(".")[2]
    places = (f"{name}/tracking/", f"{name}/")
    return next(
        (tracking_view(address) for address in tracking_patterns() if str(address.pattern) in places), None
    )


def public_address(service: type[Any]) -> str:
    """Where a mail service reports to, with the place of the secret that it must show."""
    name = next(address.name for address in tracking_patterns() if tracking_view(address) is service)
    base = urlsplit(settings.BASE_URL)
    path = reverse(f"notifications:anymail:{name}")
    return f"{base.scheme}://user:password@{base.netloc}{base.path}{path}"


def has_boto() -> bool:
    """Whether that is installed by which mails go to Amazon SES and its topics are confirmed."""
    return importlib.util.find_spec("boto3") is not None


def lacking_words(service: type[Any]) -> str:
    """What has to be set or installed before this view can tell its service from others; empty: nothing."""
    if issubclass(service, AmazonSESTrackingWebhookView):
        if not has_boto():
            return BOTO
        if settings.SNS_TOPICS:  # every message is signed by SNS, for one of these
            return ""
    if settings.ANYMAIL.get("WEBHOOK_SECRET"):
        return ""
    try:
        # with a secret of no use it does not warn of having none, and says whether it asks for more than one
        signed = not service(webhook_secret="-").warn_if_no_basic_auth  # noqa: S106
    except ImproperlyConfigured as error:  # signed, and the key to it is not set
        return str(error)
    except ValueError as error:
        return f"the key to {service.esp_name}'s signature cannot be read: {error}"
    if signed:
        return ""
    return (
        "set ANYMAIL_WEBHOOK_SECRET to user:password, so that nobody else can report on mails, and give the "
        f"service {public_address(service)} as its address"
    )
