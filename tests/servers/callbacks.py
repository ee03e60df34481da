"""A message and what became of it in; the receipts that Twilio sends of it, as told to, out."""

from __future__ import annotations

import threading
import time
from queue import SimpleQueue
from typing import Protocol

import requests
from twilio.request_validator import RequestValidator

from tests.servers.behaviour import Behaviour

ACCOUNT = "AC" + "0" * 32
TOKEN = "a token of the tests"
_CALLERS = 4
_FORGED = "somebody else's token"


class Reported(Protocol):
    """What is known of a message to report on."""

    sid: str
    to: str
    callback: str
    form: dict[str, str]

    def move(self, status: str) -> None:
        """Its status is another now."""


class Callbacks:
    """Calls back in threads of its own, each message `late` seconds after it was taken."""

    def __init__(self, token: str) -> None:
        """`token` signs; the threads start with the first receipt."""
        self._token = token
        self._waiting: SimpleQueue[tuple[float, Reported, Behaviour]] = SimpleQueue()
        self._started = False

    def later(self, message: Reported, behaviour: Behaviour) -> None:
        """Report on a message as the behaviour of this moment says."""
        if not self._started:
            self._started = True
            for _ in range(_CALLERS):
                threading.Thread(target=self._report_for_ever, daemon=True).start()
        self._waiting.put((time.monotonic() + behaviour.late, message, behaviour))

    def report(self, message: Reported, status: str, code: str = "", token: str = "") -> int:
        """Report a status, signed; the HTTP status of the answer."""
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
        headers = {"X-Twilio-Signature": sign(message.callback, form, token or self._token)}
        return requests.post(message.callback, data=form, headers=headers, timeout=15).status_code

    def _report_for_ever(self) -> None:
        while True:
            due, message, behaviour = self._waiting.get()
            time.sleep(max(0.0, due - time.monotonic()))
            for status in behaviour.receipts:
                message.move(status)
                for _ in range(0 if behaviour.hushed else behaviour.times):
                    try:
                        self.report(message, status, token=_FORGED if behaviour.forged else "")
                    except requests.RequestException:
                        break  # nobody is listening: a lost receipt, as in life


def sign(url: str, form: dict[str, str], token: str = TOKEN) -> str:
    """X-Twilio-Signature of a callback."""
    return str(RequestValidator(token).compute_signature(url, form))
