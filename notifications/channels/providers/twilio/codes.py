"""Twilio's error codes in; whose each one is out. They are those of twilio.com/docs/api/errors.

A code is the customer's only where it speaks of the customer's number. What is not listed is ours: of a
refusal the HTTP status then decides, which never fails anybody for good.
"""

from __future__ import annotations

from typing import Final

from notifications.channels.types import Verdict

QUEUE_FULL: Final = "21611"

_OF_THE_NUMBER: Final = {
    "21211",  # no phone number
    "21214",  # a number that cannot be reached
    "21217",  # does not appear to be a number
    "21265",  # a short code
    "21268",  # a premium or information service
    "21614",  # no mobile number
    "21635",  # a landline
}
_OF_OURS_FOR_SOME: Final = {
    "21408",  # in a country that the account does not send to: a person switches it on in Twilio's console
    "21612",  # no way from our sender to it
}
"""Ours to mend, but only for some: one customer in such a country must neither fail nor rest the sender."""
_OF_OURS: Final = {
    "10001",  # the account is not active
    "20003",  # wrong key
    "20005",  # the account is not active
    "20403",  # the account may not do this
    "20404",  # no such account
    "21212",  # the sender is no phone number
    "21601",  # the sender takes no messages
    "21603",  # no sender
    "21606",  # the sender is none of this account's, or cannot send SMS
    "21609",  # our receipt address is none
    "21659",  # the sender is no number of Twilio's
    "21660",  # the sender belongs to another account
    "21661",  # the sender cannot send SMS
    "21701",  # no such messaging service
    "21702",  # the messaging service's name is none
    "21703",  # the messaging service has nobody to send as
    "21704",  # the messaging service has no number
    "21705",  # the messaging service's name is none
    "30002",  # the account is suspended
    "30032",  # the toll-free number is not verified
    "30034",  # the number is not registered
    "63038",  # the account's messages of this day are used up
    "90010",  # the account is not active
}
REFUSALS: Final = {
    **dict.fromkeys(_OF_THE_NUMBER, Verdict.PERMANENT),
    # said, because 21408 comes with HTTP 403, which elsewhere means a wrong key
    **dict.fromkeys(_OF_OURS_FOR_SOME, Verdict.REFUSED),
    **dict.fromkeys(_OF_OURS, Verdict.CONFIGURATION),
    "20429": Verdict.NOT_PROCESSED,  # too many calls at once
    "21610": Verdict.OPT_OUT,
    QUEUE_FULL: Verdict.NOT_PROCESSED,
    "21730": Verdict.NOT_PROCESSED,  # Twilio's own maintenance
    "30001": Verdict.NOT_PROCESSED,  # the queue is full
    "63017": Verdict.NOT_PROCESSED,  # more messages a second than the account may send
}
"""What a message was answered with at once."""

REPORTED_OURS: Final = frozenset({"30002", "30032", "30034"})
"""Told later, of a message that was taken: it speaks of the account or of its sender, and nobody got it."""

OPTED_OUT: Final = frozenset({"21610"})
BAD_NUMBER: Final = frozenset({"30005", "30006"})
"""Unknown handset; landline. Not 30003 (switched off) nor 30008 (no reason given): those may pass."""
REPORTED_OF_THE_NUMBER: Final = BAD_NUMBER | OPTED_OUT | _OF_THE_NUMBER | {"30003"}  # switched off
"""Told later, and however many share it, each is of that customer's phone. Not so what a network filtered
(30007) or blocked (30004), nor what has no reason (30008): of one by chance, of many because of us."""
