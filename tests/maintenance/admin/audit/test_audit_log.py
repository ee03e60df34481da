"""One page for all that people did: searched, narrowed, paged, exported, and changed by nobody."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext

from maintenance import audit
from maintenance.audit import log, wording
from maintenance.models import AuditEntry, Change, Freeze, Service, SignIn
from tests import people
from tests.maintenance import planned
from tests.staff import address, queries, reader, signed_in, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]

Action = AuditEntry.Action
PAGE = "maintenance_auditentry_changelist"
EXPORT = "maintenance_auditentry_export"


def _did(name: str = "Audit", /, *, by: str = "ada", at: datetime = people.NOW, **after: Any) -> AuditEntry:
    """Somebody added a freeze."""
    freeze = planned.times(Freeze, name)
    stamp = audit.Stamp(people.user(by), at)
    return audit.append_entry(Action.ADDED, freeze, stamp, states=audit.States(after=after), reason="")


def _signed_in(account: str, *, at: datetime = people.NOW, outcome: str = "signed_in") -> SignIn:
    return SignIn.objects.create(
        account=account, address="192.0.2.7", outcome=outcome, day=at.date(), times=1, first_at=at, last_at=at
    )


def _found(client: Client | None = None, **query: str) -> str:
    """What the list shows."""
    response = (client or reader()).get(address(PAGE), query)
    assert response.status_code == 200
    page = response.content.decode()
    begin = page.find('<section class="lull-card" aria-label="What was done">')
    return page[begin:] if begin >= 0 else ""


def _exported(client: Client, **asked: str) -> list[list[str]]:
    response = client.post(address(EXPORT), asked)
    assert response.status_code == 200
    content = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    return list(csv.reader(io.StringIO(content.decode())))


def test_windows_times_and_sign_ins_stand_in_one_list_the_newest_first() -> None:
    people.window(people.service("cards"))
    _did("Audit", at=people.NOW + timedelta(hours=1))
    _signed_in("olga", at=people.NOW + timedelta(hours=2))
    page = _found()
    places = [page.index(part) for part in ("olga</strong> signed in", "added freeze", "</strong> booked")]
    assert places == sorted(places)
    assert "from 192.0.2.7" in page


@pytest.mark.parametrize(
    ("query", "sees"),
    [
        ({"text": "audit"}, {"Audit"}),
        ({"text": "ben sale"}, {"Sale"}),
        ({"text": "1,310"}, {"Sale"}),
        ({"text": "CARD"}, {"Cards"}),
        ({"text": "database upgrade"}, {"Cards"}),
        ({"text": "192.0.2"}, {"192.0.2.7"}),
        ({"text": "nothing like it"}, set()),
        ({"object_type": "freeze"}, {"Audit", "Sale"}),
        ({"object_type": "window"}, {"Cards"}),
        ({"object_type": "signin"}, {"192.0.2.7"}),
        ({"object_type": "group"}, set()),
        ({"since": "2026-03-03"}, {"Sale"}),
        ({"until": "2026-03-02"}, {"Audit", "Cards", "192.0.2.7"}),
        ({"since": "2026-03-03", "until": "2026-03-03", "text": "audit"}, set()),
        ({"person": "0"}, set()),
    ],
)
def test_the_list_is_narrowed(query: dict[str, Any], sees: set[str]) -> None:
    people.window(people.service("cards"))
    _did("Audit")
    _did("Sale", by="ben", at=people.NOW + timedelta(days=1), number=1310)
    _signed_in("ada")
    page = _found(**query)
    assert {name for name in ("Audit", "Sale", "Cards", "192.0.2.7") if name in page} == sees


def test_of_one_person_all_is_found() -> None:
    people.window(people.service("cards"))
    _did("Audit", by="ben")
    _signed_in("ada")
    page = _found(person=str(people.user("ada").pk))
    assert ("Cards" in page, "192.0.2.7" in page, "Audit" in page) == (True, True, False)


def test_what_commands_did_is_found() -> None:
    stamp = audit.Stamp(None, people.NOW)
    audit.append_entry(Action.IMPORTED, Service, stamp, states=audit.States(), name="payments.csv")
    _did("Audit")
    page = _found(person="0")
    assert ("payments.csv" in page, "Audit" in page) == (True, False)


def test_words_that_sqlite_stores_in_ascii_are_found() -> None:
    _did("Audit", name="الخدمات")
    assert "Audit" in _found(text="الخدمات")


def test_every_line_is_on_one_page_and_on_one_only() -> None:
    """At one moment stand lines of all three tables."""
    for number in range(4):
        people.window(people.service(f"cards-{number}"))
        _did(f"Freeze {number}", at=people.NOW)
        _signed_in(f"person-{number}")
    asked, there, seen = log.LogQuery(log.SOURCES), None, list[str]()
    while True:
        lines, there = log.log_page(asked, there, 5)
        seen += [f"{line.who} {line.target}" for line in lines]
        assert log.position_of(str(there)) == there
        if there is None:
            break
    assert (len(seen), len(set(seen))) == (12, 12)


def test_a_page_says_where_the_older_lines_are() -> None:
    for number in range(60):
        _did(f"Freeze {number}", at=people.NOW + timedelta(minutes=number))
    client = reader()
    first = client.get(address(PAGE), {"object_type": "freeze"}).context
    assert len(first["lines"]) == 50
    second = client.get(f"{address(PAGE)}?{first['older']}")
    assert (len(second.context["lines"]), second.context["older"]) == (10, "")
    assert "Freeze 9" in second.content.decode()


@pytest.mark.parametrize("after", ["x", "1-9-1", "9" * 16 + "-0-1", "1-1-" + "9" * 30, "²-0-1", ""])
def test_a_place_that_is_none_is_the_beginning(after: str) -> None:
    _did("Audit")
    assert "Audit" in _found(after=after)


@pytest.mark.parametrize(
    "query",
    [{"since": "x"}, {"person": "²"}, {"object_type": "cat"}, {"since": "2026-03-03", "until": "2026-03-02"}],
)
def test_what_makes_no_sense_is_said_and_narrows_nothing(query: dict[str, str]) -> None:
    _did("Audit", at=people.NOW + timedelta(days=1))
    page = reader().get(address(PAGE), query).content.decode()
    assert ("errorlist" in page, "Audit" in page) == (True, True)


def test_a_page_of_many_takes_the_queries_of_one() -> None:
    client = reader()

    def fill(name: str) -> None:
        people.window(people.service(f"cards-{name}"))
        _did(name)
        _signed_in(name)

    fill("one")
    one = queries(client, address(PAGE))
    fill("two")
    fill("three")
    assert queries(client, address(PAGE)) == one


def test_nothing_is_counted() -> None:
    client = reader()
    people.window()
    words(client, address(PAGE))
    with CaptureQueriesContext(connection) as captured:
        words(client, address(PAGE))
    assert [query["sql"] for query in captured if "COUNT(" in query["sql"].upper()] == []


def test_nobody_changes_it() -> None:
    entry = _did("Audit")
    client = signed_in("olga")
    for name in ("change", "delete"):
        assert (
            client.post(address(f"maintenance_auditentry_{name}", entry.pk), {"post": "yes"}).status_code
            == 403
        )
    assert client.post(address("maintenance_auditentry_add"), {}).status_code == 403
    page = words(client, address("maintenance_auditentry_change", entry.pk))
    assert "Ada added freeze “Audit”" in page


def test_whoever_may_not_read_changes_reads_none_of_it() -> None:
    nobody = people.user("nora")
    client = signed_in("nora")
    assert client.get(address(PAGE)).status_code == 403
    assert client.post(address(EXPORT)).status_code == 403
    nobody.user_permissions.add(Permission.objects.get(codename="view_change"))
    _did("Audit")
    _signed_in("ada")
    page = _found(client)
    assert ("Audit" in page, "192.0.2.7" in page) == (True, False)


def test_what_is_filtered_is_exported_with_a_header() -> None:
    _did("Audit", name="Sale, “big”")
    _did("Other", by="ben")
    rows = _exported(signed_in("rita"), text="audit")
    assert rows == [
        ["time_utc", "who", "action", "about", "what", "changes", "reason"],
        [
            "2026-03-02T09:00:00Z",
            "Ada",
            "Added",
            "Freeze",
            "Ada added freeze “Audit”",
            "name: Sale, “big”",
            "",
        ],
    ]


def test_an_export_is_itself_in_the_log() -> None:
    _did("Audit")
    _exported(signed_in("rita"), text="audit", object_type="freeze", since="2026-03-01")
    entry = AuditEntry.objects.get(action=Action.EXPORTED)
    assert (entry.object_type, entry.actor_name) == ("auditentry", "Rita")
    assert entry.after == {"search": "audit", "about": "Freeze", "from": "2026-03-01"}
    assert wording.line_of_entry(entry).sentence == "Rita exported audit log as CSV"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1"])
def test_no_cell_is_a_formula(name: str) -> None:
    entry = _did("Audit")
    AuditEntry.objects.filter(pk=entry.pk).update(reason=name, actor_name=name)
    cells = _exported(signed_in("rita"))[-1]
    assert (cells[1], cells[-1]) == (f"'{name}", f"'{name}")


@pytest.mark.parametrize("asked", ["cleo@bank.example", "who has +44 7700 900123"])
def test_an_address_that_was_looked_for_is_in_no_line(asked: str) -> None:
    signed_in("rita").post(address(EXPORT), {"text": asked})
    (entry,) = AuditEntry.objects.all()
    assert entry.after == {"search": "(not kept)"}


def test_a_long_export_is_read_bit_by_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_AT_ONCE", 3)
    for number in range(10):
        _did(f"Freeze {number}", at=people.NOW - timedelta(minutes=number))
    response = signed_in("rita").post(address(EXPORT), {"object_type": "freeze"})
    chunks = list(response.streaming_content)  # type: ignore[attr-defined]
    assert [chunk.count(b"\n") for chunk in chunks] == [1, 3, 3, 3, 1]


@pytest.fixture
def no_loop() -> Iterator[None]:
    """A browser's loop may stand in the background of this thread."""
    running = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(running)


