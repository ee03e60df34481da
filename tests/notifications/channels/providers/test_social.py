"""Public posts, at a server that keeps one per key; and networks that need a person."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from notifications.channels.providers import social
from notifications.channels.types import Outcome, Unreachable, Verdict
from tests.notifications import messages
from tests.notifications.channels.providers.calls import one
from tests.servers.mastodon import Mastodon
from tests.servers.web import Answer

QUICK = (1.0, 0.3)


@pytest.fixture
def server() -> Iterator[Mastodon]:
    with Mastodon() as running:
        yield running


def _account(port: int, token: str = Mastodon.token) -> social.Mastodon:
    (target,) = social.targets_of([f"mastodon+http://{token}@127.0.0.1:{port}"])
    return social.Mastodon(target, QUICK)


def _send(server: Mastodon) -> Outcome:
    return one(_account(server.port), messages.post("mastodon"))


def test_a_post_is_public_in_its_language_and_under_its_own_key(server: Mastodon) -> None:
    sent = messages.post("mastodon")
    outcome = one(_account(server.port), sent)
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/api/v1/statuses")
    post = server.posts[str(sent.delivery)]
    assert (post["status"], post["language"], post["visibility"]) == (sent.body, "en", "public")
    assert (outcome.result, outcome.provider, outcome.provider_ref) == (
        Verdict.ACCEPTED,
        "mastodon",
        post["id"],
    )
    assert outcome.detail == post["url"]


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (401, Verdict.CONFIGURATION),
        (403, Verdict.CONFIGURATION),
        (404, Verdict.CONFIGURATION),
        (301, Verdict.CONFIGURATION),
        (422, Verdict.REFUSED),
        (429, Verdict.NOT_PROCESSED),
        (500, Verdict.UNKNOWN),
        (503, Verdict.UNKNOWN),
    ],
)
def test_an_answer_says_whether_to_post_again(status: int, result: Verdict, server: Mastodon) -> None:
    server.instead = Answer(status)
    assert _send(server).result is result


def test_a_wait_is_read_in_mastodons_own_way(server: Mastodon) -> None:
    until = datetime.now(UTC) + timedelta(minutes=5)
    server.instead = Answer(429, headers={"X-RateLimit-Reset": until.isoformat().replace("+00:00", "Z")})
    assert _send(server).retry_after == pytest.approx(300, abs=5)


@pytest.mark.parametrize("answer", [Answer(cut=True), Answer(delay=1.0)])
def test_a_post_that_may_have_been_made_is_unknown(answer: Answer, server: Mastodon) -> None:
    server.instead = answer
    assert (_send(server).result, len(server.posts)) == (Verdict.UNKNOWN, 1)


def test_a_refused_connection_was_certainly_not_processed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        port = closed_soon.getsockname()[1]
    assert one(_account(port), messages.post("mastodon")).result is Verdict.NOT_PROCESSED


def test_asking_finds_the_first_post_and_makes_no_second(server: Mastodon) -> None:
    sent, account = messages.post("mastodon"), _account(server.port)
    server.instead = Answer(cut=True)
    one(account, sent)
    server.instead = None
    found = account.find(sent, datetime.now(UTC))
    assert found
    assert (found.provider_ref, len(server.posts)) == (server.posts[str(sent.delivery)]["id"], 1)


def test_asking_by_posting_is_not_done_once_the_key_may_be_forgotten(server: Mastodon) -> None:
    with pytest.raises(LookupError):
        _account(server.port).find(messages.post("mastodon"), datetime.now(UTC) - timedelta(hours=1))
    assert server.requests == []


def test_asking_by_posting_is_not_done_once_the_words_are_no_longer_true(server: Mastodon) -> None:
    late = dataclasses.replace(messages.post("mastodon"), composed_at=datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(LookupError):
        _account(server.port).find(late, datetime.now(UTC))
    assert server.requests == []


@pytest.mark.parametrize("answer", [Answer(503), Answer(429), Answer(200, b"no json"), Answer(200, b"{}")])
def test_an_account_that_cannot_be_asked_is_asked_again_later(answer: Answer, server: Mastodon) -> None:
    server.instead = answer
    with pytest.raises(Unreachable):
        _account(server.port).find(messages.post("mastodon"), datetime.now(UTC))


def test_the_token_is_sent_and_not_a_password_of_the_machine(
    server: Mastodon, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login olga password hers\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert _send(server).result is Verdict.ACCEPTED


def test_by_hand_waits_for_a_person() -> None:
    assert one(social.ByHand(), messages.post("by hand:facebook")).result is Verdict.BY_HAND


def test_names_of_targets_hold_no_secret() -> None:
    targets = social.targets_of(
        [
            "mastodon://s%2Fcret@social.example",
            "mastodon://secret@social.example/news/",
            "mastodon+http://secret@127.0.0.1:8080",
            "byhand://facebook",
        ]
    )
    assert [target.name for target in targets] == [
        "mastodon:social.example",
        "mastodon:social.example/news",
        "mastodon:127.0.0.1:8080",
        "by hand:facebook",
    ]
    assert (targets[0].address, targets[0].token) == ("https://social.example", "s/cret")
    assert "cret" not in repr(targets)


@pytest.mark.parametrize(
    ("addresses", "words"),
    [
        (["mastodon://social.example"], "entry 1: write mastodon://TOKEN@host or byhand://network"),
        (["byhand://facebook", "https://secret@social.example"], "entry 2: write mastodon://"),
        (["mastodon://secret@a.example", "mastodon://secret@a.example"], "names mastodon:a.example twice"),
        (["mastodon://secret@a.example:notaport"], "entry 1: write mastodon://"),
        (["mastodon://secret@[a.example"], "entry 1: write mastodon://"),
    ],
)
def test_a_wrong_address_is_refused_in_words_that_keep_the_token(addresses: list[str], words: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        social.targets_of(addresses)
    assert words in str(refusal.value)
    assert "secret" not in str(refusal.value)
