"""Plain values that cross the border between the domain and the wire; no models, no network.

A channel is one file in `channels/` with one class `Channel`, which also says all that is special
about it. It keeps its window of calls filled from the iterator it is given and yields each outcome
as soon as it is known, never waiting for the slowest of a batch. One call per message (SMS), one per
batch (a mail service) and one connection for many (SMTP) look the same from here.

Messages with the same words share one `Template`, so that a wire may build what is the same for
all of them once and put in only what is the person's own.
"""

from __future__ import annotations

import abc
import enum
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """What all with the same text, language and zone are told; the same object for all of them.

    Of each sequence the pieces at even places are said as they stand, those at odd places name one
    of the person's own values. `html` is empty where there is none; so is `calendar`.
    """

    subject: tuple[str, ...]
    body: tuple[str, ...]
    html: tuple[str, ...] = ()
    calendar: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What one delivery puts on the wire. `delivery` and `attempt` come back in the receipt."""

    delivery: UUID
    attempt: int
    address: str
    body: str
    expires_at: datetime
    composed_at: datetime
    """By the clock that `expires_at` is compared with, which a machine's own need not be."""
    language: str = ""
    subject: str = ""
    html: str = ""
    target: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    calendar: str = ""
    """An iCalendar document to attach, or empty."""
    segments: int = 1
    """What it takes from the sender's rate: segments of an SMS, 1 for anything else."""
    words: Template | None = None
    """The pieces of which subject, body and html were made; None where nobody else shares them."""
    values: Mapping[str, str] = field(default_factory=dict)
    """The person's own values in `words`, as plain text: HTML needs them escaped."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing to hand out now: ask again when an outcome is known, or after so many seconds."""

    seconds: float


class Verdict(enum.Enum):
    """What a provider's answer means for the delivery, whoever the provider is."""

    ACCEPTED = "accepted"
    NOT_PROCESSED = "not processed"
    """Certainly not sent: may be tried again."""
    PERMANENT = "permanent"
    """Refused for the sake of the customer's own address: it will never be taken."""
    REFUSED = "refused"
    """Refused in words that are not known to speak of the customer's address: ours until the contrary is
    known. It is tried again, later each time, and nobody's delivery fails for it."""
    OPT_OUT = "opt-out"
    CONFIGURATION = "configuration"
    """Our own fault (a wrong key): the channel pauses, nobody's delivery fails for it."""
    UNKNOWN = "unknown"
    """The provider may have taken it: never tried again blindly."""
    BY_HAND = "by hand"
    """A person must do it and confirm."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message. `retry_after` is in seconds, where the provider named it."""

    delivery: UUID
    attempt: int
    result: Verdict
    provider: str
    provider_ref: str = ""
    code: str = ""
    detail: str = ""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A provider's answer to "did you take this?": its own reference for the message."""

    provider_ref: str
    others: tuple[str, ...] = ()
    """Of further messages that fit as well, newer ones later: the provider cannot tell them apart."""


class Fate(enum.Enum):
    """What a provider says became of a message it took."""

    SENT = "sent"
    """It has it, or has handed it on; not yet where it belongs."""
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Report:
    """A provider's word on a message, on being asked; `status` is its own word, as in its receipts."""

    provider_ref: str
    fate: Fate
    status: str
    code: str = ""
    opted_out: bool = False
    bad_address: bool = False


class Unreachable(Exception):
    """The provider cannot be asked now; ask again later."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One setting that would fail messages, or keep them back. Its words show no secret."""

    id: str
    words: str
    hint: str
    is_warning: bool = False
    """Messages may go out all the same."""


class Address(enum.Enum):
    """What the bank must know of a customer to reach her by a channel."""

    PHONE = "phone"
    MAILBOX = "mailbox"


class Form(enum.Enum):
    """As what a channel's words are written, and shown to staff."""

    LINE = "line"
    """One run of plain text, in characters that phone networks take cheaply."""
    PARAGRAPHS = "paragraphs"
    LETTER = "letter"
    """As plain text and as HTML, with the facts in a table."""


