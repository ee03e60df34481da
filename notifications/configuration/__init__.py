"""The settings that are used to send in; each fault of theirs, in one sentence, out.

Read at the start of every process and by the watch, because a fault would only show once a notice is due.
"""

from __future__ import annotations

from notifications.configuration import email, general, operators, sms, social
from notifications.configuration.fault import Fault

__all__ = ["Fault", "faults"]


def faults() -> list[Fault]:
    """All that is wrong with the settings of this process."""
    return [
        *general.faults(),
        *social.faults(),
        *sms.faults(),
        *email.faults(),
        *operators.faults(),
    ]
