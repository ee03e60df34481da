"""The calendar, read back by three readers and, where they forgive, byte by byte."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import ics  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ical.calendar_stream import IcsCalendarStream
from icalendar import Calendar
from pytest_django.fixtures import Settings

from maintenance import execution, status
from maintenance.booking import approvals, windows
from maintenance.models import Alternative, Approval, Impact, Service, Window
from maintenance.proposals import Proposal
from maintenance.public import ical
from maintenance.status import Phase, Planned
from tests import people

SOURCE = ical.FeedSource("Demonstration Bank: maintenance", "/calendar.ics")
AWKWARD = [
    "Cards, cash; and \\more",
    "Two\r\nlines and \x0b a \u2028 third",
    "الخدمات المصرفية عبر الإنترنت، والبطاقات والتحويلات الفورية داخل البلاد وخارجها",
    "Online banking 🏦" * 12,
    "\x07Bell\x00 and \x85 more",
]


def planned(
    name: str = "Online banking", *, words: str = "Cards work.", status_: str = "approved", number: int = 1
) -> Planned:
    """A public window that is in no database."""
    service = Service(pk=1, key="online-banking", name=name)
    window = Window(
        pk=number,
        public_id=UUID(int=number),
        status=status_,
        sequence=2,
        starts_at=people.NOW + timedelta(days=7),
        ends_at=people.NOW + timedelta(days=7, hours=2),
        changed_at=people.NOW,
    )
    alternative = Alternative(service=service, words=words)
    phase = Phase.CANCELLED if status_ == "cancelled" else Phase.PLANNED
    return Planned(window, phase, (service,), (), (alternative,), people.NOW)


def events(document: bytes) -> list[Any]:
    return list(Calendar.from_ical(document).walk("VEVENT"))


def check(document: bytes) -> None:
    """What readers forgive each in their own way, and the standard does not (RFC 5545 section 3.1)."""
    assert document.endswith(b"\r\n")
    assert document.count(b"\n") == document.count(b"\r\n") == document.count(b"\r")
    lines = document.split(b"\r\n")
    assert max(len(line) for line in lines) <= 75
    for line in lines:
        line.decode()  # no letter is cut in two
    unfolded = document.replace(b"\r\n ", b"").decode()
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]", unfolded)
    for value in re.findall(r"^(?:SUMMARY|DESCRIPTION|NAME|CATEGORIES):(.*?)\r$", unfolded, re.MULTILINE):
        assert not re.search(r"(?<!\\)(?:\\\\)*[,;]", value), value
    uids = re.findall(r"^UID:(.*?)\r$", unfolded, re.MULTILINE)
    assert len(uids) == len(set(uids))
    assert unfolded.index("VERSION") < unfolded.index("BEGIN:VEVENT") if uids else True


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_names_survive_the_bytes(name: str) -> None:
    document = ical.calendar_document([planned(name, words=name)], language="en", source=SOURCE)
    check(document)
    (event,) = events(document)
    assert " ".join(name.split()).translate({0: None, 7: None}) in event["SUMMARY"]


@given(st.text(max_size=80), st.text(max_size=160))
def test_any_words_make_a_legal_document(name: str, words: str) -> None:
    document = ical.calendar_document([planned(name, words=words)], language="ar", source=SOURCE)
    check(document)
    assert len(events(document)) == 1


@pytest.mark.parametrize("name", ["Online banking", *AWKWARD])
def test_the_strict_readers_read_it(name: str) -> None:
    seen = [planned(name), planned(name, status_="cancelled", number=2)]
    document = ical.calendar_document(seen, language="en", source=SOURCE).decode()
    (read,) = ics.Calendar.parse_multiple(document)
    assert {event.uid for event in read.events} == {f"{UUID(int=n)}@127.0.0.1" for n in (1, 2)}
    strict = IcsCalendarStream.calendar_from_ics(document)
    assert [event.status for event in strict.events] == ["CONFIRMED", "CANCELLED"]
    assert strict.events[0].dtstart == seen[0].window.starts_at


def test_nothing_that_the_standard_requires_is_missing_or_doubled() -> None:
    calendar = Calendar.from_ical(ical.calendar_document([planned()], language="en", source=SOURCE))
    components: list[Any] = calendar.walk()
    for component in components:
        assert not component.errors
        assert all(name in component for name in component.required)
        assert not any(isinstance(component.get(name), list) for name in component.singletons)


def test_the_head_says_when_to_ask_again_and_where() -> None:
    head, _, _ = (
        ical.calendar_document([planned()], language="en", source=SOURCE).decode().partition("BEGIN:VEVENT")
    )
    assert head.split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Lull//Maintenance calendar//EN",
        "CALSCALE:GREGORIAN",
        "NAME:Demonstration Bank: maintenance",
        "X-WR-CALNAME:Demonstration Bank: maintenance",
        "SOURCE;VALUE=URI:http://127.0.0.1:8000/calendar.ics",
        "URL:http://127.0.0.1:8000/",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
        "LAST-MODIFIED:20260302T090000Z",
        "",
    ]


def test_an_event_states_the_facts() -> None:
    (event,) = events(ical.calendar_document([planned()], language="en", source=SOURCE))
    assert event.to_ical().decode().replace("\r\n ", "").split("\r\n") == [
        "BEGIN:VEVENT",
        "SUMMARY:Maintenance of Online banking (Demonstration Bank)",
        "DTSTART:20260309T090000Z",
        "DTEND:20260309T110000Z",
        "DTSTAMP:20260302T090000Z",
        "UID:00000000-0000-0000-0000-000000000001@127.0.0.1",
        "SEQUENCE:2",
        "CATEGORIES:Maintenance",
        r"DESCRIPTION:Not available: Online banking.\nCards work.\nHow it stands now: http://127.0.0.1:8000/",
        "LAST-MODIFIED:20260302T090000Z",
        "STATUS:CONFIRMED",
        "TRANSP:TRANSPARENT",
        "URL:http://127.0.0.1:8000/#00000000-0000-0000-0000-000000000001",
        "END:VEVENT",
        "",
    ]


def test_the_same_facts_give_the_same_bytes() -> None:
    first, second = (ical.calendar_document([planned()], language="ar", source=SOURCE) for _ in range(2))
    assert first == second


def test_the_address_of_the_bank_is_in_the_uid(settings: Settings) -> None:
    settings.BASE_URL = "https://status.bank.example:8443"
    (event,) = events(ical.calendar_document([planned()], language="en", source=SOURCE))
    assert event["UID"].endswith("@status.bank.example")


def test_an_overrun_window_says_so_and_counts_as_changed_at_its_planned_end() -> None:
    late = replace(planned(), phase=Phase.OVERRUN, modified_at=people.NOW + timedelta(days=7, hours=2))
    (event,) = events(ical.calendar_document([late], language="en", source=SOURCE))
    assert "taking longer than expected" in event["DESCRIPTION"]
    assert event["LAST-MODIFIED"].dt == late.window.ends_at


def test_a_demonstration_is_named_as_such() -> None:
    seen = planned()
    seen.out[0].demonstration = True
    assert (
        "demonstration"
        in events(ical.calendar_document([seen], language="en", source=SOURCE))[0]["DESCRIPTION"]
    )


def test_without_a_way_out_it_says_that_the_rest_works() -> None:
    bare = replace(planned(), alternatives=())
    (event,) = events(ical.calendar_document([bare], language="en", source=SOURCE))
    assert "Other services are not affected" in event["DESCRIPTION"]


def attached(window: Window, language: str = "en", issued_at: datetime = people.NOW) -> bytes:
    """What goes with an email of that moment."""
    return ical.attachment(window, language, organizer="notices@bank.example", issued_at=issued_at).encode()


@pytest.mark.django_db
def test_an_attachment_reads_as_the_window_will_when_it_is_approved() -> None:
    document = attached(people.window(), "ar")
    check(document)
    (event,) = events(document)
    assert event["STATUS"] == "CONFIRMED"
    assert b"REFRESH-INTERVAL" not in document
    assert "صيانة الخدمات المصرفية عبر الإنترنت" in event["SUMMARY"]


@pytest.mark.django_db
def test_an_attachment_is_published_by_the_bank_and_asks_for_no_answer() -> None:
    document = attached(people.window())
    (event,) = events(document)
    assert Calendar.from_ical(document)["METHOD"] == "PUBLISH"
    assert event["ORGANIZER"] == "mailto:notices@bank.example"
    assert event["ORGANIZER"].params == {"CN": "Demonstration Bank"}
    assert "ATTENDEE" not in event


@pytest.mark.django_db
def test_the_attachment_of_a_cancellation_cancels() -> None:
    window = people.window(status=Window.Status.CANCELLED)
    document = attached(window)
    (event,) = events(document)
    assert (Calendar.from_ical(document)["METHOD"], event["STATUS"]) == ("CANCEL", "CANCELLED")
    assert event["SUMMARY"].startswith("Cancelled: ")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ['The "First": Bank, N.A.; of ^Ours^', "بنك عُمان الأول", "Zürich\r\nBank 🏦"]
)
def test_any_name_of_a_bank_is_that_of_the_organizer(name: str, settings: Settings) -> None:
    settings.BANK_NAME = name
    document = attached(people.window())
    check(document)
    assert events(document)[0]["ORGANIZER"].params["CN"] == " ".join(name.split())


@pytest.mark.django_db
def test_the_organizer_is_a_uri_whatever_the_address() -> None:
    document = ical.attachment(
        people.window(), "en", organizer='"50% off?"@bank.example', issued_at=people.NOW
    )
    assert events(document.encode())[0]["ORGANIZER"] == "mailto:%2250%25%20off%3F%22@bank.example"


@pytest.mark.django_db
def test_an_attachment_says_when_it_was_made_and_when_its_window_changed(now: datetime) -> None:
    window = people.window(booked_at=now)
    (event,) = events(attached(window, issued_at=now + timedelta(days=3)))
    assert (event["DTSTAMP"].dt, event["LAST-MODIFIED"].dt) == (now + timedelta(days=3), now)


@pytest.mark.django_db
def test_an_attachment_is_not_made_before_what_it_says(now: datetime) -> None:
    window = people.window(booked_at=now)
    (event,) = events(attached(window, issued_at=now - timedelta(days=3)))
    assert event["DTSTAMP"].dt == now


@pytest.mark.django_db
def test_one_window_keeps_its_uid_and_its_sequence_never_falls(now: datetime) -> None:
    """Booked, approved, moved, approved again, cancelled: what subscribers and readers of mails see."""
    ada, ben = people.user("ada"), people.user("ben")
    start = now + timedelta(days=20)
    seen: list[tuple[str, str, int, datetime]] = []
    sent: list[Any] = []

    def look(at: datetime) -> None:
        document = ical.calendar_document(status.public_windows(at), language="en", source=SOURCE)
        seen.extend(
            (event["UID"], event["STATUS"], event["SEQUENCE"], event["DTSTART"].dt)
            for event in events(document)
        )

    def approve(window: Window, at: datetime) -> None:
        for subject in Approval.Subject:
            approvals.approve(window, subject, revision=window.revision, by=ben, now=at)

    def send(window: Window, at: datetime) -> None:
        sent.extend(events(attached(window, issued_at=at)))

    hour = timedelta(hours=1)
    window = windows.book_window(
        Proposal(start, start + hour, [people.service()], purpose="Upgrade"), by=ada, now=now
    )
    look(now)
    assert seen == []
    approve(window, now + hour)
    look(now + hour)
    send(window, now + hour)
    moved_to = start + timedelta(days=1)
    window = windows.reschedule(
        window, Proposal(moved_to, moved_to + hour), reason="Later", by=ada, now=now + 2 * hour
    )
    look(now + 2 * hour)
    approve(window, now + 3 * hour)
    look(now + 3 * hour)
    send(window, now + 3 * hour)
    windows.cancel(window, reason="Not needed", by=ada, now=now + 4 * hour)
    look(now + 4 * hour)
    send(window, now + 4 * hour)

    uid = f"{window.public_id}@127.0.0.1"
    assert {event["UID"] for event in sent} == {uid}
    assert [(event["STATUS"], event["SEQUENCE"], event["DTSTART"].dt) for event in sent] == [
        ("CONFIRMED", 0, start),
        ("CONFIRMED", 1, moved_to),
        ("CANCELLED", 2, moved_to),
    ]
    assert [event["DTSTAMP"].dt for event in sent] == [now + passed * hour for passed in (1, 3, 4)]
    assert [event["LAST-MODIFIED"].dt for event in sent] == [now + passed * hour for passed in (1, 3, 4)]
    assert seen == [
        (uid, "CONFIRMED", 0, start),
        (uid, "TENTATIVE", 1, moved_to),
        (uid, "CONFIRMED", 1, moved_to),
        (uid, "CANCELLED", 2, moved_to),
    ]


@pytest.mark.django_db
def test_a_finished_window_stays_in_the_feed_as_confirmed(now: datetime) -> None:
    ada = people.user("ada")
    window = people.window(status=Window.Status.APPROVED, starts_at=now)
    execution.start(window, by=ada, now=now)
    execution.finish(window, by=ada, now=now + timedelta(hours=1))
    later = now + timedelta(days=20)
    (event,) = events(ical.calendar_document(status.public_windows(later), language="en", source=SOURCE))
    assert event["STATUS"] == "CONFIRMED"
    assert event["SUMMARY"].startswith("Finished: ")


@pytest.mark.django_db
def test_restricted_services_are_told_apart_from_those_away() -> None:
    window = people.window(people.service(), people.service("cards"))
    Impact.objects.filter(service__key="cards").update(level=Impact.Level.DEGRADED)
    description = events(attached(window))[0]["DESCRIPTION"]
    assert "Not available: Online banking.\nRestricted: Cards." in description
