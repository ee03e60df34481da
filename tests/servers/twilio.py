"""A stand-in for Twilio's messages: takes and lists them, and calls back as Twilio does.

As a process of its own: python -m tests.servers.twilio --port P --log FILE [--delay 0.1]
[--token TOKEN --receipts sent,delivered]. Every request is on the disk before it is answered.
"""

from __future__ import annotations

import argparse
import itertools
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from queue import SimpleQueue

import requests
from twilio.request_validator import RequestValidator

from tests.servers.web import Answer, Request, Server

ACCOUNT = "AC" + "0" * 32
TOKEN = "a token of the tests"


@dataclass
class Taken:
    """A message as Twilio keeps it."""

    sid: str
    to: str
    body: str
    callback: str
    created: datetime
    status: str = "queued"
    form: dict[str, str] = field(default_factory=dict)

    def shown(self) -> dict[str, object]:
        """The message as the API returns it; the numbers are Twilio's own odd types."""
        moment = format_datetime(self.created)
        return {
            "sid": self.sid,
            "account_sid": ACCOUNT,
            "to": self.to,
            "from": self.form.get("From"),
            "messaging_service_sid": self.form.get("MessagingServiceSid"),
            "body": self.body,
            "status": self.status,
            "direction": "outbound-api",
            "num_segments": "1",
            "num_media": "0",
            "date_created": moment,
            "date_updated": moment,
            "date_sent": None,
            "price": None,
            "price_unit": "USD",
            "error_code": None,
            "error_message": None,
            "api_version": "2010-04-01",
            "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{self.sid}.json",
            "subresource_uris": {},
        }


def refusal(status: int, code: int, words: str = "refused", **headers: str) -> Answer:
    """An error as Twilio words it."""
    body = {"code": code, "message": words, "more_info": "", "status": status}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(body).encode(), named)


class Twilio(Server):
    """`messages` holds what was taken; `answers` what a number is answered instead, message taken or not."""

    def __init__(
        self,
        *,
        port: int = 0,
        log: Path | None = None,
        delay: float = 0.0,
        token: str = TOKEN,
        receipts: Sequence[str] = (),
    ) -> None:
        super().__init__(self._answered, port=port, log=log)
        self.messages: list[Taken] = []
        self.answers: dict[str, Answer] = {}
        self._delay = delay
        self._token = token
        self._receipts = receipts
        self._numbers = itertools.count(1)
        self._calls: SimpleQueue[Taken] = SimpleQueue()
        if receipts:
            threading.Thread(target=self._call_back_for_ever, daemon=True).start()

    def sent_to(self, number: str) -> list[Taken]:
        """The messages taken for a number."""
        return [message for message in self.messages if message.to == number]

    def call_back(self, message: Taken, status: str, code: str = "", token: str = "") -> int:
        """Report a status to the message's callback, signed; the HTTP status of the answer."""
        form = {
            "MessageSid": message.sid,
            "SmsSid": message.sid,
            "MessageStatus": status,
            "SmsStatus": status,
            "AccountSid": ACCOUNT,
            "To": message.to,
            "From": message.form.get("From", ""),
            "ApiVersion": "2010-04-01",
        }
        if code:
            form["ErrorCode"] = code
        signature = sign(message.callback, form, token or self._token)
        headers = {"X-Twilio-Signature": signature}
        return requests.post(message.callback, data=form, headers=headers, timeout=15).status_code

    def _answered(self, request: Request) -> Answer:
        if not request.path.startswith(f"/2010-04-01/Accounts/{ACCOUNT}/Messages"):
            return refusal(404, 20404, "not found")
        if "Authorization" not in request.headers:
            return refusal(401, 20003, "Authenticate")
        if request.method == "GET":
            return self._listed(request.query.get("To", ""))
        form = request.form
        instead = self.answers.get(form.get("To", ""))
        if instead and not instead.cut and not instead.delay:
            return instead
        taken = self._take(form)
        return instead or Answer(201, json.dumps(taken.shown()).encode(), delay=self._delay)

    def _take(self, form: dict[str, str]) -> Taken:
        taken = Taken(
            sid=f"SM{next(self._numbers):032x}",
            to=form.get("To", ""),
            body=form.get("Body", ""),
            callback=form.get("StatusCallback", ""),
            created=datetime.now(UTC),
            form=form,
        )
        self.messages.append(taken)
        if self._receipts:
            self._calls.put(taken)
        return taken

    def _listed(self, number: str) -> Answer:
        shown = [message.shown() for message in reversed(self.sent_to(number))]
        page = {"messages": shown, "page": 0, "page_size": 1000, "next_page_uri": None, "uri": ""}
        return Answer(200, json.dumps(page).encode())

    def _call_back_for_ever(self) -> None:
        while True:
            message = self._calls.get()
            for status in self._receipts:
                try:
                    self.call_back(message, status)
                except requests.RequestException:
                    break  # nobody is listening: a lost receipt, as in life


def sign(url: str, form: dict[str, str], token: str = TOKEN) -> str:
    """X-Twilio-Signature of a callback."""
    return str(RequestValidator(token).compute_signature(url, form))


def main() -> None:
    """Serve until killed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--log", type=Path, required=True)
    options.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    options.add_argument("--token", default=TOKEN, help="the account's token, to sign receipts with")
    options.add_argument(
        "--receipts", default="", help="statuses to report of each message, as sent,delivered"
    )
    given = options.parse_args()
    server = Twilio(
        port=given.port,
        log=given.log,
        delay=given.delay,
        token=given.token,
        receipts=[status for status in given.receipts.split(",") if status],
    )
    print(f"listening on {server.url}", flush=True)  # noqa: T201
    server.serve()


if __name__ == "__main__":
    main()
