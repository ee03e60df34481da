"""SOCIAL_URLS and a message in; a public post, or the word that a person must post it, out."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

import requests
from django.core.exceptions import ImproperlyConfigured

from notifications.channels.providers import outcome_of, reference_of, with_wait
from notifications.channels.providers.http import responses
from notifications.channels.types import Found, Message, Outcome, Unreachable, Verdict

MASTODON: Final = "mastodon"
BY_HAND: Final = "by hand"
_KEPT: Final = timedelta(minutes=50)
"""Mastodon keeps an Idempotency-Key for an hour (docs.joinmastodon.org/methods/statuses); clocks differ."""


@dataclass(frozen=True, slots=True)
class Target:
    """One account or network to post to. Its name is public, its token is not."""

    name: str
    network: str
    address: str = ""
    token: str = field(default="", repr=False)


def targets_of(addresses: list[str]) -> list[Target]:
    """SOCIAL_URLS as targets. Raises ImproperlyConfigured, without showing a token, where one is wrong."""
    targets = [_target(number, address) for number, address in enumerate(addresses, start=1)]
    names = [target.name for target in targets]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ImproperlyConfigured(
            f"SOCIAL_URLS names {twice} twice. Tell the accounts apart by a path of your choice: "
            f"mastodon://TOKEN@host/news."
        )
    return targets


def _target(number: int, address: str) -> Target:
    target = None
    with suppress(ValueError):  # whose words would show the token
        target = _read(urlsplit(address))
    if target is None:
        raise ImproperlyConfigured(
            f"SOCIAL_URLS, entry {number}: write mastodon://TOKEN@host or byhand://network."
        )
    return target


def _read(parts: SplitResult) -> Target | None:
    host = parts.hostname or ""
    place = f"{host}:{parts.port}" if parts.port else host
    if parts.scheme == "byhand" and host:
        return Target(name=f"{BY_HAND}:{host}", network=BY_HAND)
    if parts.scheme in ("mastodon", "mastodon+http") and host and parts.username:
        scheme = "http" if parts.scheme.endswith("+http") else "https"
        name = f"{MASTODON}:{place}{parts.path.rstrip('/')}"
        return Target(name, MASTODON, f"{scheme}://{place}", unquote(parts.username))
    return None


class _Bearer(requests.auth.AuthBase):
    """Also keeps requests from putting a password of ~/.netrc in the token's place."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class ByHand:
    """A network without an open interface: a person posts it and confirms with the link."""

    name = sender = BY_HAND
    has_receipts = False
    at_once: int | None = None
    in_one_call = 1

    async def send(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        """Ask for a person."""
        return [outcome_of(message, Verdict.BY_HAND, BY_HAND) for message in messages]

    def find(self, message: Message, since: datetime) -> Found | None:
        """Only the person knows."""
        raise LookupError("what is posted by hand is confirmed by hand")

    def close(self) -> None:
        """Nothing is open."""


class Mastodon:
    """One account on a Mastodon server."""

    name = MASTODON
    has_receipts = False
    at_once: int | None = None
    in_one_call = 1

    def __init__(
        self,
        target: Target,
        timeouts: tuple[float, float] = (responses.CONNECT_SECONDS, responses.READ_SECONDS),
    ) -> None:
        """`timeouts` are seconds to connect and to be answered."""
        self._target = target
        self.sender = target.name
        self._timeouts = timeouts

    async def send(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        """Post it."""
        loop = asyncio.get_running_loop()
        return [await loop.run_in_executor(None, self._posted, message) for message in messages]

    def _posted(self, message: Message) -> Outcome:
        try:
            response = self._post(message)
        except requests.RequestException as error:
            result, code = responses.failure_verdict(error)
            return outcome_of(message, result, MASTODON, code=code, detail=str(error))
        if not 200 <= response.status_code < 300:
            status = response.status_code
            told = outcome_of(
                message, responses.status_verdict(status), MASTODON, code=str(status), detail=response.text
            )
            return with_wait(told, responses.retry_after(response.headers, datetime.now(UTC)))
        post = response.json()
        return outcome_of(
            message, Verdict.ACCEPTED, MASTODON, provider_ref=post["id"], detail=post.get("url") or ""
        )

    def find(self, message: Message, since: datetime) -> Found | None:
        """Post it again under the same key: Mastodon answers with the first post, or makes the only one.

        Raises LookupError where the key may be forgotten or the words no longer true.
        """
        now = message.composed_at
        if now - since > _KEPT or now >= message.expires_at:
            raise LookupError("it is too late to ask Mastodon by posting again")
        try:
            response = self._post(message)
            response.raise_for_status()
            return Found(provider_ref=reference_of(response.json()["id"]))
        except (requests.RequestException, KeyError) as error:
            raise Unreachable(f"{self._target.name} cannot be asked: {error}") from error

    def close(self) -> None:
        """Connections stay for the process."""

    def _post(self, message: Message) -> requests.Response:
        post = {"status": message.body, "visibility": "public"}
        if message.language:
            post["language"] = message.language.partition("-")[0]  # ISO 639-1
        return responses.process_session(os.getpid(), MASTODON).post(
            f"{self._target.address}/api/v1/statuses",
            json=post,
            headers={"Idempotency-Key": str(message.delivery)},
            auth=_Bearer(self._target.token),
            timeout=self._timeouts,
            allow_redirects=False,
        )
