"""Mails to operators: to all of them, by their own road, and never by none without a word in the log."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator

import pytest
from django.conf import settings

from notifications.operations import operator_mail
from tests.servers.smtp import Server


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture(autouse=True)
def olga_and_omar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "OPERATOR_EMAILS", ["olga@bank.example", "omar@bank.example"])
    # the test runner puts its own in the place of the first
    monkeypatch.setattr(settings, "EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
    monkeypatch.setattr(settings, "EMAIL_CONFIGURED", True)


def _road(port: int) -> dict[str, object]:
    return {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "HOST": "127.0.0.1",
        "PORT": port,
        "HOST_USER": "",
        "HOST_PASSWORD": "",
        "USE_SSL": False,
        "USE_TLS": False,
    }


def test_all_operators_get_one_mail_by_their_own_road(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "OPERATOR_MAIL", _road(server.port))
    operator_mail.mail_operators("The clock\nis dead", "Start it.\n")

    (mail,) = server.mails
    assert mail.recipients == ("olga@bank.example", "omar@bank.example")
    assert mail.message["Subject"] == "The clock is dead"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.message.get_content() == "Start it.\n"


def test_without_a_road_of_their_own_it_is_the_customers(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "OPERATOR_MAIL", {})
    monkeypatch.setattr(settings, "EMAIL_HOST", "127.0.0.1")
    monkeypatch.setattr(settings, "EMAIL_PORT", server.port)
    operator_mail.mail_operators("The clock is dead", "Start it.\n")

    assert len(server.mails) == 1


def test_without_any_road_it_is_in_the_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "OPERATOR_MAIL", {})
    monkeypatch.setattr(settings, "EMAIL_CONFIGURED", False)
    with caplog.at_level(logging.WARNING):
        operator_mail.mail_operators("The clock is dead", "Start it.\n")

    assert "The clock is dead" in caplog.text


def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operator_mail, "_PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        monkeypatch.setattr(settings, "OPERATOR_MAIL", _road(deaf.getsockname()[1]))
        begun = time.monotonic()
        with pytest.raises(OSError, match="timed out"):
            operator_mail.mail_operators("The clock is dead", "Start it.\n")

    assert time.monotonic() - begun < settings.SILENT_SECONDS
