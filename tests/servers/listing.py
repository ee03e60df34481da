"""Messages and a question in; the page of them that Twilio would show, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import urlencode


class Listed(Protocol):
    """A message as far as a question can be about it."""

    sid: str
    created: datetime
    sent: datetime | None

    def shown(self) -> dict[str, object]:
        """The message as the API returns it."""


def page(messages: Sequence[Listed], query: Mapping[str, str], path: str) -> dict[str, object]:
    """Newest first; `DateSent>` and its like are about when a message was sent, or taken until it is."""
    fitting = [message for message in reversed(messages) if _fits(message, query)]
    size, number = min(int(query.get("PageSize", "50")), 1000), int(query.get("Page", "0"))
    start = number * size
    more = len(fitting) > start + size
    following = f"{path}?{urlencode({**query, 'PageSize': size, 'Page': number + 1})}" if more else None
    return {
        "messages": [message.shown() for message in fitting[start : start + size]],
        "page": number,
        "page_size": size,
        "start": start,
        "end": start + size - 1,
        "first_page_uri": f"{path}?{urlencode({**query, 'PageSize': size, 'Page': 0})}",
        "next_page_uri": following,
        "previous_page_uri": None,
        "uri": path,
    }


def _fits(message: Listed, query: Mapping[str, str]) -> bool:
    at = message.sent or message.created
    after, before, on = (_moment(query.get(f"DateSent{sign}", "")) for sign in (">", "<", ""))
    return (
        (after is None or at >= after)
        and (before is None or at <= before)
        and (on is None or on <= at < on + timedelta(days=1))
    )


def _moment(said: str) -> datetime | None:
    """A day or a moment, in Twilio's GMT."""
    if not said:
        return None
    moment = datetime.fromisoformat(said)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
