"""A request of the bank's app in; the customer for whom it speaks out.

The app proves who is asking by a JSON Web Token (RFC 7519) that the bank signs: HS256 with
APP_JWT_KEY, or RS256 or ES256 with a key published at APP_JWKS_URL (which wins where both are set). The
algorithms are pinned per setting, so that a public key can never be taken for a shared secret. `sub` is
the customer's external_id, `exp` is demanded, and so are `aud` and `iss` where APP_JWT_AUDIENCE and
APP_JWT_ISSUER are set: a bank signs tokens for others with the same key.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Any, Final

import jwt
from django.conf import settings
from django.http import HttpRequest
from ninja.errors import HttpError
from ninja.security import HttpBearer

from maintenance.models import Customer
from maintenance.requests import parameters

_SHARED: Final = ["HS256"]
_PUBLISHED: Final = ["RS256", "ES256"]
_LEEWAY: Final = timedelta(seconds=30)
"""How far the bank's clock and ours may differ."""
SHORTEST_KEY: Final = 32
"""Bytes that HS256 needs at least (RFC 7518 section 3.2); a shorter one can be guessed from one token."""


class IdentityRefused(HttpError):
    """Not proved who is asking."""

    def __init__(self, why: str) -> None:
        super().__init__(401, f"{why} Send a token of your bank's app: Authorization: Bearer <token>.")


class Bearer(HttpBearer):
    """Finds the customer of a bearer token; request.auth is then that Customer."""

    openapi_bearerFormat: Final = "JWT"  # noqa: N815  # OpenAPI's own spelling

    def __call__(self, request: HttpRequest) -> Customer:
        """The customer named by the request's token.

        Raises Refused (401) where it has none that is good, HttpError 404 where we know nobody of that
        name, 503 where this service cannot check tokens.
        """
        if not (settings.APP_JWKS_URL or settings.APP_JWT_KEY):
            raise HttpError(503, "The app API is off: set APP_JWT_KEY or APP_JWKS_URL to switch it on.")
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise IdentityRefused("The request has no bearer token.")
        return self.authenticate(request, token.strip())

    def authenticate(self, request: HttpRequest, token: str) -> Customer:
        """The customer of one token; raises as __call__ does."""
        external_id = str(_claims(token)["sub"])
        if not parameters.storable(external_id):
            raise IdentityRefused("The token's sub holds a character that stands in no customer's number.")
        customer = Customer.objects.filter(external_id=external_id).first()
        if customer is None:
            raise HttpError(404, f"No customer has the number {external_id[:64]!r}: import customers first.")
        return customer


def _claims(token: str) -> dict[str, Any]:
    key: Any
    if settings.APP_JWKS_URL:
        key, algorithms = _published_key(token), _PUBLISHED
    else:
        key, algorithms = settings.APP_JWT_KEY, _SHARED
        if len(key.encode()) < SHORTEST_KEY:
            raise HttpError(503, f"The app API is off: APP_JWT_KEY needs at least {SHORTEST_KEY} bytes.")
    audience, issuer = settings.APP_JWT_AUDIENCE or None, settings.APP_JWT_ISSUER or None
    try:
        return jwt.decode(
            token,
            key,
            algorithms=algorithms,
            audience=audience,
            issuer=issuer,
            leeway=_LEEWAY,
            options={"require": ["exp", "sub"], "verify_aud": audience is not None},
        )
    except jwt.InvalidTokenError as error:
        raise IdentityRefused(f"The token is not good: {error}.") from error


def _published_key(token: str) -> jwt.PyJWK:
    try:
        return _keys(settings.APP_JWKS_URL).get_signing_key_from_jwt(token)
    except (jwt.PyJWKClientConnectionError, ValueError, RecursionError) as error:  # an address, or no JSON
        raise HttpError(503, "The bank's published keys cannot be fetched now: try again soon.") from error
    except (jwt.InvalidTokenError, jwt.PyJWKClientError, jwt.PyJWKSetError) as error:
        raise IdentityRefused("The token is not signed with a key that the bank publishes.") from error


@cache
def _keys(address: str) -> jwt.PyJWKClient:
    # asks again for an unknown key, but not more often than every 30 s: tokens are anybody's to make up
    return jwt.PyJWKClient(address, timeout=5, lifespan=300, cooldown_duration=30)
