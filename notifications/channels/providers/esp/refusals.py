"""A mail service's refusal of a call in; whether it speaks of the recipient, of us or of neither, out.

Each service words it in its own way. What is in none of these tables is ours until the contrary is known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from notifications.channels.providers.http import responses
from notifications.channels.types import Verdict

_POSTMARK_INVALID: Final = 300
"""Of something in the mail: only its words tell of what."""
_POSTMARK_INACTIVE: Final = 406
_POSTMARK_OURS: Final = {
    10,  # wrong token
    400,  # no such sender signature
    401,  # a sender signature that was not confirmed
    405,  # no credits left
    412,  # the account may write to its own domain alone
    413,  # the account may not send
}
_POSTMARK_TO: Final = re.compile(r"(Invalid|Error\s+parsing)\s+'To'", re.IGNORECASE)
_MAILGUN_TO: Final = "'to' parameter"
_SENDGRID_TO: Final = re.compile(r"personalizations\.\d+\.to\.")
_SPARKPOST_NOBODY: Final = {"5001", "5002"}  # no valid recipient
_SPARKPOST_SENDER: Final = {"7001"}  # a sending domain that is not set up
_AMAZON: Final = {
    "AccountSendingPausedException": Verdict.CONFIGURATION,
    "AccountSuspendedException": Verdict.CONFIGURATION,
    "MailFromDomainNotVerifiedException": Verdict.CONFIGURATION,
    "SendingPausedException": Verdict.CONFIGURATION,
    "LimitExceededException": Verdict.NOT_PROCESSED,
    "ThrottlingException": Verdict.NOT_PROCESSED,
    "TooManyRequestsException": Verdict.NOT_PROCESSED,
}


def call_verdict(service: str, status: int, body: object) -> Verdict:
    """What a call that was answered with this HTTP status means; `body` is what came with it, as text."""
    result = responses.status_verdict(status)
    if result is not Verdict.REFUSED or service not in _READERS:
        return result
    return _READERS[service](_read(body)) or result


def postmark_verdict(said: Mapping[str, Any]) -> Verdict:
    """What Postmark's answer to one mail means, where it was not taken."""
    code, words = said.get("ErrorCode"), str(said.get("Message", ""))
    if code in _POSTMARK_OURS:
        return Verdict.CONFIGURATION
    of_recipient = code == _POSTMARK_INACTIVE or (
        code == _POSTMARK_INVALID and _POSTMARK_TO.match(words) is not None
    )
    return Verdict.PERMANENT if of_recipient else Verdict.REFUSED


def amazon_verdict(said: Mapping[str, Any]) -> tuple[Verdict, str]:
    """What an error of Amazon SES means, and its code; one of another kind goes by its HTTP status."""
    code = str(said.get("Error", {}).get("Code", ""))
    status = int(said.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return _AMAZON.get(code) or responses.status_verdict(status), code or str(status)


def _of_mailgun(said: Mapping[str, Any]) -> Verdict | None:
    return Verdict.PERMANENT if str(said.get("message", "")).startswith(_MAILGUN_TO) else None


def _of_sendgrid(said: Mapping[str, Any]) -> Verdict | None:
    fields = [str(error.get("field")) for error in _errors(said)]
    return Verdict.PERMANENT if fields and all(map(_SENDGRID_TO.match, fields)) else None


def _of_sparkpost(said: Mapping[str, Any]) -> Verdict | None:
    codes = {str(error.get("code")) for error in _errors(said)}
    if codes & _SPARKPOST_SENDER:
        return Verdict.CONFIGURATION
    return Verdict.PERMANENT if codes and codes <= _SPARKPOST_NOBODY else None


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Verdict | None]]] = {
    "postmark": postmark_verdict,
    "mailgun": _of_mailgun,
    "sendgrid": _of_sendgrid,
    "sparkpost": _of_sparkpost,
}


def _errors(said: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    errors = said.get("errors")
    yield from (error for error in (errors if isinstance(errors, list) else ()) if isinstance(error, dict))


def _read(body: object) -> Mapping[str, Any]:
    try:
        said = json.loads(str(body))
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
