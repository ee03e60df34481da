"""The form of an SMS, put together from quoted pieces: to the byte what urlencode makes of the whole."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pytest_django import Settings

from notifications import links
from notifications.channels.providers.twilio import sms
from notifications.channels.types import Message, Template
from tests.notifications import messages

NAMES = ("name", "preferences")
SENDER = "MG" + "0" * 32

_texts = st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("+&=% ~/?#ا😀\n")))
_pieces = st.lists(st.tuples(st.sampled_from(NAMES), _texts), max_size=4)


@pytest.fixture(autouse=True)
def _account(settings: Settings) -> None:
    settings.BASE_URL = "https://notices.bank.example"
    settings.TWILIO_MESSAGING_SERVICE_SID = SENDER


def _written(words: Template, values: dict[str, str], address: str = messages.CLEO) -> Message:
    """A message as composition makes it, true for longer than Twilio keeps one."""
    body = "".join(values[piece] if place % 2 else piece for place, piece in enumerate(words.body))
    until = datetime.now(UTC) + timedelta(days=3)
    return dataclasses.replace(
        messages.sms(address, body), expires_at=until, words=words, values=values, attempt=2
    )


def _whole(message: Message) -> bytes:
    return urlencode(
        {
            "To": message.address,
            "Body": message.body,
            "StatusCallback": links.receipt_url_of(links.receipt_token(message.delivery, message.attempt)),
            "ValidityPeriod": "36000",
            "SmartEncoded": "false",
            "MessagingServiceSid": SENDER,
        }
    ).encode()


@given(first=_texts, rest=_pieces, name=_texts, link=_texts, address=_texts)
@example(
    first="Dear ", rest=[("name", " & co: "), ("preferences", "")], name="نورة", link="a=b+c", address="+44"
)
def test_it_is_what_urlencode_makes_of_it(
    first: str, rest: list[tuple[str, str]], name: str, link: str, address: str
) -> None:
    words = Template((), (first, *(part for pair in rest for part in pair)))
    message = _written(words, {"name": name, "preferences": link}, address)
    provider = sms.TwilioProvider()
    apart = provider._form(message)
    in_one = provider._form(dataclasses.replace(message, words=None))
    assert apart == in_one == _whole(message)


def test_each_person_and_each_text_has_its_own_words() -> None:
    texts = [Template((), ("Dear ", "name", f", {number} & goodbye.")) for number in range(sms._TEXTS + 1)]
    sent = [_written(words, {"name": name}) for words in texts for name in ("Cleo", "Dan")]
    provider = sms.TwilioProvider()
    for _ in range(2):
        assert [provider._form(message) for message in sent] == [_whole(message) for message in sent]


@pytest.mark.parametrize(
    "base",
    ["http://[::1]:8000", "https://bank.example/a b+c/ünü?x=%20&here=", "https://here.example/here"],
)
def test_receipts_are_asked_for_at_any_address(base: str, settings: Settings) -> None:
    settings.BASE_URL = base
    message = _written(Template((), ("Bye.",)), {})
    assert sms.TwilioProvider()._form(message) == _whole(message)
