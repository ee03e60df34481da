"""The whole road once: from a bank's own traffic to a customer who was told, through real workers."""

from __future__ import annotations

import csv
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import icalendar
import jwt
import pytest
import requests
from django.core.management import call_command
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from maintenance import execution, slots
from maintenance.booking import approvals, windows
from maintenance.models import Approval, Service, Window
from maintenance.proposals import Numbers, Proposal
from notifications.models import IN_DOUBT, Delivery, State
from notifications.planning import notices
from notifications.reporting import progress, review
from tests import people
from tests.faults import harness
from tests.servers.twilio import ACCOUNT, TOKEN

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.redis,
    pytest.mark.process,
    pytest.mark.django_db(transaction=True),
]

CUSTOMERS = 60
KEY = "the key that the bank's app signs with, long enough"


def test_from_traffic_to_a_told_customer(tmp_path: Path, live_server: LiveServer, settings: Settings) -> None:
    settings.BASE_URL, settings.APP_JWT_KEY = live_server.url, KEY
    begun = datetime.now(UTC)
    people.service()

    call_command("import_traffic", "online-banking", str(_traffic(tmp_path / "traffic.csv", begun)))
    call_command("import_customers", str(_customers(tmp_path / "customers.csv")))
    window = _booked_and_approved(begun)

    with harness.bench(tmp_path, BASE_URL=live_server.url) as bench:
        texts = harness.twilio(bench, receipts="sent,delivered")
        mails = harness.smtp(bench)
        settings.TWILIO_ACCOUNT_SID = ACCOUNT  # the door for receipts is in this process
        settings.TWILIO_AUTH_TOKEN = TOKEN
        bench.beat()
        bench.worker()
        harness.until(lambda: _done(window), seconds=60, made=bench)
        assert len({text.delivery for text in harness.texted(texts)}) == len(harness.texted(texts))
        assert len(harness.mailed(mails)) == CUSTOMERS - 2

        assert _states(window) == {
            ("sms", State.DELIVERED): CUSTOMERS - 2,
            ("sms", State.NO_ADDRESS): 1,
            ("sms", State.SUPPRESSED): 1,
            ("email", State.SENT): CUSTOMERS - 2,
            ("email", State.NO_ADDRESS): 2,
            ("inapp", State.SENT): 1,
            ("social", State.SENT): 1,
        }
        assert _calendar(live_server.url)["STATUS"] == "CONFIRMED"
        assert [note["kind"] for note in _inbox(live_server.url)] == ["announced"]

        moment = window.starts_at + timedelta(minutes=1)
        execution.start(window, by=people.user("ada"), now=moment)
        harness.until(lambda: len(_inbox(live_server.url)) == 2, seconds=30, made=bench)
        execution.finish(window, by=people.user("ada"), now=moment + timedelta(hours=1))
        harness.until(lambda: len(_inbox(live_server.url)) == 3, seconds=30, made=bench)
        assert _inbox(live_server.url)[0]["kind"] == "finished"

    learned = review.review_of(Window.objects.get(pk=window.pk), now=moment + timedelta(hours=2))
    assert (learned.reach.reached, learned.reach.not_reachable, learned.reach.all) == (
        CUSTOMERS - 1,
        1,
        CUSTOMERS,
    )
    assert learned.overrun is None


def _traffic(path: Path, end: datetime) -> Path:
    """Ten weeks of hourly counts with a quiet night."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("timestamp", "count"))
        first = end.replace(minute=0, second=0, microsecond=0) - timedelta(weeks=10)
        for hour in range(10 * 7 * 24):
            at = first + timedelta(hours=hour)
            rows.writerow((at.isoformat(), round(500 - 450 * math.cos((at.hour - 3) / 24 * 2 * math.pi))))
    return path


def _customers(path: Path) -> Path:
    """Cleo and the others; one without a phone, one without any address, and Dan, who has opted out."""
    zone = harness.awake()
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(
            (
                "external_id",
                "name",
                "email",
                "phone",
                "language",
                "time_zone",
                "services",
                "vulnerable",
            )
        )
        for number in range(CUSTOMERS):
            phone = "" if number == 1 else f"+4477009{number:05d}"
            email = "" if number in (1, 2) else f"c{number}@example.com"
            language = "ar" if number % 3 == 0 else "en"
            rows.writerow(
                (f"c{number}", f"Cleo {number}", email, phone, language, zone, "online-banking", "")
            )
    people.opt_out("+447700900003", "sms")
    return path


def _booked_and_approved(now: datetime) -> Window:
    """The quietest slot inside the promised notice, so that the announcement is due at once."""
    service = Service.objects.get()
    slot = slots.suggest(
        slots.Search([service], now + timedelta(days=5, hours=1), now + timedelta(days=6, hours=8)),
        timedelta(hours=2),
        now=now,
    ).slots[0]
    assert slot.load is not None
    numbers = Numbers(slot.load.expected, slot.load.low, slot.load.high)
    proposal = Proposal(slot.starts_at, slot.ends_at, [service], purpose="Database upgrade", numbers=numbers)
    window = windows.book_window(proposal, by=people.user("ada"), now=now)
    approvals.approve(window, Approval.Subject.CHANGE, revision=1, by=people.user("ben"), now=now)
    notices.approve_text(window, revision=1, by=people.user("ben"), now=now)
    return window


def _done(window: Window) -> bool:
    open_states = (State.QUEUED, State.SENDING, *IN_DOUBT)
    rows = Delivery.objects.filter(notice__window=window)
    texted = rows.filter(channel="sms", state=State.DELIVERED).count()
    return texted == CUSTOMERS - 2 and not rows.filter(state__in=open_states).exists()


def _states(window: Window) -> dict[tuple[str, State], int]:
    told = window.notices.filter(kind="announced").values_list("pk", flat=True)
    return {(part.channel, part.state): part.people for part in progress.progress_of(list(told))}


def _calendar(url: str) -> icalendar.Component:
    feed = icalendar.Calendar.from_ical(requests.get(f"{url}/calendar.ics", timeout=10).content)
    return feed.walk("VEVENT")[0]


def _inbox(url: str) -> list[dict[str, str]]:
    token = jwt.encode({"sub": "c5", "exp": datetime.now(UTC) + timedelta(minutes=5)}, KEY)
    answer = requests.get(f"{url}/api/v1/inbox", headers={"Authorization": f"Bearer {token}"}, timeout=10)
    found: list[dict[str, str]] = answer.json()["notices"]
    return found
