"""A due notice in; its deliveries, one row per person and channel or per broadcast target, out."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from notifications import sql
from notifications.channels import UNREADABLE, class_of, direct_names
from notifications.models import Delivery, Notice
from notifications.planning.audience import ranges, rows
from notifications.planning.audience.ranges import Span
from notifications.sql import Sql
from notifications.wording import example

log = logging.getLogger(__name__)

SLICE: Final = 20_000
"""Customers per transaction: short locks, and little to do again after a crash."""

_TABLE: Final = Delivery._meta.db_table
_PREPARED: Final = (
    "customer_id, channel, demonstration, language, address_hmac, text_id, priority, state, reason,"
    " not_before, waits_for"
)


def prepare(notice_id: int, *, now: datetime) -> bool:
    """Make the next slice of a due notice's deliveries; True once all are made, or another process is at it.

    Rows and cursor are one transaction: killed anywhere, another process goes on from the cursor. Nobody
    waits for one that hangs: the other notices are still to be sent. Nor do customers wait for posts whose
    accounts cannot be read in the settings: these follow once they can be, while the words are true.
    """
    with transaction.atomic():
        rows_ = Notice.objects.select_for_update(of=("self",), skip_locked=True).select_related("window")
        notice = rows_.filter(pk=notice_id).first()
        if notice is None or notice.status not in (Notice.Status.PLANNED, Notice.Status.PREPARING):
            return True
        last = ranges.end_of_slice(notice, customers=SLICE) if rows.direct_channels(notice) else None
        begins = notice.status == Notice.Status.PLANNED
        whole = not (begins or last is None) or _broadcast(notice, now=now)
        if last is not None:
            _insert(notice, upto=last, now=now)
            notice.status, notice.cursor = Notice.Status.PREPARING, last
            notice.prepared_at = notice.prepared_at or now
        elif whole or now >= notice.true_until:
            notice.status, notice.prepared_at = Notice.Status.PREPARED, now
        elif begins and Delivery.objects.filter(notice=notice).exists():
            notice.status, notice.prepared_at = Notice.Status.PREPARING, now
        else:
            return True
        notice.progress_at = now
        notice.save(update_fields=["status", "cursor", "prepared_at", "progress_at"])
        return last is None


def _insert(notice: Notice, *, upto: int, now: datetime) -> None:
    people = rows.audience_rows(notice, [Span(notice.cursor, upto)], now=now)
    sizes = _sizes(notice)
    # rows and cursor are one transaction, so there are none ahead of it unless somebody put it back; to
    # look for each of them anyway would take a fifth of the time
    ahead = Delivery.objects.filter(
        notice=notice, channel__in=rows.direct_channels(notice), customer_id__gt=notice.cursor
    ).exists()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_TABLE} (public_id, notice_id, expires_at, target, segments, rank, attempt,"
            f" provider, provider_ref, {_PREPARED})"
            f" SELECT {sql.new_uuid()}, %s, %s, '', {sizes.sql}, 0, 0, '', '', {_PREPARED}"
            f" FROM ({people.sql}) AS person WHERE 1 = 1{' ON CONFLICT DO NOTHING' if ahead else ''}",
            [
                notice.pk,
                sql.stored_value(Delivery, "expires_at", notice.true_until),
                *sizes.parameters,
                *people.parameters,
            ],
        )


def _sizes(notice: Notice) -> Sql:
    """A message's size by its text, until it is written and its own is known; 1 where there is no text."""
    texts = list(notice.texts.filter(channel__in=rows.direct_channels(notice), variant=""))
    cases = " ".join(["WHEN %s THEN %s"] * len(texts))
    values = [value for text in texts for value in (text.pk, example.example_size(text))]
    return Sql(f"CASE text_id {cases} ELSE 1 END", values) if texts else Sql("1", ())


def _broadcast(notice: Notice, *, now: datetime) -> bool:
    """One delivery per target; the app's inbox and the networks do the spreading.

    False where the targets of a channel cannot be read. What was made before is not made anew.
    """
    rows_ = Delivery.objects.filter(notice=notice, customer=None)
    made = set(rows_.values_list("channel", flat=True)) | set(direct_names())
    channels = [name for name in notice.channels if name in settings.CHANNELS and name not in made]
    if not channels:
        return True
    places = _places(channels)
    demonstration = notice.window.services.filter(demonstration=True).exists()
    own = rows.audience_texts(notice, channels, [settings.LANGUAGE_CODE])
    Delivery.objects.bulk_create(
        [
            Delivery(
                notice=notice,
                channel=channel,
                target=target,
                demonstration=demonstration,
                language=language,
                text_id=text,
                segments=1,
                not_before=now,
                expires_at=notice.true_until,
            )
            for channel, _, text, language in own
            for target in places.get(channel) or ()
        ],
        ignore_conflicts=True,
    )
    return None not in places.values()


def _places(channels: Collection[str]) -> dict[str, list[str] | None]:
    """The targets of each; None where they cannot be read."""
    found: dict[str, list[str] | None] = {}
    for channel in channels:
        try:
            found[channel] = class_of(channel).targets()
        except UNREADABLE as error:
            log.error("nothing is broadcast on %s until its settings are mended: %s", channel, error)
            found[channel] = None
    return found
