"""The settings that are used to send in; each fault of theirs, in one sentence, out.

Read at the start of every process and by the watch, because a fault would only show once a notice is due.
"""

from __future__ import annotations

from typing import Final

from notifications.configuration import email, general, operators, sms, social
from notifications.configuration.fault import Fault
from notifications.models import ChannelName

__all__ = ["Fault", "faults", "faults_of"]

_OF_CHANNELS: Final = {
    ChannelName.SMS: sms.faults,
    ChannelName.EMAIL: email.faults,
    ChannelName.SOCIAL: social.faults,
}


def faults() -> list[Fault]:
    """All that is wrong with the settings of this process."""
    return [
        *general.faults(),
        *social.faults(),
        *sms.faults(),
        *email.faults(),
        *operators.faults(),
    ]


def faults_of(channel: ChannelName) -> list[Fault]:
    """What keeps back the messages of one channel."""
    found = _OF_CHANNELS.get(channel)
    return [fault for fault in found() if not fault.is_warning] if found else []
