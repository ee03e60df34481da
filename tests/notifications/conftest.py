"""Settings that tests of notifications begin with."""

from __future__ import annotations

import pytest
from pytest_django import Settings


@pytest.fixture
def nothing_set(settings: Settings) -> None:
    """Nothing to send by and no door to open, whatever this machine sets."""
    settings.SOCIAL_URLS = []
    settings.TWILIO_ACCOUNT_SID = settings.TWILIO_AUTH_TOKEN = ""
    settings.TWILIO_MESSAGING_SERVICE_SID = settings.TWILIO_FROM = ""
    settings.EMAIL_CONFIGURED, settings.OPERATOR_EMAILS, settings.OPERATOR_MAIL = False, [], {}
    settings.EMAIL_BACKEND, settings.ANYMAIL, settings.SNS_TOPICS = "", {}, []
    settings.APP_JWT_KEY = settings.APP_JWKS_URL = ""
    settings.APP_JWT_AUDIENCE = settings.APP_JWT_ISSUER = settings.METRICS_TOKEN = ""
    settings.ADDRESS_KEY = "0123456789abcdef0123456789abcdef"
