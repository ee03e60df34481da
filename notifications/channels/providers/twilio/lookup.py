"""A question in; what Twilio's list of messages answers out.

The list takes a number or a time to look for and returns none of our own identifiers. It is asked
through Twilio's own library, call by call: it is the exception, and nothing waits for its speed.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

import requests
from django.conf import settings

from notifications.channels.providers import reference_of
from notifications.channels.providers.http import responses
from notifications.channels.providers.twilio import codes
from notifications.channels.types import Fate, Found, Message, Report, Unreachable

_API: Final = "https://api.twilio.com"
_PAGE: Final = 1_000
"""Messages in one answer: the most that Twilio gives."""
_WORTH: Final = 50
"""A page is as dear as so many questions about one message each."""
_AT_ONCE: Final = 16
_CLOCKS_APART: Final = timedelta(seconds=60)
_TRIAL: Final = "Sent from your Twilio trial account - "
"""What a trial account puts before each text, so that ours is found behind it."""

# Twilio's words for what became of a message
SENT: Final = frozenset({"accepted", "queued", "sending", "sent"})
DELIVERED: Final = frozenset({"delivered", "read"})
FAILED: Final = frozenset({"undelivered", "failed", "canceled"})

_FATES: Final = {
    **dict.fromkeys(SENT, Fate.SENT),
    **dict.fromkeys(DELIVERED, Fate.DELIVERED),
    **dict.fromkeys(FAILED, Fate.FAILED),
}


class _Refused(Exception):
    """Twilio answered with an error, or with what cannot be Twilio."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(f"Twilio answered {response.status_code}: {response.reason}")
        self.status = response.status_code


class _Wire:
    """What the SDK calls to put a request on the wire.

    The SDK's own client passes each answer through an attribute that all threads share, so that
    one may be given another's; and its address and timeouts cannot be set as we need them.
    """

    def __init__(self, base: str, timeouts: tuple[float, float]) -> None:
        self._base = base
        self._timeouts = timeouts

    def request(self, method: str, url: str, **asked: Any) -> requests.Response:
        """Raises _Refused for every answer but 2xx, requests' errors where none came."""
        ours = {"timeout": self._timeouts, "allow_redirects": False}
        response = responses.process_session(os.getpid(), "twilio").request(
            method, url.replace(_API, self._base, 1), **asked | ours
        )
        if not 200 <= response.status_code < 300:
            raise _Refused(response)
        return response


@lru_cache(maxsize=16)
def _client(account: str, token: str, base: str, timeouts: tuple[float, float]) -> Any:
    from twilio.rest import Client  # a third of a second, and only where Twilio is asked

    return Client(account, token, http_client=_Wire(base, timeouts))


def found_message(
    message: Message,
    since: datetime,
    timeouts: tuple[float, float] = (responses.CONNECT_SECONDS, responses.READ_SECONDS),
) -> Found | None:
    """Look through what Twilio has for this number, as channels.types.Channel.find.

    The list is asked by number alone: a message that still waits has no date sent to filter by.
    """
    texts = {message.body.strip(), (_TRIAL + message.body).strip()}
    fitting = []
    with _asking() as messages:
        for one in messages(timeouts).stream(to=message.address, page_size=_PAGE):
            created = one.date_created
            late_enough = created is not None and created >= since - _CLOCKS_APART
            if late_enough and (one.body or "").strip() in texts:
                fitting.append(reference_of(one.sid))
    if not fitting:
        return None
    oldest, *newer = reversed(fitting)  # as the list has them, the newest first
    return Found(provider_ref=oldest, others=tuple(newer))


def reported_messages(
    references: Collection[str],
    since: datetime,
    until: datetime,
    timeouts: tuple[float, float] = (responses.CONNECT_SECONDS, responses.READ_SECONDS),
) -> Iterator[Report]:
    """What became of messages, as channels.types.Channel.report.

    First the pages of that time, as many as are cheaper than asking for each message; then, one by
    one, for those that were not on them: they were sent much later than they were taken, or not at all.
    """
    missing = set(references)
    with _asking() as messages:
        resource = messages(timeouts)
        pages, page = len(missing) // _WORTH, None
        while pages and missing:
            page = (
                page.next_page()
                if page
                else resource.page(
                    date_sent_after=since - _CLOCKS_APART,
                    date_sent_before=until + _CLOCKS_APART,
                    page_size=_PAGE,
                )
            )
            if page is None:
                break
            pages -= 1
            for one in page:
                missing.discard(one.sid)
                yield from report_of(one.sid, one.status, one.error_code)
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="twilio-ask") as threads:
            for one in threads.map(lambda sid: _one(resource, sid), sorted(missing)):
                if one is not None:
                    yield from report_of(one.sid, one.status, one.error_code)


def report_of(sid: object, status: object, code: object) -> Iterator[Report]:
    """Twilio's words on one message as a report; none where the word is not known."""
    fate, code = _FATES.get(str(status)), "" if code is None else str(code)
    if fate is not None:
        yield Report(
            provider_ref=reference_of(sid),
            fate=fate,
            status=str(status),
            code=code,
            opted_out=code in codes.OPTED_OUT,
            bad_address=code in codes.BAD_NUMBER,
        )


def _one(resource: Any, sid: str) -> Any:
    """One message by its name; None where Twilio has it no more."""
    try:
        return resource.get(sid).fetch()
    except _Refused as refused:
        if refused.status == HTTPStatus.NOT_FOUND:
            return None
        raise


@contextmanager
def _asking() -> Iterator[Any]:
    """The way to the account's messages; whatever goes wrong on it is Unreachable."""
    if not settings.TWILIO_AUTH_TOKEN:
        raise Unreachable("TWILIO_AUTH_TOKEN is not set")
    from twilio.base.exceptions import TwilioException  # slow; see _client

    try:
        yield _resource
    except _Refused as refused:
        raise Unreachable(str(refused)) from None
    except (requests.RequestException, TwilioException, ValueError) as error:
        raise Unreachable(f"Twilio cannot be asked: {error}") from error


def _resource(timeouts: tuple[float, float]) -> Any:
    account, token = settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN
    return _client(account, token, settings.TWILIO_API_BASE, timeouts).messages
