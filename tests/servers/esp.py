"""A stand-in for mail services that take many mails in one call: Postmark's form and Mailgun's.

As a process of its own: python -m tests.servers.esp --port P --log FILE [--behave FILE]. What was taken
of a call is on the disk before it is answered; FILE says how to behave (behaviour.py).
"""

from __future__ import annotations

import argparse
import email
import email.policy
import itertools
import json
from dataclasses import dataclass
from email.utils import getaddresses
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from tests.servers.behaviour import Behaviour, Control
from tests.servers.web import Answer, Request, Server


@dataclass(frozen=True)
class Mail:
    """One mail as its reader gets it: everybody who stands in To, and our own word on it."""

    to: tuple[str, ...]
    token: str
    reference: str


class Esp(Server):
    """`mails` holds what was taken."""

    def __init__(self, *, port: int = 0, log: Path | None = None, behave: Path | None = None) -> None:
        """`port` 0 takes a free one; `behave` names a file that may be written at any time."""
        super().__init__(self._answered, port=port, log=log)
        self.mails: list[Mail] = []
        self._control = Control(behave)
        self._numbers = itertools.count(1)
        self._turns = itertools.count(1)

    def _answered(self, request: Request) -> Answer:
        behaviour = self._control()
        treated = next(self._turns) % behaviour.every == 0
        if treated and behaviour.status:
            wait = {"Retry-After": f"{behaviour.retry_after:g}"} if behaviour.retry_after else {}
            return Answer(behaviour.status, b'{"ErrorCode": 0, "Message": "refused"}', wait)
        if treated and behaviour.deaf:
            return Answer(deaf=True)
        answer = (
            self._mailgun(request) if request.path.startswith("/v3/") else self._postmark(request, behaviour)
        )
        return Answer(
            answer.status,
            answer.body,
            delay=behaviour.delay,
            cut=treated and behaviour.cut,
            noted=answer.noted,
        )

    def _postmark(self, request: Request, behaviour: Behaviour) -> Answer:
        """A call of one or of many; each is answered by itself, and the whole with 200."""
        said = json.loads(request.body)
        calls: list[dict[str, Any]] = said if isinstance(said, list) else [said]
        taken, answers = [], []
        for one in calls:
            to = tuple(address for _, address in getaddresses([one["To"]]))
            if set(to) & set(behaviour.refused):
                answers.append(
                    {
                        "ErrorCode": 406,
                        "Message": "You tried to send to an inactive recipient.",
                        "To": one["To"],
                    }
                )
                continue
            mail = self._take(to, str(one.get("Metadata", {}).get("receipt", "")))
            taken.append(mail)
            answers.append(
                {
                    "ErrorCode": 0,
                    "Message": "OK",
                    "To": one["To"],
                    "MessageID": mail.reference,
                    "SubmittedAt": "2026-01-01T00:00:00Z",
                }
            )
        single = not isinstance(said, list)
        failed = single and answers[0]["ErrorCode"]
        body = json.dumps(answers[0] if single else answers).encode()
        return Answer(422 if failed else 200, body, noted=_noted(taken))

    def _mailgun(self, request: Request) -> Answer:
        """With recipient variables each gets a mail of their own; without, all stand in one To."""
        form = _pairs(request)
        to = [address for _, address in getaddresses([value for name, value in form if name == "to"])]
        named = dict(form)
        variables = json.loads(named.get("recipient-variables", "{}"))
        common = named.get("v:receipt", "")
        if variables:
            taken = [self._take((address,), _token(common, variables.get(address, {}))) for address in to]
        else:
            taken = [self._take(tuple(to), common)]
        reference = f"<{next(self._numbers)}@mailgun.example>"
        body = json.dumps({"id": reference, "message": "Queued. Thank you."}).encode()
        return Answer(200, body, noted=_noted(taken))

    def _take(self, to: tuple[str, ...], token: str) -> Mail:
        mail = Mail(to, token, f"00000000-0000-0000-0000-{next(self._numbers):012d}")
        self.mails.append(mail)
        return mail


def _token(common: str, variables: dict[str, str]) -> str:
    """`%recipient.name%` stands for the recipient's own value."""
    name = common.removeprefix("%recipient.").removesuffix("%")
    return str(variables.get(name, "")) if name != common else common


def _noted(taken: list[Mail]) -> dict[str, Any]:
    return {"mails": [{"to": mail.to, "token": mail.token, "reference": mail.reference} for mail in taken]}


def _pairs(request: Request) -> list[tuple[str, str]]:
    """The fields of a form, whichever way it was written; names may come more than once."""
    kind = request.headers.get("Content-Type", "")
    if not kind.startswith("multipart/"):
        return parse_qsl(request.body.decode(), keep_blank_values=True)
    whole = email.message_from_bytes(
        f"Content-Type: {kind}\r\n\r\n".encode() + request.body, policy=email.policy.HTTP
    )
    return [
        (str(part.get_param("name", header="content-disposition")), part.get_content())
        for part in whole.iter_parts()
        if part.get_content_maintype() == "text"
    ]


def main() -> None:
    """Serve until killed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--log", type=Path, required=True)
    options.add_argument("--behave", type=Path, help="a file that says how to behave, at any time")
    given = options.parse_args()
    server = Esp(port=given.port, log=given.log, behave=given.behave)
    print(f"listening on {server.url}", flush=True)  # noqa: T201
    server.serve()


if __name__ == "__main__":
    main()