class Channel(abc.ABC):
    """One road. `provider` names who carries it, as stored with each delivery.

    What the class says is so whatever is set; what an instance says is of its provider.
    """

    label: ClassVar[str] = ""
    """As staff call it. A class without one is no channel but what channels are made of."""
    label_for_customers: ClassVar[object] = ""
    """As her preference page calls it, translated when it is read; empty is as staff do."""
    place: ClassVar[int] = 100
    """Where it stands among the channels on a page, the lowest first."""
    address: ClassVar[Address | None] = None
    """With one, each customer has a delivery of her own; without, one to each of `targets` is for all."""
    is_public: ClassVar[bool] = False
    """Anybody may read it: in the bank's first language and its own zone, by name."""
    is_in_app: ClassVar[bool] = False
    """Read by customers who have signed in to the bank's own app."""

    form: ClassVar[Form] = Form.PARAGRAPHS
    section: ClassVar[str] = ""
    """Of the files of words, the part that its words stand in; empty is the part of its own name."""
    subject_section: ClassVar[str] = ""
    """The part that its subject stands in; empty where it has no subject."""
    heading_section: ClassVar[str] = "subject"
    """The part that the heading of a letter stands in."""
    room: ClassVar[int | None] = None
    """Characters that fit into one message; None where all do."""
    must_link: ClassVar[bool] = True
    """Its words name the page that says more."""
    links_elsewhere: ClassVar[bool] = True
    """Its words may name other addresses than that page."""
    can_unsubscribe: ClassVar[bool] = False
    """Its words, and its headers for mail programs, lead to the customer's preferences."""
    counts_segments: ClassVar[bool] = False
    """A long message is sent, and counted by the sender's rate, as several."""
    unit: ClassVar[str] = "message"
    """What its price and its rate are for one of."""
    is_paid: ClassVar[bool] = False
    """Each unit costs what PRICES says."""

    resends_unknown: ClassVar[bool] = False
    """What may or may not have gone out, and cannot be found, goes out again; else a person decides."""
    is_posted_by_hand: ClassVar[bool] = False
    """Some of it may wait for a person, on the admin's page of posts."""
    provider_labels: ClassVar[Mapping[str, str]] = {}
    """As staff call its providers, where a capital letter is not enough."""

    provider: str
    sender: str = ""
    """As whom it sends: a provider's rate belongs to a sender, and so does a pause."""
    has_receipts: bool = False
    """Whether a delivery can become `delivered`; without receipts it ends at `sent`."""

    def __init__(self, in_flight: int) -> None:
        """`in_flight` is the most messages handed out and not yet answered."""
        self.in_flight = in_flight

    @classmethod
    def targets(cls) -> list[str]:
        """What a broadcast has one delivery each for. Raises ImproperlyConfigured where it cannot be read."""
        return [cls.__module__.rpartition(".")[2]]

    @classmethod
    def attaches_calendar(cls) -> bool:
        """Whether an iCalendar document goes with each message."""
        return False

    @classmethod
    def faults(cls) -> Iterator[Fault]:
        """What is wrong with the settings that it sends by."""
        return iter(())

    @abc.abstractmethod
    def send(self, messages: Iterator[Message | Pause]) -> Iterator[Outcome]:
        """Carry each message and yield its outcome; never more than `in_flight` without one."""

    def find(self, message: Message, since: datetime) -> Found | None:
        """Ask the provider whether it took this message at or after `since`.

        Returns None where it certainly did not. Raises Unreachable where it cannot be asked,
        LookupError where this provider offers no such question.
        """
        raise LookupError(f"{self.provider} cannot be asked what became of a message")

    def report(self, references: Collection[str], since: datetime, until: datetime) -> Iterator[Report]:
        """Ask the provider what became of the messages of these references, sent between two moments.

        What it no longer knows is left out, and it may tell of others. Raises Unreachable where it
        cannot be asked now, or no longer; LookupError where this provider offers no such question.
        """
        raise LookupError(f"{self.provider} cannot be asked what became of its messages")

    def blames_us(self, code: str) -> bool:
        """Whether a failure that the provider reports later under this code is of our account or sender."""
        return False

    def blames_recipient(self, code: str) -> bool:
        """Whether such a failure is of the recipient's own address, however many others share it."""
        return False

    def close(self) -> None:
        """Give back connections."""
        return
