"""Messages in; the calls that carry them to a mail service, and the one mail of a call, out.

Some services put each person's own values into a mail that is the same for all. Then a call
carries hundreds; what it must never do is to show one person another's address.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

from django.core.mail import EmailMultiAlternatives

from notifications import links
from notifications.channels.providers.mime import django_mail
from notifications.channels.types import Message, Template

METADATA: Final = "receipt"
"""Under this name our token is kept with the mail at the service."""

_MOST: Final = 500
"""A call is one doubt: what breaks while it is under way is unknown for all in it."""
_MESSAGE_ID: Final = "message_id"
_HTML: Final = "_html"
"""At the end of the name of a value that is escaped."""
FILLED_BY_US: Final = "\ue000"
"""Around the name of a value where a backend of ours fills in; it stands for nothing in any language."""
PLAIN_ADDRESS: Final = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9.-]+", re.ASCII)
"""What every service gives back as it was given: others travel alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """How a mail service fills in."""

    most: int
    """Recipients that it takes in one call."""
    placeholder: str
    """As a format for a value's name."""
    reserved: str
    """What it may take for the beginning of a placeholder; words and values with it travel alone."""
    fills_message_id: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)


SERVICES: Final = {
    "mailgun": Service(1000, "%recipient.{}%", "%recipient", fills_message_id=True),
    "postmark": Service(500, f"{FILLED_BY_US}{{}}{FILLED_BY_US}", FILLED_BY_US, fills_message_id=True),
    "sendgrid": Service(1000, "[%{}%]", "[%", extra={"merge_field_format": "[%{}%]"}),
    # three braces: two would escape our HTML once more
    "sparkpost": Service(2000, "{{{{{{{}}}}}}}", "{{"),
}
"""By the name of anymail's backend: those that fill in subject, text and HTML, take headers per person,
and let all share an attachment; for Postmark a backend of ours fills in.

The others get a call for each message. Amazon SES, Brevo, Mailtrap and Resend fill in stored
templates only, Mailjet no subject; Mandrill and Unisender Go take no List-Unsubscribe-Post
per person, MailerSend no metadata, Postal and Scaleway no batches.
"""


def batch_service(backend: str) -> Service | None:
    """The service behind settings.EMAIL_BACKEND; None where it takes one message a call."""
    name = backend.removeprefix("anymail.backends.").removesuffix(".EmailBackend")
    return SERVICES.get(name) if backend == f"anymail.backends.{name}.EmailBackend" else None


def most_in_call(service: Service | None) -> int:
    """Messages that one call takes."""
    return min(service.most, _MOST) if service else 1


def split_messages(messages: Sequence[Message], service: Service | None) -> list[list[Message]]:
    """One list a call: all in it have the same words, and no address twice: couples share a mailbox."""
    if service is None:
        return [[message] for message in messages]
    alone: list[list[Message]] = []
    together: dict[tuple[object, ...], list[Message]] = {}
    seen: dict[tuple[Template, str], int] = {}
    for message in messages:
        words = message.words
        if words is None or not _may_share(message, words, service):
            alone.append([message])
            continue
        mailbox = (words, message.address.casefold())
        seen[mailbox] = turn = seen.get(mailbox, -1) + 1
        together.setdefault((words, turn, *message.headers), []).append(message)
    size = most_in_call(service)
    return alone + [
        batch[start : start + size] for batch in together.values() for start in range(0, len(batch), size)
    ]


