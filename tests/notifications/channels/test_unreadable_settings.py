"""A setting of one channel that cannot be read stops neither the pages nor the other channels."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from notifications import sql
from notifications.delivery import rate_limits
from notifications.models import Bucket
from tests.notifications.pulse import all_is_well
from tests.staff import address, signed_in, words

pytestmark = pytest.mark.django_db

NUMBER = "+441632960000"
WRONG: list[dict[str, Any]] = [
    {"SOCIAL_URLS": ["x://"]},
    {"EMAIL_CONFIGURED": True, "EMAIL_BACKEND": "anymail.backends.postmrk.EmailBackend"},
    {"EMAIL_CONFIGURED": True, "EMAIL_BACKEND": "django.core.mail.backends.smtp"},
    {"CHANNELS": ["fax", "email", "social", "sms"]},
]


@pytest.fixture(params=WRONG, ids=str, autouse=True)
def _wrong(request: pytest.FixtureRequest, settings: Settings) -> None:
    """The one that is wrong, before one that is right."""
    settings.CHANNELS, settings.RATES = ["email", "social", "sms"], {}
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_FROM = "AC0", NUMBER
    settings.TWILIO_MESSAGING_SERVICE_SID = ""
    for name, value in request.param.items():
        setattr(settings, name, value)
    all_is_well()


def _failing() -> None:
    moment = sql.database_now()
    Bucket.objects.create(
        provider="twilio",
        sender=NUMBER,
        refilled_at=moment,
        failing_since=moment - timedelta(minutes=5),
        resting_until=moment + timedelta(minutes=5),
    )


def test_what_prometheus_reads_goes_on() -> None:
    _failing()
    answer = Client().get("/metrics")

    assert answer.status_code == 200
    assert f'lull_sender_failing_seconds{{provider="twilio",sender="{NUMBER}"}}' in answer.content.decode()


@pytest.mark.parametrize("name", ["index", "notifications_delivery_senders"])
def test_the_pages_of_the_admin_show_the_other_senders(name: str) -> None:
    _failing()
    assert NUMBER in words(signed_in("ada"), address(name))


def test_it_has_no_sender_and_the_others_do() -> None:
    assert None in [rate_limits.sender_of(name) for name in ("fax", "email", "social")]
    assert rate_limits.sender_of("sms") == rate_limits.Sender("twilio", NUMBER, None)
