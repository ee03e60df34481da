"""A stand-in for a Mastodon account: one post per Idempotency-Key."""

from __future__ import annotations

import json

from tests.servers.web import Answer, Request, Server


class Mastodon(Server):
    """`posts` holds the posts by their key; `instead`, when set, answers in their place."""

    token = "secret"

    def __init__(self) -> None:
        super().__init__(self._answered)
        self.posts: dict[str, dict[str, str]] = {}
        self.instead: Answer | None = None

    def _answered(self, request: Request) -> Answer:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return Answer(401, b'{"error": "The access token is invalid"}')
        if self.instead and not (self.instead.cut or self.instead.delay):
            return self.instead
        key = request.headers["Idempotency-Key"]
        number = str(len(self.posts) + 1)
        post = self.posts.setdefault(
            key, {"id": number, "url": f"{self.url}/@bank/{number}", **_words(request)}
        )
        return self.instead or Answer(200, json.dumps(post).encode())


def _words(request: Request) -> dict[str, str]:
    return {name: str(value) for name, value in json.loads(request.body).items()}
