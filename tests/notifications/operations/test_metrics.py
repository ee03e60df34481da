"""What Prometheus scrapes, read as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families
from pytest_django.fixtures import Settings

from notifications import sql
from notifications.models import Attempt, Bucket, Delivery, Notice, State
from tests import people
from tests.notifications.pulse import all_is_well, beats

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]


def scraped() -> Mapping[tuple[str, ...], float]:
    """Each sample by its name and the values of its labels."""
    answer = Client().get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    samples = [
        ((sample.name, *sample.labels.values()), sample.value)
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    ]
    assert len(samples) == len(dict(samples))  # no series twice
    return dict(samples)


def test_deliveries_are_summed_by_channel_and_state() -> None:
    notice = people.notice(people.window(), due_at=people.NOW)
    people.queued(notice, number=3)
    people.queued(notice, channel="email", state=State.FAILED)
    found = scraped()

    assert found["lull_deliveries", "sms", "queued"] == 3
    assert found["lull_deliveries", "email", "failed"] == 1
    assert found["lull_deliveries", "email", "queued"] == 0
    assert len([name for name in found if name[0] == "lull_deliveries"]) == len(settings.CHANNELS) * len(
        State
    )


def test_the_queue_shows_its_age_and_what_is_in_doubt() -> None:
    notice = people.notice(people.window())
    people.queued(notice, not_before=people.NOW - timedelta(seconds=90))
    people.queued(notice, number=2, state=State.UNKNOWN, intended_at=sql.database_now() - timedelta(hours=1))
    found = scraped()

    assert found["lull_due_age_seconds", "sms"] == 90
    assert found["lull_due_age_seconds", "email"] == 0
    assert found["lull_unknown", "sms"] == 2
    assert found["lull_unknown_age_seconds", "sms"] == pytest.approx(3_600, abs=60)


def test_outcomes_of_late_are_counted_by_class() -> None:
    for minutes, outcome in ((1, "permanent"), (2, "permanent"), (3, "unknown"), (30, "opt-out")):
        at = people.NOW - timedelta(minutes=minutes)
        Attempt.objects.create(delivery_id=1, number=1, at=at, outcome=outcome)
    found = scraped()

    assert found["lull_tries_not_clean", "permanent"] == 2
    assert found["lull_tries_not_clean", "unknown"] == 1
    assert ("lull_tries_not_clean", "opt-out") not in found


def test_times_have_their_quantiles() -> None:
    notice = people.notice(people.window(), status=Notice.Status.PREPARED)
    for seconds in (1, 2, 30):
        sent = people.NOW + timedelta(seconds=seconds)
        people.queued(notice, attempt=1, state=State.SENT, sent_at=sent)
    found = scraped()

    assert found["lull_due_to_sent_seconds", "sms", "0.5"] == 2
    assert found["lull_due_to_sent_seconds", "sms", "0.99"] == 30


def test_senders_in_use_show_their_buckets_and_rests(settings: Settings) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_FROM = "AC0", "+15005550006"
    settings.TWILIO_MESSAGING_SERVICE_SID = ""
    moment = sql.database_now()
    for sender in ("+15005550006", "+15005550007"):
        Bucket.objects.create(
            provider="twilio",
            sender=sender,
            tokens=7.5,
            refilled_at=moment,
            failing_since=moment - timedelta(minutes=2),
            resting_until=moment + timedelta(minutes=3),
        )
    found = scraped()

    assert ("lull_bucket_tokens", "twilio", "+15005550007") not in found

    assert found["lull_bucket_tokens", "twilio", "+15005550006"] == 7.5
    assert found["lull_sender_rest_seconds", "twilio", "+15005550006"] == pytest.approx(180, abs=30)
    assert found["lull_sender_failing_seconds", "twilio", "+15005550006"] == pytest.approx(120, abs=30)


def test_a_dead_clock_shows_in_its_age() -> None:
    assert scraped()[("lull_clock_age_seconds",)] == float("inf")
    assert scraped()[("lull_alarms",)] == 1
    all_is_well()
    assert scraped()[("lull_clock_age_seconds",)] < settings.SILENT_SECONDS
    assert scraped()[("lull_alarms",)] == 0
    beats("clock", age=timedelta(minutes=5))
    found = scraped()
    assert found[("lull_clock_age_seconds",)] >= 300
    assert found["lull_heartbeat_age_seconds", "tick"] < settings.SILENT_SECONDS


def test_a_longer_queue_takes_no_more_questions_and_counts_no_deliveries() -> None:
    def questions() -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            scraped()
        return [query["sql"] for query in captured]

    notice = people.notice(people.window())
    people.queued(notice)
    few = questions()
    people.queued(notice, number=20)
    many = questions()

    assert len(many) == len(few)
    counted = [sql for sql in many if "COUNT(" in sql and Delivery._meta.db_table in sql]
    assert [sql for sql in counted if "LIMIT" not in sql] == []