@pytest.mark.usefixtures("no_loop")
@pytest.mark.django_db(transaction=True)  # the view may run in a thread of its own
def test_the_server_of_up_gets_it_bit_by_bit_as_well() -> None:
    """A plain iterator would be gathered first, all of it."""
    rita = people.user("rita")

    async def asked() -> tuple[bool, bytes]:
        client = AsyncClient()
        await client.aforce_login(rita)
        response = await client.post(address(EXPORT), {})
        content: AsyncIterator[bytes] = response.streaming_content  # type: ignore[attr-defined]
        return response.is_async, b"".join([chunk async for chunk in content])  # type: ignore[attr-defined]

    is_async, content = async_to_sync(asked)()
    assert is_async
    assert content.startswith(b"time_utc,who")


def test_an_export_of_what_makes_no_sense_is_refused() -> None:
    response = signed_in("rita").post(address(EXPORT), {"since": "x"}, follow=True)
    assert "Write the day like 2026-11-29." in response.content.decode()
    assert not AuditEntry.objects.exists()


def test_a_link_leads_to_what_is_still_there() -> None:
    entry = _did("Audit")
    window = people.window()
    page = _found()
    assert address("maintenance_freeze_change", entry.object_id) in page
    assert address("maintenance_window_change", window.pk) in page
    assert Change.objects.count() == 1
