"""What the bank's app reads: the inbox, the read marks, the banner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from maintenance.models import Alternative, Customer, NoticeKind, Window
from notifications.models import Delivery, Notice, ReadMark, State
from tests import people

pytestmark = pytest.mark.django_db
KEY = "a key of the bank that is long enough for HS256"
HOUR = timedelta(hours=1)
App = Callable[..., Any]


@pytest.fixture(autouse=True)
def _today(now: datetime, settings: Settings) -> Iterator[None]:
    settings.APP_JWT_KEY, settings.APP_JWKS_URL = KEY, ""
    settings.APP_JWT_AUDIENCE = settings.APP_JWT_ISSUER = ""
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def cleo() -> Customer:
    return people.customer("cleo", uses=[people.service()])


@pytest.fixture
def app(client: Client) -> App:
    """Cleo's app: asks for a path under /api/v1/ in her name, and gives the JSON that comes back."""

    def ask(path: str, method: str = "get", status: int = 200, who: str = "cleo", **query: Any) -> Any:
        token = jwt.encode({"sub": who, "exp": people.NOW + HOUR}, KEY, algorithm="HS256")
        response = getattr(client, method)(
            f"/api/v1/{path}", query, headers={"authorization": f"Bearer {token}"}
        )
        assert response.status_code == status, response.content
        return response.json()

    return ask


def handed_out(
    window: Window,
    kind: NoticeKind = NoticeKind.ANNOUNCED,
    *,
    at: datetime = people.NOW,
    state: State = State.SENT,
) -> Notice:
    """A notice that went to the app."""
    notice = people.notice(window, kind, channels=["inapp"], due_at=at, status=Notice.Status.PREPARED)
    Delivery.objects.create(
        notice=notice,
        channel="inapp",
        target="app",
        language="en",
        state=state,
        sent_at=at,
        not_before=at,
        expires_at=notice.true_until,
    )
    return notice


def test_the_inbox_has_the_notices_of_the_services_she_uses(cleo: Customer, app: App) -> None:
    notice = handed_out(people.window(people.service()))
    handed_out(people.window(people.service("cards")))
    found = app("inbox")
    assert [note["id"] for note in found["notices"]] == [str(notice.public_id)]
    assert found["unread"] == 1


def test_a_notice_is_filled_for_its_reader(cleo: Customer, app: App) -> None:
    window = people.window(people.service())
    handed_out(window)
    (note,) = app("inbox")["notices"]
    assert note == note | {
        "window": str(window.public_id),
        "kind": "announced",
        "language": "en",
        "title": "Notice",
        "body": "Dear Cleo, we are closed.",
        "services": [{"key": "online-banking", "name": "Online banking"}],
        "starts_at": "2026-03-16T02:00:00Z",
        "handed_out_at": "2026-03-02T09:00:00Z",
        "read": False,
        "read_at": None,
        "superseded": False,
    }


@pytest.mark.parametrize(
    ("language", "body"), [("ar-EG", "Noor، نحن مغلقون."), ("fr", "Dear Noor, we are closed.")]
)
def test_she_reads_the_nearest_language_there_is(app: App, language: str, body: str) -> None:
    people.customer("noor", uses=[people.service()], language=language)
    handed_out(people.window(people.service()))
    assert app("inbox", who="noor")["notices"][0]["body"] == body


@pytest.mark.parametrize("state", [State.QUEUED, State.WITHDRAWN, State.EXPIRED, State.UNKNOWN])
def test_what_was_not_handed_out_is_not_in_the_inbox(cleo: Customer, app: App, state: State) -> None:
    handed_out(people.window(people.service()), state=state)
    assert app("inbox") == {"notices": [], "unread": 0}


def test_a_notice_for_another_channel_is_not_in_the_inbox(cleo: Customer, app: App) -> None:
    people.queued(people.notice(people.window(people.service())), state=State.SENT)
    assert app("inbox")["notices"] == []


