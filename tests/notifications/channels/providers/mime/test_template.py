"""Mails put together from pieces: what is read of them is what Django's own mail would have said."""

from __future__ import annotations

import dataclasses
import email
import email.policy
import html
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from notifications.channels.providers.mime import template
from notifications.channels.types import Message, Template

CALENDAR = "BEGIN:VCALENDAR\r\nX-WR-CALNAME:الصيانة\r\nEND:VCALENDAR\r\n"
LINK = "https://notices.bank.example/preferences/abc-2026.aaaaaaaaaaaaaaaaaaaaaa/"
DELIVERY = uuid.UUID("6e3f1e0e-5b3d-4a43-9c5f-0d5d3d0f4a11")

_scripts = st.sampled_from(
    [
        "Cleo",
        "نورة بنت محمد",
        "王小明",
        "Ольга",
        "Zoë Ångström",
        "अनिता",
        "👩🏽‍💼",
        "O'Neil & <b>Söhne</b>",
        "=?utf-8?q?x?=",
    ]
)
_odd = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], include_characters='.= \t"<&'), max_size=300
)
# a person's name comes with single spaces and none around it, and never empty (wording/filling)
names = st.one_of(
    _scripts, _odd.map(lambda name: " ".join(name.split()) or "C"), st.just("." * 200), st.just("=" * 200)
)
texts = st.lists(
    st.one_of(
        _odd,
        _scripts,
        st.sampled_from([".", "..dots", "=", "=3D", "-- ", "From here", "x" * 3000, " ", "\n", "a\n.b\n"]),
    ),
    min_size=1,
    max_size=6,
).map("\n".join)


@st.composite
def _pieces(draw: st.DrawFn) -> tuple[str, ...]:
    """Some text, with the person's values at odd places; it says something by itself."""
    keys = draw(st.lists(st.sampled_from(["name", "preferences"]), max_size=4))
    pieces = ["Dear " + draw(texts)]
    for key in keys:
        pieces += [key, draw(st.one_of(texts, st.just("")))]
    return tuple(pieces)


_line = _odd.map(lambda words: " ".join(words.split()))


@st.composite
def _words(draw: st.DrawFn) -> Template:
    subject = draw(st.sampled_from([("Online banking rests",), ("Dear ", "name", ", it rests")]))
    return Template(
        subject=(subject[0] + draw(_line), *subject[1:]),
        body=draw(_pieces()),
        html=draw(st.one_of(st.just(()), _pieces())),
        calendar=draw(st.sampled_from(["", CALENDAR])),
    )


def _said(pieces: tuple[str, ...], values: Mapping[str, str]) -> str:
    return "".join(values[piece] if place % 2 else piece for place, piece in enumerate(pieces))


