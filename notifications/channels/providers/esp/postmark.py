"""One mail for many in; anymail's own call of Postmark, filled in for each, and its answer to each, out.

Postmark takes five hundred mails in one call but fills in nothing by itself, so it is done here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

from anymail.backends import postmark
from anymail.message import AnymailRecipientStatus

from notifications.channels.providers.esp import refusals
from notifications.channels.providers.esp.answers import RefusedRecipient
from notifications.channels.providers.esp.batches import FILLED_BY_US

_TEXTS: Final = ("Subject", "TextBody", "HtmlBody")


class _Payload(postmark.PostmarkPayload):  # type: ignore[misc]  # anymail has no types
    _values: Mapping[str, Mapping[str, str]] = {}

    def set_merge_data(self, merge_data: Mapping[str, Mapping[str, str]]) -> None:
        """Ours to fill in; anymail would look for a stored template."""
        self._values = merge_data

    def data_for_recipient(self, to: Any) -> dict[str, Any]:
        """One mail of the call."""
        data: dict[str, Any] = super().data_for_recipient(to)
        own = self._values.get(to.addr_spec, {})
        for name, parts in self._parts.items():
            data[name] = _filled(parts, own)
        data["Headers"] = [
            {**header, "Value": _filled(header["Value"].split(FILLED_BY_US), own)}
            for header in data.get("Headers", ())
        ]
        return data

    @cached_property
    def _parts(self) -> dict[str, list[str]]:
        return {name: self.data[name].split(FILLED_BY_US) for name in _TEXTS if name in self.data}


def _filled(parts: list[str], own: Mapping[str, str]) -> str:
    return "".join(own[part] if place % 2 else part for place, part in enumerate(parts))


class EmailBackend(postmark.EmailBackend):  # type: ignore[misc]  # anymail has no types
    """In the place of anymail's."""

    def __init__(self, **options: Any) -> None:
        """Without the interface for newsletters, which answers with nothing about anybody."""
        super().__init__(**options)
        self.use_bulk_api = self.generate_message_id = False

    def build_message_payload(self, message: Any, defaults: Any) -> _Payload:
        """As anymail's."""
        return _Payload(message, defaults, self)

    def parse_recipient_status(
        self, response: Any, payload: _Payload, message: Any
    ) -> dict[str, AnymailRecipientStatus]:
        """By place, as Postmark answers a call for many; anymail looks for addresses in the words."""
        answers = self.deserialize_json_response(response, payload, message)
        if isinstance(answers, dict) and answers.get("ErrorCode") and len(payload.to_emails) == 1:
            return {payload.to_emails[0].addr_spec: _status(answers)}
        if not isinstance(answers, list) or len(answers) != len(payload.to_emails):
            return super().parse_recipient_status(response, payload, message)  # type: ignore[no-any-return]
        return {to.addr_spec: _status(answer) for to, answer in zip(payload.to_emails, answers, strict=True)}


def _status(answer: object) -> AnymailRecipientStatus:
    said: Mapping[str, Any] = answer if isinstance(answer, dict) else {}
    code = said.get("ErrorCode")
    if code and isinstance(code, int):
        return RefusedRecipient(refusals.postmark_verdict(said), str(code), str(said.get("Message", "")))
    return AnymailRecipientStatus(message_id=said.get("MessageID"), status="sent" if code == 0 else "unknown")
