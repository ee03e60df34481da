"""What a mail service said to a call in; an outcome for each message in it, out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import requests
from anymail.exceptions import AnymailAPIError
from anymail.message import AnymailRecipientStatus, AnymailStatus

from notifications.channels.providers import outcome_of, with_wait
from notifications.channels.providers.esp import refusals
from notifications.channels.providers.http import responses
from notifications.channels.types import Message, Outcome, Verdict

_STATUSES: Final = {
    "sent": Verdict.ACCEPTED,
    "queued": Verdict.ACCEPTED,
    "invalid": Verdict.PERMANENT,
    "rejected": Verdict.PERMANENT,
    "failed": Verdict.REFUSED,
}
"""Anymail's words for one recipient; any other is unknown."""


class RefusedRecipient(AnymailRecipientStatus):  # type: ignore[misc]  # anymail has no types
    """One mail of a call that was not taken, with the service's own code and words."""

    def __init__(self, result: Verdict, code: str, words: str) -> None:
        super().__init__(message_id=None, status="failed")
        self.result, self.code, self.words = result, code, words


class CallRefused(Exception):
    """The service refused a call for many as a whole, maybe for the sake of one; nothing was sent."""


def outcome_of_each(batch: Sequence[Message], provider: str, said: AnymailStatus) -> Sequence[Outcome]:
    """What became of each, which a service may say in other letters than it was asked in. Raises Refused."""
    # some services refuse with words that anymail does not know: then the HTTP status tells
    otherwise = responses.status_verdict(getattr(said.esp_response, "status_code", 0))
    if len(batch) == 1:
        return [_one(batch[0], provider, next(iter(said.recipients.values()), None), otherwise)]
    if otherwise is Verdict.REFUSED and not any(map(_is_taken, said.recipients.values())):
        raise CallRefused
    by_address = {address.casefold(): status for address, status in said.recipients.items()}
    return [
        _one(message, provider, by_address.get(message.address.casefold()), otherwise) for message in batch
    ]


def _one(message: Message, provider: str, said: AnymailRecipientStatus | None, otherwise: Verdict) -> Outcome:
    if isinstance(said, RefusedRecipient):
        return outcome_of(message, said.result, provider, code=said.code, detail=said.words)
    status = str(said.status) if said else "no status"
    result = _STATUSES.get(status) or otherwise
    reference = str(said.message_id or "") if said else ""
    code = "" if result is Verdict.ACCEPTED else status
    return outcome_of(message, result, provider, provider_ref=reference, code=code)


def _is_taken(said: AnymailRecipientStatus) -> bool:
    return _STATUSES.get(str(said.status)) is Verdict.ACCEPTED


def failed_outcomes(batch: Sequence[Message], provider: str, error: AnymailAPIError) -> Sequence[Outcome]:
    """What an error of the whole call means for everybody in it. Raises Refused."""
    status, cause = error.status_code, error.__cause__
    if isinstance(error.response, dict):  # Amazon's own library speaks of no HTTP
        result, code = refusals.amazon_verdict(error.response)
        return same_outcome(batch, provider, result, code, str(error))
    if status:
        result, words = refusals.call_verdict(provider, status, error.response.text), str(error)
        if result in (Verdict.PERMANENT, Verdict.REFUSED):
            return outcome_of_one(batch, provider, result, str(status), words)
        wait = responses.retry_after(error.response.headers, datetime.now(UTC))
        return same_outcome(batch, provider, result, str(status), words, wait)
    if isinstance(cause, requests.RequestException):
        result, code = responses.failure_verdict(cause)
        return same_outcome(batch, provider, result, code, str(cause))
    return same_outcome(batch, provider, Verdict.UNKNOWN, "error", str(error))


def outcome_of_one(
    batch: Sequence[Message], provider: str, result: Verdict, code: str, words: str
) -> Sequence[Outcome]:
    """For the one that can be meant. Raises Refused where there are more."""
    if len(batch) > 1:
        raise CallRefused
    return same_outcome(batch, provider, result, code, words)


def same_outcome(
    batch: Sequence[Message],
    provider: str,
    result: Verdict,
    code: str,
    words: str,
    retry_after: float | None = None,
) -> Sequence[Outcome]:
    """One outcome for all."""
    for message in batch:  # an error names everybody in the call, and is kept with each of them
        words = words.replace(message.address, "(address)")
    return [
        with_wait(outcome_of(message, result, provider, code=code, detail=words), retry_after)
        for message in batch
    ]