def batch_mail(batch: Sequence[Message], service: Service) -> EmailMultiAlternatives:
    """One mail with the placeholders of a service, and beside it what each person's values are."""
    first = batch[0]
    words = first.words
    if words is None:
        raise ValueError("these mails share no words")
    names = set(words.html[1::2])
    escaped = frozenset(name for name in names if any(_changes(one.values[name]) for one in batch))
    template = _template(words, service, escaped)
    shared = {
        name: value
        for name, value in first.headers.items()
        if all(message.headers[name] == value for message in batch)
    }
    composed: Any = django_mail.django_mail(
        replace(
            first,
            subject=template.subject,
            body=template.body,
            html=template.html,
            headers=shared,
            calendar=words.calendar,
        )
    )
    del composed.extra_headers["Message-ID"]  # the first one's
    composed.to = [message.address for message in batch]
    composed.merge_data = {message.address: _own(message, template, service) for message in batch}
    composed.merge_metadata = {message.address: metadata(message) for message in batch}
    if len(shared) < len(first.headers):
        composed.merge_headers = {
            message.address: {name: value for name, value in message.headers.items() if name not in shared}
            for message in batch
        }
    if service.fills_message_id:
        composed.extra_headers["Message-ID"] = f"<{service.placeholder.format(_MESSAGE_ID)}>"
    if service.extra:
        composed.esp_extra = dict(service.extra)
    return composed  # type: ignore[no-any-return]


def metadata(message: Message) -> dict[str, str]:
    """Our signed token: it comes back with the service's events, so that nobody else can report."""
    return {METADATA: links.receipt_token(message.delivery, message.attempt)}


def is_discreet(composed: EmailMultiAlternatives) -> bool:
    """Whether each recipient sees but their own address: anymail writes a mail to each only if told so."""
    recipients = composed.recipients()
    if len(recipients) == 1:
        return True
    told: tuple[Mapping[str, object], ...] = (
        getattr(composed, "merge_data", {}),
        getattr(composed, "merge_metadata", {}),
    )
    once = len({address.casefold() for address in recipients}) == len(recipients)
    return once and all(address in own for own in told for address in recipients)


@dataclass(frozen=True, slots=True)
class _Template:
    """Words with a service's placeholders, and the names of the values that stand in them."""

    subject: str
    body: str
    html: str
    plain: tuple[str, ...]
    escaped: frozenset[str]


@lru_cache(maxsize=256)
def _template(words: Template, service: Service, escaped: frozenset[str]) -> _Template:
    """Words with placeholders; `escaped` names the values that HTML cannot take as they are."""
    text = {name: service.placeholder.format(name) for name in _names(words)}
    markup = text | {name: service.placeholder.format(name + _HTML) for name in escaped}
    said = [
        *words.subject[1::2],
        *words.body[1::2],
        *(name for name in words.html[1::2] if name not in escaped),
    ]
    return _Template(
        subject=_joined(words.subject, text),
        body=_joined(words.body, text),
        html=_joined(words.html, markup),
        plain=tuple(dict.fromkeys(said)),
        escaped=escaped,
    )


def _joined(parts: Sequence[str], values: Mapping[str, str]) -> str:
    return "".join(values[part] if place % 2 else part for place, part in enumerate(parts))


@lru_cache(maxsize=256)
def _names(words: Template) -> frozenset[str]:
    return frozenset((*words.subject[1::2], *words.body[1::2], *words.html[1::2]))


@lru_cache(maxsize=256)
def _is_free(words: Template, reserved: str) -> bool:
    """Whether the words hold nothing that the service would take for a placeholder."""
    pieces = (*words.subject[::2], *words.body[::2], *words.html[::2])
    return not any(reserved in piece for piece in pieces)


def _changes(value: str) -> bool:
    return html.escape(value) != value


def _may_share(message: Message, words: Template, service: Service) -> bool:
    """Whether the service would give back the person's address and values as they are."""
    if not _is_free(words, service.reserved) or not PLAIN_ADDRESS.fullmatch(message.address):
        return False
    if not _names(words) <= message.values.keys():
        return False
    own = "".join((*message.values.values(), *message.headers.values()))
    return not (service.reserved in own or "\n" in own or "\r" in own)


def _own(message: Message, template: _Template, service: Service) -> dict[str, str]:
    own = {name: message.values[name] for name in template.plain}
    for name in template.escaped:
        own[name + _HTML] = html.escape(message.values[name])
    if service.fills_message_id:
        own[_MESSAGE_ID] = django_mail.message_id(message.delivery).strip("<>")
    return own