def test_a_notice_for_partners_is_not_a_customers(cleo: Customer, app: App) -> None:
    handed_out(people.window(people.service()))
    Notice.objects.update(audience=Customer.Kind.PARTNER)
    assert app("inbox")["notices"] == []


def test_the_newest_comes_first_and_no_more_than_asked_for(cleo: Customer, app: App, now: datetime) -> None:
    notices = [handed_out(people.window(people.service()), at=now - hours * HOUR) for hours in (3, 1, 2)]
    assert [note["id"] for note in app("inbox", limit=2)["notices"]] == [
        str(notices[1].public_id),
        str(notices[2].public_id),
    ]


def test_since_gives_only_what_is_newer(cleo: Customer, app: App, now: datetime) -> None:
    handed_out(people.window(people.service()), at=now - 2 * HOUR)
    newer = handed_out(people.window(people.service()), at=now - HOUR)
    found = app("inbox", since=(now - 2 * HOUR).isoformat())
    assert [note["id"] for note in found["notices"]] == [str(newer.public_id)]


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"since": "2026-03-02T09:00:00"}]
)
def test_a_question_that_makes_no_sense_is_refused(cleo: Customer, app: App, query: dict[str, Any]) -> None:
    assert app("inbox", status=422, **query)["detail"]


@pytest.mark.parametrize(
    "since",
    [
        "0001-01-01T00:00:00+14:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
        "9999-12-31T23:59:59Z",
        "1969-12-31T23:59:59Z",
    ],
)
def test_a_year_at_either_end_of_the_calendar_is_refused(cleo: Customer, app: App, since: str) -> None:
    [fault] = app("inbox", status=422, since=since)["detail"]
    assert "Choose a year from 1970 to 2199." in fault["msg"]


@pytest.mark.parametrize(
    "since", ["1970-01-01T00:00:00+23:59", "2199-12-31T23:59:59-23:59", "1000000000", "0"]
)
def test_within_those_years_any_offset_is_taken(cleo: Customer, app: App, since: str) -> None:
    assert app("inbox", since=since)["notices"] == []


@pytest.mark.parametrize(
    "since", ["1e300", "-1e18", "99999999999999999999", "NaN", "²", "2026-03-02T09:00+99:99"]
)
def test_what_is_no_instant_is_refused(cleo: Customer, app: App, since: str) -> None:
    assert app("inbox", status=422, since=since)["detail"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [(Window.Status.CANCELLED, NoticeKind.CANCELLED), (Window.Status.FINISHED, NoticeKind.FINISHED)],
)
def test_the_last_word_on_a_window_supersedes_the_others(
    cleo: Customer, app: App, now: datetime, status: Window.Status, kind: NoticeKind
) -> None:
    window = people.window(people.service())
    handed_out(window, at=now - 2 * HOUR)
    Window.objects.update(status=status)
    handed_out(window, kind, at=now - HOUR)
    assert [(note["kind"], note["superseded"]) for note in app("inbox")["notices"]] == [
        (kind, False),
        ("announced", True),
    ]


def test_a_moved_window_supersedes_what_was_said_of_its_old_time(cleo: Customer, app: App) -> None:
    handed_out(people.window(people.service()))
    Window.objects.update(revision=2)
    assert app("inbox")["notices"][0]["superseded"] is True


def test_reading_is_noted_once(cleo: Customer, app: App, now: datetime) -> None:
    notice = handed_out(people.window(people.service()))
    first = app(f"inbox/{notice.public_id}/read", "put")
    with time_machine.travel(now + HOUR / 2):
        again = app(f"inbox/{notice.public_id}/read", "put")
    assert first == again == {"id": str(notice.public_id), "read_at": "2026-03-02T09:00:00Z"}
    found = app("inbox")
    assert (found["notices"][0]["read"], found["unread"]) == (True, 0)


def test_one_customers_reading_is_not_anothers(cleo: Customer, app: App) -> None:
    people.customer("dan", uses=[people.service()])
    notice = handed_out(people.window(people.service()))
    app(f"inbox/{notice.public_id}/read", "put", who="dan")
    assert app("inbox")["unread"] == 1


