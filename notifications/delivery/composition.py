"""Claimed deliveries in; the messages they put on the wire, filled for each person, out.

A delivery that cannot be composed ends or waits by itself, with its reason; the others go on.
"""

from __future__ import annotations

import dataclasses
import hashlib
import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import Error

from maintenance.models import Customer, NoticeKind, Window
from maintenance.public import ical
from notifications import channels, links, wording
from notifications.channels.providers.mime import mailbox
from notifications.channels.types import Message, Template
from notifications.customers import addresses, preferences, quiet_hours
from notifications.delivery import queue
from notifications.delivery.queue import Claimed
from notifications.models import Delivery, Notice, State, Text, WaitsFor
from notifications.wording import segments

log = logging.getLogger(__name__)

_WRONG_KEY_WAIT: Final = timedelta(minutes=1)
_FAULT_WAIT: Final = timedelta(minutes=5)
_NOT_COMPOSED: Final = "not composed"
_OTHER_KEY: Final = "other key"
"""Codes of failures that are no provider's, to be counted and sent again by."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A message with the lease under which it may be sent."""

    held: Claimed
    message: Message
    text_hash: bytes


class Material:
    """What messages of one drain have in common, read once: texts never change, and days are long."""

    def __init__(self) -> None:
        self._texts: dict[int, Text] = {}
        self._calendars: dict[tuple[int, str], str] = {}
        self._words: dict[tuple[int, str, str, str], Template] = {}

    def text(self, row: Claimed) -> Text:
        """Raises ValueError where there is none."""
        if row.text_id not in self._texts:
            found = Text.objects.filter(pk=row.text_id).first()
            if found is None:
                raise ValueError("its text is gone")
            self._texts[row.text_id] = found
        return self._texts[row.text_id]

    def _calendar(self, row: Claimed) -> str:
        if not channels.class_of(row.channel).attaches_calendar():
            return ""
        key = (row.notice_id, row.language)
        if key not in self._calendars:
            notice = Notice.objects.select_related("window").get(pk=row.notice_id)
            self._calendars[key] = _attached(notice, row.language)
        return self._calendars[key]

    def words(self, row: Claimed, time_zone: str) -> Template:
        """The same object for all with the same text, language, zone and calendar."""
        calendar = self._calendar(row)
        key = (row.text_id, row.language, time_zone, calendar)
        if key not in self._words:
            self._words[key] = wording.message_template(self.text(row), row.language, time_zone, calendar)
        return self._words[key]


def _attached(notice: Notice, language: str) -> str:
    """Nothing where it would say another thing than the words beside it.

    So it is where the window was moved since they were written, to a time that nobody has approved, and
    where it was cancelled since, which words of their own say.
    """
    window = notice.window
    is_cancelled = window.status == Window.Status.CANCELLED
    if notice.revision != window.revision or is_cancelled != (notice.kind == NoticeKind.CANCELLED):
        return ""
    return ical.attachment(
        notice.window,
        language,
        organizer=mailbox.sender_address(settings.DEFAULT_FROM_EMAIL),
        issued_at=notice.due_at,
    )


def composed_messages(
    held: Sequence[Claimed], *, now: datetime, material: Material | None = None
) -> list[Composed]:
    """Fill each delivery's text for its person; those that cannot be sent now are put off or ended.

    A fault of ours is nobody's fault: that one waits for a version that can, and the others go on.

    Where not one address can be read the key is wrong, which is nobody's fault but ours: all wait.
    """
    material = material or Material()
    days = _Days(now)
    composed: list[Composed] = []
    sealed: list[Claimed] = []
    asleep: dict[datetime, list[Claimed]] = defaultdict(list)
    for row in held:
        opening = days.opening(row)
        if opening > now:
            asleep[opening].append(row)
            continue
        try:
            one = _compose(row, material, days)
        except addresses.WrongKey:
            sealed.append(row)
        except (KeyError, ValueError) as error:
            queue.give_up(row, State.FAILED, f"cannot be composed: {error}", now=now, code=_NOT_COMPOSED)
        except Error:
            raise
        except Exception as error:  # whatever it is, it must not stop the channel
            log.exception("delivery %s cannot be composed", row.public_id)
            words = f"cannot be composed: {type(error).__name__}: {error}; it is tried again"
            queue.put_off([row], not_before=now + _FAULT_WAIT, waits_for=WaitsFor.RETRY, reason=words[:200])
        else:
            if one:
                composed.append(one)
            else:
                words = "the address was removed meanwhile"
                queue.give_up(row, State.NO_ADDRESS, words, now=now)
    for opening, rows in asleep.items():
        queue.put_off(rows, not_before=opening, waits_for=WaitsFor.MORNING, reason=quiet_hours.QUIET_HOURS)
    _unread(sealed, bool(composed), now=now)
    return composed


