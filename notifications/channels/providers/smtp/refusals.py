"""A server's 5yz reply to a part of a mail in; whose it is out.

Only a reply to RCPT can speak of the customer's mailbox, and there too a policy of the server's, say that it
relays for nobody, speaks of us. What a reply means in particular is said by its code of RFC 3463, where the
server gives one (registered at iana.org/assignments/smtp-enhanced-status-codes), else by its words: one that
does not speak of a mailbox is not the customer's.
"""

from __future__ import annotations

import re
from typing import Final

from notifications.channels.types import Verdict

_ENHANCED: Final = re.compile(r"(?:^|#)5\.(\d{1,3})\.(\d{1,3})\b")
"""Before the words, or as qmail has it, behind them."""
_OF_THE_MAILBOX: Final = {
    (1, 1),  # no such mailbox
    (1, 2),  # no such system
    (1, 3),  # not an address
    (1, 6),  # moved away
    (1, 10),  # a domain that takes no mail
    (2, 2),  # full
}
"""Not 5.1.7 and 5.1.8, which are of the sender's address."""
_OF_THE_MAILBOX_OR_US: Final = {
    (1, 4),  # an address of more than one
    (2, 0),
    (2, 1),  # disabled; or, at some, over what we may send
    (4, 1),  # as Exchange says that there is no such mailbox
}
_MAILBOX_REPLIES: Final = frozenset({550, 551, 553})
"""Of RFC 5321 (4.2.2), where the server gives no code of RFC 3463."""
_SPEAKS_OF_THE_MAILBOX: Final = re.compile(
    r"unknown|no such|not found|not exist|n't exist|no mailbox|invalid (recipient|mailbox|address|user)"
    r"|mailbox (is )?(unavailable|disabled|inactive|full|name)|account|unroute?able|not local|moved"
    r"|over quota",
    re.IGNORECASE,
)
_SPEAKS_OF_US: Final = re.compile(
    r"relay|send(er|ing)\b|\bauth|\bspf\b|dkim|dmarc|spam|black|block|\blist|reputation|policy|verify"
    r"|\bIP\b|\bhelo\b",
    re.IGNORECASE,
)
_MUST_SIGN_IN: Final = frozenset({530, 534, 535, 538})
_TOO_BIG: Final = 552


def of_sender(code: int) -> Verdict:
    """To MAIL: that we may not send as who we are, unless it speaks of the mail's size."""
    return Verdict.REFUSED if code == _TOO_BIG else Verdict.CONFIGURATION


def of_recipient(code: int, words: str) -> Verdict:
    """To RCPT."""
    if code in _MUST_SIGN_IN:
        return Verdict.CONFIGURATION
    enhanced = _ENHANCED.search(words)
    said = (int(enhanced[1]), int(enhanced[2])) if enhanced else None
    if said in _OF_THE_MAILBOX:
        return Verdict.PERMANENT
    of_mailbox = said in _OF_THE_MAILBOX_OR_US or (
        said is None and code in _MAILBOX_REPLIES and _SPEAKS_OF_THE_MAILBOX.search(words) is not None
    )
    of_mailbox = of_mailbox and not _SPEAKS_OF_US.search(words)
    return Verdict.PERMANENT if of_mailbox else Verdict.REFUSED


def of_text(code: int) -> Verdict:
    """To DATA, or to the text behind it: it speaks of what we say or of us, never of who is to read it."""
    return Verdict.CONFIGURATION if code in _MUST_SIGN_IN else Verdict.REFUSED
