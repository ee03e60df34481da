"""The settings that are used to send in; each fault of theirs, in one sentence, out.

Read at the start of every process and by the watch, because a fault would only show once a notice is due.
What a channel needs is told by its class.
"""

from __future__ import annotations

from notifications import channels
from notifications.channels.types import Fault
from notifications.operations.configuration import general, operators

__all__ = ["Fault", "faults_of", "setting_faults"]


def setting_faults() -> list[Fault]:
    """All that is wrong with the settings of this process."""
    return [
        *general.general_faults(),
        *(fault for name in channels.channel_names() for fault in channels.class_of(name).faults()),
        *operators.operator_faults(),
    ]


def faults_of(channel: str) -> list[Fault]:
    """What keeps back the messages of one channel."""
    return [fault for fault in channels.class_of(channel).faults() if not fault.is_warning]