def _unread(sealed: Sequence[Claimed], others_were_read: bool, *, now: datetime) -> None:
    words = "the address cannot be read: ADDRESS_KEY is not the key it was stored with"
    if others_were_read:
        for row in sealed:
            queue.give_up(row, State.FAILED, words, now=now, code=_OTHER_KEY)
    else:
        later = now + _WRONG_KEY_WAIT
        queue.put_off(sealed, not_before=later, waits_for=WaitsFor.SENDER, reason=words)


def message_again(row: Delivery, *, now: datetime) -> Message | None:
    """The message of an attempt made before, to ask the provider about; None if it cannot be made."""
    held = queue.as_claimed(row)
    try:
        composed = _compose(held, Material(), _Days(now))
    except (addresses.WrongKey, KeyError, ValueError):
        return None
    return composed.message if composed else None


class _Days:
    """When customers may be disturbed, by their zone: worked out once for a batch."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._by_zone: dict[str, tuple[datetime, datetime]] = {}

    def opening(self, row: Claimed) -> datetime:
        """The first moment from now on; for a broadcast that is now."""
        return self._of(row.person.time_zone)[0] if row.person else self.now

    def closing(self, zone: str) -> datetime:
        """The last moment of the day."""
        return self._of(zone)[1]

    def _of(self, zone: str) -> tuple[datetime, datetime]:
        if zone not in self._by_zone:
            self._by_zone[zone] = (
                quiet_hours.earliest_waking(self.now, zone),
                quiet_hours.latest_waking(self.now, zone),
            )
        return self._by_zone[zone]


def _compose(row: Claimed, material: Material, days: _Days) -> Composed | None:
    """None where there is no address any more."""
    person = row.person
    kind = channels.class_of(row.channel)
    if kind.address is None:
        return _broadcast(row, material.text(row), days.now)
    if person is None or person.sealed is None:
        return None
    if person.address_hmac != row.address_hmac:
        # the intent is checked against opt-outs by this column, so it must be the address in use
        row = dataclasses.replace(row, address_hmac=person.address_hmac)
        queue.readdress(row, row.address_hmac)
    preferences_url = links.preferences_url(row.customer_id or 0)
    words = material.words(row, person.time_zone)
    own = wording.reader_values(
        material.text(row),
        wording.MessageReader(person.name, row.language, person.time_zone, preferences_url),
    )
    filled = wording.filled_template(words, own)
    message = Message(
        delivery=row.public_id,
        attempt=row.attempt,
        address=addresses.unseal(person.sealed),
        language=row.language,
        subject=filled.subject,
        body=filled.body,
        html=filled.html,
        expires_at=min(row.expires_at, days.closing(person.time_zone)),
        composed_at=days.now,
        headers=preferences.unsubscribe_headers(preferences_url) if kind.can_unsubscribe else {},
        calendar=words.calendar,
        segments=segments.counted_segments(filled.body).segments if kind.counts_segments else 1,
        words=words,
        values=own,
    )
    return Composed(row, message, _hash(message))


def _broadcast(row: Claimed, text: Text, now: datetime) -> Composed:
    message = Message(
        delivery=row.public_id,
        attempt=row.attempt,
        address="",
        target=row.target,
        language=row.language,
        subject=text.subject,
        body=text.body,
        expires_at=row.expires_at,
        composed_at=now,
    )
    return Composed(row, message, _hash(message))


def message_reader(customer: Customer, language: str) -> wording.MessageReader:
    """The person as the words address them where others may look on: without a link that works."""
    return wording.MessageReader(
        name=customer.name,
        language=language,
        time_zone=customer.time_zone,
        preferences_url=links.hidden_preferences_url(),
    )


def _hash(message: Message) -> bytes:
    """SHA-256 of what was said, so that a complaint can be checked against the text."""
    return hashlib.sha256(f"{message.subject}\x1f{message.body}\x1f{message.html}".encode()).digest()
