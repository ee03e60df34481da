"""Messages for tests of the wire."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from notifications.channels.types import Message

CLEO = "+447700900123"
CLEO_MAIL = "cleo@example.com"


def sms(address: str = CLEO, body: str = "Online banking rests on Sunday from 02:00 to 04:00.") -> Message:
    """A text message that is true for another day."""
    return Message(
        delivery=uuid.uuid4(),
        attempt=1,
        address=address,
        body=body,
        expires_at=datetime.now(UTC) + timedelta(days=1),
        composed_at=datetime.now(UTC),
        language="en",
    )


def mail(
    address: str = CLEO_MAIL,
    *,
    delivery: uuid.UUID | None = None,
    attempt: int = 1,
    headers: Mapping[str, str] | None = None,
    calendar: str = "",
) -> Message:
    """An email with text and HTML."""
    return Message(
        delivery=delivery or uuid.uuid4(),
        attempt=attempt,
        address=address,
        subject="Online banking rests on Sunday",
        body="Dear Cleo,\nonline banking rests on Sunday.\n. This line begins with a dot.\n",
        html="<p>Dear Cleo, online banking <b>rests</b> on Sunday.</p>",
        expires_at=datetime.now(UTC) + timedelta(days=1),
        composed_at=datetime.now(UTC),
        language="en",
        headers=headers or {},
        calendar=calendar,
    )


def post(target: str, body: str = "Online banking rests on Sunday from 02:00 to 04:00.") -> Message:
    """A public post."""
    return Message(
        delivery=uuid.uuid4(),
        attempt=1,
        address="",
        body=body,
        expires_at=datetime.now(UTC) + timedelta(days=1),
        composed_at=datetime.now(UTC),
        language="en-gb",
        target=target,
    )
