"""A text in; the words as an ordinary customer of the bank reads them, out.

Such a reader stands for everybody where no person is meant: before an approver, and where a message's
size must be known before it is written.
"""

from __future__ import annotations

from typing import Final

from django.conf import settings

from notifications import channels
from notifications.models import Text
from notifications.wording import segments
from notifications.wording.filling import Filled, MessageReader, filled_text

_NAMES: Final = {"ar": "ليلى"}


def example_text(text: Text) -> Filled:
    """In the text's own language and the bank's own zone, to somebody with a name of ordinary length."""
    return filled_text(
        text,
        MessageReader(
            name=_NAMES.get(text.language.split("-")[0], "Cleo"),
            language=text.language,
            time_zone=settings.TIME_ZONE,
            preferences_url=f"{settings.BASE_URL}/preferences/example/",
        ),
    )


def example_size(text: Text) -> int:
    """What it takes from a sender's rate: segments of an SMS, 1 for anything else."""
    counts = channels.class_of(text.channel).counts_segments
    return segments.counted_segments(example_text(text).body).segments if counts else 1