def _message(
    words: Template, name: str = "Cleo", address: str = "cleo@example.com", link: str = LINK
) -> Message:
    values = {"name": name, "preferences": link}
    safe = {key: html.escape(value) for key, value in values.items()}
    return Message(
        delivery=DELIVERY,
        attempt=1,
        address=address,
        subject=_said(words.subject, values),
        body=_said(words.body, values),
        html=_said(words.html, safe),
        expires_at=datetime.max.replace(tzinfo=UTC),
        composed_at=datetime.now(UTC),
        headers={"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
        calendar=words.calendar,
        words=words,
        values=values,
    )


def _arrived(content: bytes) -> bytes:
    """What a server makes of what stands behind DATA (RFC 5321, 4.5.2)."""
    assert content.endswith(b"\r\n.\r\n")
    assert b"\r\n.\r\n" not in content[:-3]
    return re.sub(rb"(?m)^\.", b"", content[:-3])


def _read(content: bytes) -> EmailMessage:
    return email.message_from_bytes(_arrived(content), policy=email.policy.default)


def _text(content: bytes, kind: str = "plain") -> str:
    part = _read(content).get_body((kind,))
    assert part
    return str(part.get_content())


def _parts(mail: EmailMessage) -> list[tuple[str, object]]:
    """Each part's kind and what it says, however its lines end."""
    return [
        (part.get_content_type(), "\n".join(re.split("\r\n|\r|\n", part.get_content())))
        for part in mail.walk()
        if not part.is_multipart()
    ]


def _headers(mail: EmailMessage) -> dict[str, str]:
    return {
        name: " ".join(str(value).split())
        for name, value in mail.items()
        if name not in ("Date", "Content-Type", "Content-Transfer-Encoding")
    }


@settings(max_examples=400, deadline=None)
@given(words=_words(), name=names, link=st.sampled_from([LINK, LINK + "a" * 200, LINK + "?a=b&c=<d>"]))
@example(words=Template(("A",), ("Dear ", "name", ""), ("<p>", "name", "")), name=".Cleo", link=LINK)
@example(words=Template(("A",), ("a " * 300, "name", " \n"), ()), name="=" * 75, link=LINK)
def test_it_says_what_djangos_own_mail_says(words: Template, name: str, link: str) -> None:
    whole = _message(words, name, link=link)
    ours = _read(template.mail_content(whole))
    djangos = _read(template.mail_content(dataclasses.replace(whole, words=None)))
    assert _headers(ours) == _headers(djangos)
    assert _parts(ours) == _parts(djangos)


@settings(max_examples=200, deadline=None)
@given(words=_words(), name=names)
def test_it_is_ascii_in_short_lines_and_no_dot_stands_alone(words: Template, name: str) -> None:
    content = template.mail_content(_message(words, name))
    head, _, rest = content.partition(b"\r\n\r\n")
    assert content.isascii()
    assert content.count(b"\n") == content.count(b"\r\n") == content.count(b"\r")
    assert max(map(len, rest.split(b"\r\n"))) <= 76
    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert b"\r\n." not in content[:-5]


WORDS = Template(
    subject=("Online banking rests",),
    body=("Dear ", "name", ",\nit rests.\nYour choice: ", "preferences", "\n"),
    html=("<p>Dear ", "name", ', it rests. <a href="', "preferences", '">Your choice</a></p>'),
    calendar=CALENDAR,
)


def test_a_name_in_another_script_needs_no_other_skeleton() -> None:
    for name in ("Cleo", "نورة", "王小明"):
        assert f"Dear {name}," in _text(template.mail_content(_message(WORDS, name)))


def test_markup_in_a_name_is_said_and_not_done() -> None:
    page = _text(template.mail_content(_message(WORDS, "<script>alert(1)</script>")), "html")
    assert "<script>" not in page
    assert "Dear &lt;script&gt;" in page


def test_every_mail_has_its_own_address_identity_and_choice() -> None:
    first = _read(template.mail_content(_message(WORDS)))
    other = dataclasses.replace(
        _message(WORDS, "Dan", "dan@example.com", LINK + "dan"), delivery=uuid.uuid4()
    )
    second = _read(template.mail_content(other))
    for name in ("To", "Message-ID", "List-Unsubscribe"):
        assert first[name] != second[name]
    assert (second["To"], second["List-Unsubscribe"]) == ("dan@example.com", f"<{LINK}dan>")
    assert "Cleo" not in second.as_string()


@pytest.mark.parametrize(
    "address", ["cleo@bücher.example", "Cleo <cleo@example.com>", '"cleo a"@example.com', "zoë@example.com"]
)
def test_an_address_that_needs_care_is_written_by_django(address: str) -> None:
    whole = _message(WORDS, address=address)
    djangos = _read(template.mail_content(dataclasses.replace(whole, words=None)))
    assert _read(template.mail_content(whole))["To"] == djangos["To"]


@pytest.mark.parametrize(
    "changed",
    [
        {"address": "cleo@example.com\nBcc: all@example.com"},
        {"headers": {"List-Unsubscribe": "<x>\r\nBcc: all@example.com"}},
        {"values": {"name": "Cleo\nBcc: all@example.com", "preferences": LINK}},
    ],
)
def test_nothing_of_a_person_becomes_a_header_of_its_own(changed: dict[str, Any]) -> None:
    words = dataclasses.replace(WORDS, subject=("Dear ", "name", ""))
    with pytest.raises(ValueError):  # noqa: PT011  # Django's and ours alike
        template.mail_content(dataclasses.replace(_message(words), **changed))


def test_a_header_that_is_ours_to_write_is_left_to_django() -> None:
    sent = dataclasses.replace(_message(WORDS), headers={"Reply-To": "help@bank.example"})
    assert _read(template.mail_content(sent)).get_all("Reply-To") == ["help@bank.example"]


def test_a_mail_is_dated_now() -> None:
    dated = _read(template.mail_content(_message(WORDS)))["Date"].datetime.replace(tzinfo=UTC)
    assert abs((datetime.now(UTC) - dated).total_seconds()) < 60


def test_words_of_their_own_are_written_by_django() -> None:
    whole = dataclasses.replace(_message(WORDS, "نورة"), words=None)
    assert _text(template.mail_content(whole)) == whole.body.replace("\n", "\r\n")
