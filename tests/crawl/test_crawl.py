"""No odd value in an address or a form is a fault of ours: every page, every parameter, every field.

Each page gets a few tries of what Hypothesis draws, the same ones at every run. For a long look:
CRAWL_TRIES=200 python3 manage.py test tests/crawl -n 2
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from zlib import crc32

import jwt
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import QueryDict
from django.test import Client
from django.urls import resolve
from hypothesis import HealthCheck, Phase, given, settings
from pytest_django import Settings

from tests import people
from tests.crawl import odd, page_forms, world
from tests.crawl.page_forms import Form
from tests.staff import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]

TRIES = int(os.environ.get("CRAWL_TRIES", "1"))
KEY = "a key of the bank that is long enough for HS256"
FORM = "application/x-www-form-urlencoded"
OWN_PAGES = re.compile(
    "admin:(maintenance_(window|series|freeze|auditentry|rulesetting)|notifications_delivery)_"
)
"""Of which much depends on who looks; the others are Django's, and open to the same for all."""
_TOGETHER = 4
CLOSED = {"receipt", "webhook", "readyz"}
NAMES = world.names()
_quiet = settings(
    max_examples=TRIES,
    derandomize=TRIES == 1,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink] if TRIES > 1 else [Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True)
def _bank(settings: Settings, now: datetime) -> None:
    settings.APP_JWT_KEY, settings.APP_JWKS_URL = KEY, ""
    settings.APP_JWT_AUDIENCE = settings.APP_JWT_ISSUER = ""
    settings.SECURE_SSL_REDIRECT = False
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    world.build()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of all parameters that a view has looked for."""
    names: set[str] = set()

    def noting(method: str) -> Callable[..., Any]:
        plain = getattr(QueryDict, method)

        def noted(self: QueryDict, name: str, *default: Any) -> Any:
            names.add(str(name))
            return plain(self, name, *default)

        return noted

    for method in ("get", "getlist", "__getitem__", "__contains__"):
        monkeypatch.setattr(QueryDict, method, noting(method), raising=False)
    return names


def _client(name: str, who: str) -> Client:
    if "api" in name:
        token = jwt.encode({"sub": "cleo", "exp": people.NOW + timedelta(hours=1)}, KEY, algorithm="HS256")
        return Client(headers={"authorization": f"Bearer {token}"})
    return signed_in(who) if name.startswith("admin:") else Client()


def _ask(client: Client, method: str, address: str, **what: Any) -> str:
    """What is answered; fails for a 5xx, and by its own exception for whatever is not caught."""
    with transaction.atomic():
        try:
            answer = getattr(client, method)(address, **what)
        except Exception as fault:
            fault.add_note(f"{method} {address} {what}")
            raise
        page = b"" if answer.streaming else answer.content
        transaction.set_rollback(True)
    allowed = 503 if any(part in address for part in CLOSED) else 499
    assert answer.status_code <= allowed, f"{answer.status_code}: {method} {address} {what}"
    return str(page.decode(errors="replace"))


def _query(client: Client, address: str, names: set[str], *, each: bool) -> None:
    """Odd values in the query, for each name by itself or for some together."""
    known = sorted((names | set(parse_qs(urlsplit(address).query))) - {""}) or ["lang"]
    for group in [[name] for name in known] if each else [known]:
        _ask_oddly(client, address, group)


def _ask_oddly(client: Client, address: str, names: list[str]) -> None:
    path, kept = urlsplit(address).path, parse_qs(urlsplit(address).query)

    @_quiet
    @given(odd.fields(names, crc32(path.encode()), _TOGETHER))
    def tried(drawn: dict[str, list[str]]) -> None:
        _ask(client, "get", path, QUERY_STRING=_encoded({**kept, **drawn}))

    tried()


def _post(client: Client, address: str, form: Form, names: set[str]) -> None:
    """Odd values in a form."""
    action = form.action or address
    known = sorted(set(form.names) | names - {""}) or ["x"]

    turn = crc32(action.encode())

    @_quiet
    @given(odd.fields(known, turn, len(known)), odd.values("file", turn))
    def tried(drawn: dict[str, list[str]], content: str) -> None:
        sent = {**form.fields, **drawn}
        if form.files:
            _ask(client, "post", action, data=_with_files(sent, form.files, content))
        else:
            _ask(client, "post", action, data=_encoded(sent), content_type=FORM)

    tried()


def _post_times(client: Client, address: str, form: Form) -> None:
    """Each time of a form beyond all zones, with all else as it stands, so that nothing else is refused."""
    for name in filter(odd.is_time, form.fields):
        for value in odd.BEYOND:
            sent = _encoded(form.agreed | {name: [value]})
            _ask(client, "post", form.action or address, data=sent, content_type=FORM)


def _encoded(sent: dict[str, list[str]]) -> str:
    pairs = [(name, value) for name, values in sent.items() for value in values]
    return urlencode([(name, value.encode("utf-8", "surrogatepass")) for name, value in pairs])


def _with_files(sent: dict[str, list[str]], names: set[str], content: str) -> dict[str, Any]:
    texts = {
        name: [value.encode(errors="replace").decode() for value in values] for name, values in sent.items()
    }
    return {
        **texts,
        **{name: SimpleUploadedFile("odd.ics", content.encode("utf-8", "surrogatepass")) for name in names},
    }


def _forms(page: str, address: str) -> Iterator[Form]:
    """Those that post, and for a page that shows none one of all that it reads."""
    forms, _ = page_forms.read(page)
    found = [form for form in forms if form.method == "post" and "logout" not in form.action]
    yield from found or [Form("post", address)]


@pytest.mark.parametrize("who", ["olga", "ada", "ben"])
@pytest.mark.parametrize("part", range(4))
def test_no_odd_value_is_a_fault_of_ours(part: int, who: str, asked: set[str]) -> None:
    for name in NAMES[part::4]:
        if who != "olga" and not OWN_PAGES.match(name):
            continue
        for address in world.addresses(name):
            client = _client(name, who)
            asked.clear()
            page = _ask(client, "get", address)
            _, named = page_forms.read(page)
            own = OWN_PAGES.match(name) or not name.startswith("admin:")
            _query(client, address, asked | named, each=bool(own) and who == "olga")
            for form in _forms(page, address):
                asked.clear()
                _post(client, address, form, set(asked))
                if who == "olga":
                    _post_times(client, address, form)


def test_every_address_that_only_takes_forms_was_posted_the_fields_of_its_own() -> None:
    """Else nothing that is odd in them was ever tried: whatever has a form is shown by some page."""
    own = [address for name in NAMES if OWN_PAGES.match(name) for address in world.addresses(name)]
    shut, posted = set(), set()
    for who in ("olga", "ada", "ben"):
        client = signed_in(who)
        for address in own:
            answer = client.get(address)
            if answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
                shut.add(resolve(urlsplit(address).path).view_name)
            elif not answer.streaming:
                forms, _ = page_forms.read(answer.content.decode())
                posted |= {
                    resolve(urlsplit(form.action or address).path).view_name
                    for form in forms
                    if form.method == "post"
                }
    assert shut - posted == set()
    assert "admin:notifications_delivery_send_again" in shut
