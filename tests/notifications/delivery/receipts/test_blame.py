"""A setting of ours never fails a customer: whole drains through real servers that refuse us, not her."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django.fixtures import Settings

from config import environment
from notifications.channels import open_channel
from notifications.channels.providers.esp import service
from notifications.channels.providers.http import loops
from notifications.delivery import rate_limits, sending
from notifications.models import Bucket, Delivery, Notice, State
from tests import people
from tests.servers import smtp, twilio
from tests.servers.web import Answer, Server

pytestmark = pytest.mark.django_db

FEW = 5


@pytest.fixture
def day() -> datetime:
    """A morning of today: providers ask the time themselves, and a text that is no longer true is refused."""
    return datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=1)


@pytest.fixture
def notice(day: datetime) -> Notice:
    return people.notice(people.window(starts_at=day + timedelta(days=6)), due_at=day)


@pytest.fixture(autouse=True)
def _loops() -> Iterator[None]:
    yield
    loops.close_loops()
    service._idle.clear()


@pytest.fixture
def mail_server(settings: Settings) -> Iterator[smtp.Server]:
    with smtp.Server() as server:
        settings.EMAIL_CONFIGURED = True
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.DEFAULT_FROM_EMAIL = "notices@bank.example"
        yield server


@pytest.fixture
def phone_server(settings: Settings) -> Iterator[twilio.Twilio]:
    with twilio.Twilio() as server:
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = twilio.ACCOUNT, twilio.TOKEN
        settings.TWILIO_MESSAGING_SERVICE_SID, settings.TWILIO_FROM = "", "+15005550006"
        settings.TWILIO_API_BASE, settings.RATES = server.url, {}
        yield server


def _drain(channel: str, day: datetime) -> set[int]:
    """The states in which all deliveries then are."""
    sending.drain(channel, demonstration=False, clock=lambda: day)
    return set(Delivery.objects.values_list("state", flat=True))


@pytest.mark.parametrize("name", ["Example Bank, N.A.", "Bank: @ Home; <Trust> ("])
def test_a_bank_with_any_name_reaches_everybody_by_email(
    name: str, mail_server: smtp.Server, notice: Notice, day: datetime, settings: Settings
) -> None:
    settings.BANK_NAME = name
    settings.DEFAULT_FROM_EMAIL = environment.sender("UNSET", called=name, address="notices@localhost")
    people.queued(notice, number=FEW, channel="email")
    assert _drain("email", day) == {State.SENT}
    assert {mail.message["From"].addresses[0].display_name for mail in mail_server.mails} == {name}


def test_an_address_of_ours_that_cannot_be_read_keeps_mails_back_and_says_why(
    mail_server: smtp.Server, notice: Notice, day: datetime, settings: Settings
) -> None:
    settings.DEFAULT_FROM_EMAIL = "Example Bank, N.A. <notices@bank.example>"
    people.queued(notice, number=FEW, channel="email")
    assert (_drain("email", day), mail_server.mails) == ({State.QUEUED}, [])
    assert "DEFAULT_FROM_EMAIL must be one address" in Bucket.objects.get().reason

    settings.DEFAULT_FROM_EMAIL = '"Example Bank, N.A." <notices@bank.example>'
    assert _drain("email", day) == {State.SENT}  # another sender, which does not rest


@pytest.mark.parametrize("command", ["MAIL", "DATA", "END"])
def test_a_sender_or_a_text_that_a_mail_server_refuses_fails_nobody(
    command: str, mail_server: smtp.Server, notice: Notice, day: datetime
) -> None:
    mail_server.refuse[command] = "550 5.7.1 not as this bank"
    people.queued(notice, number=25, channel="email")
    assert _drain("email", day) == {State.QUEUED}
    assert Bucket.objects.get().failing_since is not None


@pytest.mark.parametrize("answer", ["554 5.7.1 Relay access denied", "550 5.1.1 no such user"])
def test_a_relay_that_refuses_everybody_rests_whatever_it_says(
    answer: str, mail_server: smtp.Server, notice: Notice, day: datetime
) -> None:
    mail_server.refuse["RCPT"] = answer
    people.queued(notice, number=25, channel="email")
    assert _drain("email", day) == {State.QUEUED}
    assert "people in a row" in Bucket.objects.get().reason


@pytest.mark.parametrize("code", [21606, 21212, 21659, 21603, 30002])
def test_a_number_of_ours_that_twilio_refuses_rests_the_sender_at_once(
    code: int, phone_server: twilio.Twilio, notice: Notice, day: datetime
) -> None:
    rows = people.queued(notice, number=FEW)
    for row in range(len(rows)):
        phone_server.answers[f"+4477009{row:05d}"] = twilio.refusal(400, code)
    assert _drain("sms", day) == {State.QUEUED}
    assert str(code) in Bucket.objects.get().reason


def test_numbers_that_twilio_takes_for_none_of_a_whole_import_wait_for_a_person(
    phone_server: twilio.Twilio, notice: Notice, day: datetime
) -> None:
    rows = people.queued(notice, number=25)
    for row in range(len(rows)):
        phone_server.answers[f"+4477009{row:05d}"] = twilio.refusal(400, 21211)
    assert _drain("sms", day) == {State.QUEUED}
    assert "people in a row: 21211" in Bucket.objects.get().reason

    phone_server.answers.clear()
    wire = open_channel("sms", 1, demonstration=False)
    rate_limits.end_rest(rate_limits.sender("sms", provider=wire.provider, name=wire.sender))
    assert _drain("sms", day + timedelta(minutes=1)) == {State.SENT}


def test_a_from_that_postmark_refuses_fails_nobody(notice: Notice, day: datetime, settings: Settings) -> None:
    refusal = b'{"ErrorCode": 400, "Message": "The From address is not a Sender Signature."}'
    with Server(lambda request: Answer(422, refusal)) as server:
        settings.EMAIL_CONFIGURED = True
        settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
        settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "t", "POSTMARK_API_URL": f"{server.url}/"}
        people.queued(notice, number=FEW, channel="email")
        assert _drain("email", day) == {State.QUEUED}
    assert Bucket.objects.get().failing_since is not None
