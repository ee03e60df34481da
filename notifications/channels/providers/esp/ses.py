"""A mail in; anymail's call of Amazon SES by boto3, made once, and its refusals as of any service, out.

Loaded only where SES is in use: boto3 is installed for nobody else.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

import requests
from anymail.backends import amazon_ses
from anymail.exceptions import AnymailAPIError
from botocore import exceptions
from django.core.exceptions import ImproperlyConfigured

from notifications.channels.providers.http import responses

_NOT_SENT: Final = (
    exceptions.ConnectTimeoutError,
    exceptions.EndpointConnectionError,
    exceptions.ProxyConnectionError,
    exceptions.SSLError,
)
_IN_DOUBT: Final = (exceptions.HTTPClientError, exceptions.ConnectionError)


class EmailBackend(amazon_ses.EmailBackend):  # type: ignore[misc]  # anymail has no types
    """Anymail's. A call is never made again by boto3 itself: the first may have sent the mail."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        once = {"retries": {"total_max_attempts": 1}, "connect_timeout": responses.CONNECT_SECONDS}
        config = self.client_params["config"]
        self.client_params["config"] = config.merge(type(config)(**once))

    def open(self) -> Any:
        """Raises ImproperlyConfigured, as where AWS's own settings name no region."""
        try:
            return super().open()
        except exceptions.BotoCoreError as error:
            raise ImproperlyConfigured(f"Amazon SES: {error}") from error

    def post_to_esp(self, payload: Any, message: Any) -> Any:
        """Raises AnymailAPIError: of a refusal as anymail does, of a lost call as of a service by HTTP."""
        try:
            return super().post_to_esp(payload, message)
        except AnymailAPIError as error:
            if isinstance(error.__cause__, exceptions.ClientError):
                raise
            raise _told(error.__cause__) from error.__cause__


def _told(cause: Any) -> Exception:
    words = f"Amazon SES: {cause}"
    error: Any = AnymailAPIError(words)
    if isinstance(cause, _NOT_SENT):
        error.status_code, error.response = HTTPStatus.TOO_MANY_REQUESTS, requests.Response()
    elif not isinstance(cause, _IN_DOUBT):
        error = ImproperlyConfigured(words)
    told: Exception = error
    return told
