"""Lines to a mail server: what is said together, how many are open, what becomes of mails when one ends."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest import mock

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pytest_django import Settings

from notifications.channels.providers.http import loops
from notifications.channels.providers.smtp import connect, mailer, pool
from notifications.channels.providers.smtp.timeouts import Timeouts
from notifications.channels.types import Message, Outcome, Verdict
from tests.notifications import messages
from tests.notifications.channels.providers.relay import Relay


@pytest.fixture(autouse=True)
def way(settings: Settings) -> Iterator[Settings]:
    """Mails go to 127.0.0.1, over one line."""
    settings.BASE_URL = "https://notices.bank.example"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_TIMEOUT = "127.0.0.1", 30
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_CONNECTIONS = 1
    yield settings
    loops.close_loops()


def _mails(count: int) -> list[Message]:
    return [messages.mail(f"cleo{number}@example.com") for number in range(count)]


def _send(relay: Relay, way: Settings, sent: list[Message], then: float = 0.0) -> list[Outcome]:
    """All at once. `then` is after how many seconds the relay lets go of what it holds."""
    way.EMAIL_PORT = relay.port
    wire = mailer.SmtpProvider()

    async def together() -> list[Outcome]:
        if then:
            asyncio.get_running_loop().call_later(then, relay.release)
        return [
            outcome
            for group in await asyncio.gather(*(wire.send([one]) for one in sent))
            for outcome in group
        ]

    return loops.run_on_loop(together())


def _results(outcomes: list[Outcome]) -> list[Verdict]:
    return [outcome.result for outcome in outcomes]


def _groups(relay: Relay) -> list[list[bytes]]:
    """What was said in each write after the greetings: the first word of each command, and TEXT."""
    (talk,) = relay.talks
    said = []
    for write in talk.heard[1:]:
        words = []
        for part in write.split(b"\r\n.\r\n"):
            lines = part.split(b"\r\n")
            is_text = write.endswith(b"\r\n.\r\n") or part != write.split(b"\r\n.\r\n")[-1]
            words += [b"TEXT"] if is_text and part else [line.split(b" ")[0] for line in lines if line]
        said.append([word.split(b":")[0] for word in words])
    return said


def test_an_envelope_is_one_write_and_goes_with_the_text_before_it(way: Settings) -> None:
    with Relay("PIPELINING") as relay:
        outcomes = _send(relay, way, _mails(3))
    envelope = [b"MAIL", b"RCPT", b"DATA"]
    assert _results(outcomes) == [Verdict.ACCEPTED] * 3
    assert _groups(relay) == [envelope, [b"TEXT", *envelope], [b"TEXT", *envelope], [b"TEXT"]]


def test_a_server_that_does_not_offer_it_hears_one_command_at_a_time(way: Settings) -> None:
    with Relay("SIZE") as relay:
        outcomes = _send(relay, way, _mails(2))
    assert _results(outcomes) == [Verdict.ACCEPTED] * 2
    assert _groups(relay) == [[b"MAIL"], [b"RCPT"], [b"DATA"], [b"TEXT"]] * 2


def test_size_and_bytes_are_announced_where_the_server_knows_them(way: Settings) -> None:
    with Relay("SIZE 10000000", "8BITMIME") as relay:
        _send(relay, way, _mails(1))
    first = relay.talks[0].heard[1].decode()
    assert first.startswith("MAIL FROM:<notices@localhost> SIZE=")
    assert first.endswith(" BODY=8BITMIME\r\n")


def test_each_of_many_mails_arrives_once_over_a_few_lines(way: Settings) -> None:
    way.EMAIL_CONNECTIONS = 4
    sent = _mails(300)
    with Relay("PIPELINING") as relay:
        outcomes = _send(relay, way, sent)
    arrived = Counter(name for talk in relay.talks for name in talk.recipients)
    assert arrived == Counter(message.address for message in sent)
    assert [outcome.delivery for outcome in outcomes] == [message.delivery for message in sent]
    assert set(_results(outcomes)) == {Verdict.ACCEPTED}
    assert len(relay.talks) <= 4


def test_lines_are_used_again_in_the_next_run_of_the_loop(way: Settings) -> None:
    with Relay("PIPELINING") as relay:
        for _ in range(3):
            _send(relay, way, _mails(2))
    assert (len(relay.mails), len(relay.talks)) == (6, 1)


def test_an_idle_line_that_answers_is_used_again(way: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with Relay("PIPELINING") as relay:
        _send(relay, way, _mails(1))
        monkeypatch.setattr(pool, "_STALE_SECONDS", -1.0)
        assert _results(_send(relay, way, _mails(1))) == [Verdict.ACCEPTED]
    (talk,) = relay.talks
    assert b"NOOP\r\n" in talk.heard


def test_an_idle_line_that_stays_silent_is_replaced(way: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with Relay("PIPELINING") as relay:
        _send(relay, way, _mails(1))
        monkeypatch.setattr(pool, "_STALE_SECONDS", -1.0)
        monkeypatch.setattr(pool, "_PROBE_SECONDS", 0.1)
        relay.says["NOOP"] = "hush"
        assert _results(_send(relay, way, _mails(1))) == [Verdict.ACCEPTED]
    assert len(relay.talks) == 2


@pytest.mark.parametrize("extension", ["PIPELINING", "SIZE"])
def test_a_server_that_closes_a_line_after_so_many_mails_is_met_with_a_new_one(
    extension: str, way: Settings
) -> None:
    with Relay(extension) as relay:
        relay.each = 3
        outcomes = _send(relay, way, _mails(8))
    assert _results(outcomes) == [Verdict.ACCEPTED] * 8
    assert [len(talk.mails) for talk in relay.talks] == [3, 3, 2]


def test_a_server_that_takes_few_lines_gets_all_over_those(way: Settings) -> None:
    way.EMAIL_CONNECTIONS = 8
    with Relay("PIPELINING") as relay:
        relay.most = 2
        outcomes = _send(relay, way, _mails(50))
    assert set(_results(outcomes)) == {Verdict.ACCEPTED}
    assert len(relay.talks) <= 2


def test_a_line_that_breaks_leaves_only_the_mail_unknown_whose_text_was_on_its_way(way: Settings) -> None:
    sent = _mails(3)
    with Relay("PIPELINING") as relay:
        relay.held = True
        way.EMAIL_PORT = relay.port
        wire = mailer.SmtpProvider()

        async def cut() -> list[Sequence[Outcome]]:
            sending = asyncio.gather(*(wire.send([one]) for one in sent))
            while not any(b"\r\n.\r\n" in said for talk in relay.talks for said in talk.heard):  # noqa: ASYNC110  # as another thread says
                await asyncio.sleep(0.01)
            relay.cut()
            return await sending

        outcomes = [one for group in loops.run_on_loop(cut()) for one in group]
    assert _results(outcomes) == [Verdict.UNKNOWN, Verdict.ACCEPTED, Verdict.ACCEPTED]
    assert [talk.recipients for talk in relay.talks] == [[], [message.address for message in sent[1:]]]


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ("250 2.0.0 queued as 4B", Verdict.ACCEPTED),
        ("252 2.0.0 taken", Verdict.ACCEPTED),
        ("451 4.3.0 later", Verdict.NOT_PROCESSED),
        ("554 5.7.1 spam", Verdict.REFUSED),
        ("550 5.1.1 no such user", Verdict.REFUSED),
        ("354 more", Verdict.UNKNOWN),
        ("thanks a lot", Verdict.UNKNOWN),
        ("421 4.3.2 closing", Verdict.NOT_PROCESSED),
    ],
)
def test_what_is_said_to_a_text_decides_what_became_of_it(
    answer: str, result: Verdict, way: Settings
) -> None:
    with Relay("PIPELINING") as relay:
        relay.says["END"] = answer
        assert _results(_send(relay, way, _mails(1))) == [result]


@pytest.mark.parametrize("extension", ["PIPELINING", "SIZE"])
def test_a_refused_person_costs_those_behind_nothing(extension: str, way: Settings) -> None:
    sent = _mails(5)
    with Relay(extension) as relay:
        relay.says["cleo0@example.com"] = relay.says["cleo3@example.com"] = "550 5.1.1 unknown"
        outcomes = _send(relay, way, sent)
    yes, no = Verdict.ACCEPTED, Verdict.PERMANENT
    assert _results(outcomes) == [no, yes, yes, no, yes]
    assert [talk.recipients for talk in relay.talks] == [[sent[number].address for number in (1, 2, 4)]]


def test_a_server_that_asks_for_the_text_of_a_mail_to_nobody_gets_none(way: Settings) -> None:
    with Relay("PIPELINING") as relay:  # it answers DATA with 354, whatever it said to RCPT
        relay.says["cleo0@example.com"] = "550 5.1.1 unknown"
        _send(relay, way, _mails(1))
    (talk,) = relay.talks
    assert (talk.heard[-1], talk.mails) == (b".\r\n", [])


def test_a_server_that_would_send_an_empty_mail_is_left(way: Settings) -> None:
    with Relay("PIPELINING") as relay:
        relay.says["MAIL"] = "550 5.7.1 not as this bank"
        assert _results(_send(relay, way, _mails(1))) == [Verdict.CONFIGURATION]
    (talk,) = relay.talks
    assert talk.heard[-1].endswith(b"DATA\r\n")


def test_a_silent_server_leaves_unsent_what_was_not_on_its_way(way: Settings) -> None:
    way.EMAIL_TIMEOUT = 0.2
    with Relay("PIPELINING") as relay:
        relay.says["RCPT"] = "hush"
        assert _results(_send(relay, way, _mails(1))) == [Verdict.NOT_PROCESSED]


def test_a_mail_that_finds_no_line_in_time_is_given_back(
    way: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_WAIT_SECONDS", 1.0)
    with Relay("SIZE") as relay:
        relay.held = True
        outcomes = _send(relay, way, _mails(2), then=1.5)
    assert [(outcome.result, outcome.code) for outcome in outcomes] == [
        (Verdict.ACCEPTED, ""),
        (Verdict.NOT_PROCESSED, "no line"),
    ]
    assert len(relay.mails) == 1


def test_a_mail_that_nobody_waits_for_any_longer_is_not_sent(way: Settings) -> None:
    first, second = _mails(2)
    with Relay("PIPELINING") as relay:
        way.EMAIL_PORT = relay.port
        relay.held = True
        wire = mailer.SmtpProvider()

        async def change_of_mind() -> None:
            kept, dropped = (asyncio.create_task(_sent(wire, one)) for one in (first, second))
            await asyncio.sleep(0.2)
            dropped.cancel()
            relay.release()
            await asyncio.wait({kept, dropped})
            await wire.send([messages.mail()])

        loops.run_on_loop(change_of_mind())
    arrived = [name for talk in relay.talks for name in talk.recipients]
    assert arrived == [first.address, messages.CLEO_MAIL]


async def _sent(wire: mailer.SmtpProvider, message: Message) -> None:
    await wire.send([message])


def test_a_wrong_server_is_asked_once_for_all_that_wait(way: Settings) -> None:
    way.EMAIL_CONNECTIONS = 8
    with Relay("PIPELINING") as relay:
        relay.most = 0
        outcomes = _send(relay, way, _mails(20))
    assert {(outcome.result, outcome.code) for outcome in outcomes} == {
        (Verdict.NOT_PROCESSED, "no connection")
    }
    assert len(relay.lines) == 1


def test_a_server_that_greets_slowly_is_waited_for(way: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "_CONNECT_SECONDS", 0.05)
    with Relay("PIPELINING") as relay:
        relay.greets_after = 0.3
        assert _results(_send(relay, way, _mails(2))) == [Verdict.ACCEPTED] * 2


def test_a_server_that_does_not_let_us_connect_is_given_up_soon(
    way: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "_CONNECT_SECONDS", 0.05)
    way.EMAIL_USE_SSL, way.EMAIL_TIMEOUT = True, 30
    with Relay() as relay:  # knows no TLS, so that no connection comes about
        relay.greets_after = 60.0
        outcomes = _send(relay, way, _mails(2))
    assert [(outcome.result, outcome.code) for outcome in outcomes] == [
        (Verdict.NOT_PROCESSED, "no connection")
    ] * 2


def test_a_process_that_ends_while_it_opens_a_line_leaves_nothing_behind(way: Settings) -> None:
    with Relay("PIPELINING") as relay:
        relay.greets_after = 60.0
        way.EMAIL_PORT = relay.port
        wire = mailer.SmtpProvider()

        async def begin() -> None:
            sending = asyncio.create_task(_sent(wire, messages.mail()))
            await asyncio.sleep(0.1)
            sending.cancel()
            await asyncio.wait({sending})

        loops.run_on_loop(begin())
        loops.close_loops()
    assert relay.mails == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "relay")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(uuid.uuid4().int)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "relay.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def _tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.mark.parametrize("setting", ["EMAIL_USE_SSL", "EMAIL_USE_TLS"])
def test_mails_go_over_tls(
    setting: str, certificate: Path, way: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    setattr(way, setting, True)
    context = _tls(certificate)
    kinds = {"EMAIL_USE_SSL": {"wrapped": context}, "EMAIL_USE_TLS": {"upgraded": context}}
    with Relay("PIPELINING", **kinds[setting]) as relay:
        outcomes = _send(relay, way, _mails(20)) + _send(relay, way, _mails(20))
        loops.close_loops()
    assert [outcome.detail for outcome in outcomes if outcome.result is not Verdict.ACCEPTED] == []
    assert [(talk.secure, len(talk.mails)) for talk in relay.talks] == [(True, 40)]


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(certificate: Path, way: Settings) -> None:
    way.EMAIL_USE_TLS = True
    with Relay("PIPELINING", upgraded=_tls(certificate)) as relay:
        assert _results(_send(relay, way, _mails(1))) == [Verdict.NOT_PROCESSED]
    assert relay.mails == []


def test_a_server_without_the_tls_that_we_must_have_pauses_the_channel(way: Settings) -> None:
    way.EMAIL_USE_TLS = True
    with Relay("PIPELINING") as relay:
        assert _results(_send(relay, way, _mails(1))) == [Verdict.CONFIGURATION]
    assert relay.mails == []


def test_lines_that_are_refused_in_the_same_moment_leave_no_mail_waiting() -> None:
    """Two are on their way while the only open one breaks; both are refused then, in one turn of the loop."""

    async def run() -> list[Verdict]:
        gate = asyncio.Event()

        async def door() -> tuple[asyncio.Transport, list[str]]:
            await gate.wait()
            raise pool.Closed(Verdict.NOT_PROCESSED, "no connection", "refused")

        lines = pool.ConnectionPool(door, 4, Timeouts(5, 5))
        broken = mock.Mock()
        lines._open.add(broken)
        mails = [asyncio.ensure_future(lines.carry(b"<a@x>", b"<b@x>", b"")) for _ in range(3)]
        await asyncio.sleep(0.01)
        lines.gone(broken, None)
        gate.set()
        return [answer.result for answer in await asyncio.wait_for(asyncio.gather(*mails), 5)]

    assert loops.run_on_loop(run()) == [Verdict.NOT_PROCESSED] * 3
