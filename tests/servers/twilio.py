"""A stand-in for Twilio's messages: takes and lists them, and calls back as Twilio does.

As a process of its own: python -m tests.servers.twilio --port P --log FILE [--delay 0.1]
[--token TOKEN --receipts sent,delivered] [--behave FILE]. Every request is on the disk before it is
answered; FILE says how to behave from then on (behaviour.py).
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from tests.servers import listing
from tests.servers.behaviour import Behaviour, Control
from tests.servers.callbacks import ACCOUNT, TOKEN, Callbacks, sign
from tests.servers.web import Answer, Request, Server

__all__ = ["ACCOUNT", "TOKEN", "Taken", "Twilio", "refusal", "sign"]

_FINAL = frozenset({"delivered", "undelivered", "failed"})


@dataclass
class Taken:
    """A message as Twilio keeps it."""

    sid: str
    to: str
    body: str
    callback: str
    created: datetime
    status: str = "queued"
    sent: datetime | None = None
    form: dict[str, str] = field(default_factory=dict)

    def move(self, status: str) -> None:
        """Its status is another now; what has been sent has a date for it, and what is final stays so."""
        if self.status not in _FINAL:
            self.status = status
        if status != "queued":
            self.sent = self.sent or datetime.now(UTC)

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
            "date_sent": format_datetime(self.sent) if self.sent else None,
            "price": None,
            "price_unit": "USD",
            "error_code": None,
            "error_message": None,
            "api_version": "2010-04-01",
            "uri": f"{_ROOT}/{self.sid}.json",
            "subresource_uris": {},
        }


_ROOT = f"/2010-04-01/Accounts/{ACCOUNT}/Messages"


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
        behave: Path | None = None,
    ) -> None:
        """`behave` names a file whose words replace `delay` and `receipts` once it is there."""
        super().__init__(self._answered, port=port, log=log)
        self.messages: list[Taken] = []
        self.answers: dict[str, Answer] = {}
        self._by_number: defaultdict[str, list[Taken]] = defaultdict(list)
        self._by_sid: dict[str, Taken] = {}
        self._control = Control(behave, Behaviour(delay=delay, receipts=tuple(receipts)))
        self._callbacks = Callbacks(token)
        self._numbers = itertools.count(1)
        self._turns = itertools.count(1)

    def sent_to(self, number: str) -> list[Taken]:
        """The messages taken for a number."""
        return list(self._by_number[number])

    def call_back(self, message: Taken, status: str, code: str = "", token: str = "") -> int:
        """Report a status to the message's callback, signed; the HTTP status of the answer."""
        message.move(status)
        return self._callbacks.report(message, status, code, token)

    def _answered(self, request: Request) -> Answer:
        if not request.path.startswith(_ROOT):
            return refusal(404, 20404, "not found")
        if "Authorization" not in request.headers:
            return refusal(401, 20003, "Authenticate")
        behaviour = self._control()
        if request.method == "GET":
            return refusal(behaviour.asked, 20500) if behaviour.asked else self._asked(request)
        form = request.form
        instead = self.answers.get(form.get("To", ""))
        if instead and not instead.cut and not instead.delay:
            return instead
        if form.get("To", "") in behaviour.refused:
            return refusal(400, 21211, "not a number")
        if next(self._turns) % behaviour.every == 0 and (treated := self._treated(form, behaviour)):
            return treated
        accepted = self._accepted(self._take(form, behaviour), behaviour)
        return instead or accepted

    def _treated(self, form: dict[str, str], behaviour: Behaviour) -> Answer | None:
        """What is done to the messages whose turn it is, where anything is."""
        if behaviour.deaf:
            return Answer(deaf=True)
        if behaviour.cut:
            return self._accepted(self._take(form, behaviour), behaviour, cut=True)
        if not behaviour.status:
            return None
        wait = {"Retry-After": f"{behaviour.retry_after:g}"} if behaviour.retry_after else {}
        said = {"code": behaviour.code, "message": "refused", "status": behaviour.status}
        noted = {"sid": self._take(form, behaviour).sid} if behaviour.taken else {}
        return Answer(behaviour.status, json.dumps(said).encode(), wait, behaviour.delay, noted=noted)

    def _accepted(self, taken: Taken, behaviour: Behaviour, *, cut: bool = False) -> Answer:
        body = json.dumps(taken.shown()).encode()
        return Answer(201, body, delay=behaviour.delay, cut=cut, noted={"sid": taken.sid})

    def _take(self, form: dict[str, str], behaviour: Behaviour) -> Taken:
        taken = Taken(
            sid=f"SM{next(self._numbers):032x}",
            to=form.get("To", ""),
            body=form.get("Body", ""),
            callback=form.get("StatusCallback", ""),
            created=datetime.now(UTC),
            form=form,
        )
        self.messages.append(taken)
        self._by_number[taken.to].append(taken)
        self._by_sid[taken.sid] = taken
        if behaviour.receipts:
            self._callbacks.later(taken, behaviour)
        return taken

    def _asked(self, request: Request) -> Answer:
        """One message by its sid, or those that fit the question, newest first, a page at a time."""
        sid = request.path.removeprefix(_ROOT).removeprefix("/").removesuffix(".json")
        if sid:
            found = self._by_sid.get(sid)
            return Answer(200, json.dumps(found.shown()).encode()) if found else refusal(404, 20404)
        number = request.query.get("To")
        messages = self.messages if number is None else self._by_number[number]
        return Answer(200, json.dumps(listing.page(messages, request.query, f"{_ROOT}.json")).encode())


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
    options.add_argument("--behave", type=Path, help="a file that says how to behave, at any time")
    given = options.parse_args()
    server = Twilio(
        port=given.port,
        log=given.log,
        delay=given.delay,
        token=given.token,
        receipts=[status for status in given.receipts.split(",") if status],
        behave=given.behave,
    )
    print(f"listening on {server.url}", flush=True)  # noqa: T201
    server.serve()


if __name__ == "__main__":
    main()