def test_what_is_not_in_her_inbox_cannot_be_read(cleo: Customer, app: App) -> None:
    notice = handed_out(people.window(people.service("cards")))
    app(f"inbox/{notice.public_id}/read", "put", status=404)
    app("inbox/00000000-0000-0000-0000-000000000000/read", "put", status=404)
    assert not ReadMark.objects.exists()


def test_the_banner_shows_what_begins_within_a_day(cleo: Customer, app: App, now: datetime) -> None:
    window = people.window(people.service(), starts_at=now + 24 * HOUR, status=Window.Status.APPROVED)
    people.window(people.service(), starts_at=now + 25 * HOUR, status=Window.Status.APPROVED)
    (banner,) = app("banner")["banners"]
    assert banner == banner | {
        "window": str(window.public_id),
        "phase": "planned",
        "title": "Maintenance of Online banking",
        "news": "",
        "impact": ["Not available: Online banking."],
        "working": ["Cards and cash machines work as usual."],
    }


def test_the_banner_stays_until_a_person_says_it_is_over(cleo: Customer, app: App, now: datetime) -> None:
    window = people.window(people.service(), starts_at=now - 9 * HOUR, status=Window.Status.STARTED)
    assert [banner["phase"] for banner in app("banner")["banners"]] == ["overrun"]
    Window.objects.filter(pk=window.pk).update(
        status=Window.Status.FINISHED, started_at=window.starts_at, finished_at=now
    )
    assert app("banner")["banners"] == []


def test_the_banner_is_in_her_language(app: App, now: datetime) -> None:
    people.customer("noor", uses=[people.service()], language="ar")
    people.window(people.service(), starts_at=now, status=Window.Status.STARTED)
    found = app("banner", who="noor")
    assert found["language"] == "ar"
    assert found["banners"][0]["news"] == "هذه الصيانة جارية الآن."


def test_other_peoples_services_are_no_banner_of_hers(cleo: Customer, app: App, now: datetime) -> None:
    people.window(people.service("cards"), starts_at=now, status=Window.Status.STARTED)
    assert app("banner") == {"language": "en", "banners": []}


@pytest.mark.parametrize("waiting", [Window.Status.BOOKED, Window.Status.CANCELLED])
def test_what_is_not_going_to_be_is_no_banner(
    cleo: Customer, app: App, now: datetime, waiting: Window.Status
) -> None:
    people.approve(people.window(people.service(), starts_at=now + HOUR, status=waiting))
    assert app("banner")["banners"] == []


@pytest.mark.parametrize("path", ["inbox", "banner"])
def test_answers_are_kept_by_no_cache(client: Client, cleo: Customer, path: str) -> None:
    token = jwt.encode({"sub": "cleo", "exp": people.NOW + HOUR}, KEY, algorithm="HS256")
    response = client.get(f"/api/v1/{path}", headers={"authorization": f"Bearer {token}"})
    assert response.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize(("path", "queries"), [("inbox", 4), ("banner", 5)])
def test_the_number_of_queries_does_not_grow(
    cleo: Customer,
    app: App,
    now: datetime,
    django_assert_num_queries: DjangoAssertNumQueries,
    number: int,
    path: str,
    queries: int,
) -> None:
    for extra in range(number):
        service = people.service(f"service-{extra}")
        Alternative.objects.create(service=service, words="Another way.")
        cleo.uses.add(service)
        window = people.window(service, people.service(), starts_at=now, status=Window.Status.STARTED)
        handed_out(window)
    with django_assert_num_queries(queries):
        app(path)


def test_the_description_names_every_path_and_needs_nothing_else(client: Client) -> None:
    description = client.get("/api/v1/openapi.json").json()
    assert set(description["paths"]) == {
        "/api/v1/inbox",
        "/api/v1/inbox/{notice}/read",
        "/api/v1/banner",
    }
    assert description["components"]["securitySchemes"]["Bearer"]["scheme"] == "bearer"
    assert client.get("/api/v1/docs").status_code == 404
