"""The settings as an operator meets them: each start is a process with its own environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

pytestmark = pytest.mark.process

PRINT = """
import json, sys
from config import settings
print(json.dumps([getattr(settings, name) for name in sys.argv[1:]]))
"""
OWN = {"PATH": os.environ["PATH"], "SECRET_KEY": "s" * 50, "ADDRESS_KEY": "a" * 50}


def start(names: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Read the settings in a process of their own."""
    command = [sys.executable, "-c", PRINT, *names]
    return subprocess.run(
        command, cwd=settings.ROOT, env=environment, capture_output=True, text=True, check=False
    )


def read(*names: str, **environment: str) -> list[Any]:
    """What these settings are under that environment."""
    result = start(list(names), {**OWN, **environment})
    assert result.returncode == 0, result.stderr
    return list(json.loads(result.stdout))


def refusal(**environment: str) -> str:
    """The last line of a start that fails."""
    result = start([], {**OWN, **environment})
    assert result.returncode == 1
    return (
        result.stderr.strip().splitlines()[-1].removeprefix("django.core.exceptions.ImproperlyConfigured: ")
    )


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    """As containers hand them over, with the line break that editors add; a dollar sign is no reference."""
    (tmp_path / "token").write_text("$ecret\n")
    assert read("TWILIO_AUTH_TOKEN", TWILIO_AUTH_TOKEN_FILE=str(tmp_path / "token")) == ["$ecret"]


def test_the_embedded_keys_are_made_once_and_kept(tmp_path: Path) -> None:
    """The same after a restart, two different ones, and nobody else can read them."""
    own = {"PATH": OWN["PATH"], "DATABASE_URL": f"sqlite:///{tmp_path}/own/lull.sqlite3"}
    first, second = (start(["SECRET_KEY", "ADDRESS_KEY"], own).stdout for _ in range(2))
    assert first == second
    secret, address = json.loads(first)
    assert secret != address
    assert len(secret) >= 50
    for name in ("secret-key", "address-key"):
        assert (tmp_path / "own" / name).stat().st_mode & 0o777 == 0o600


def test_postgresql_demands_its_keys() -> None:
    """Every process must have the same ones, so none may make its own."""
    words = refusal(DATABASE_URL="postgres://lull@db/lull", ADDRESS_KEY="")
    assert words.startswith("ADDRESS_KEY is not set. On PostgreSQL every process must share it")


@pytest.mark.parametrize("database", ["sqlite:////tmp/lull.sqlite3", "postgres://lull@db/lull"])
@pytest.mark.parametrize("name", ["ADDRESS_KEY", "SECRET_KEY"])
def test_a_key_that_can_be_found_by_trying_stops_the_start(name: str, database: str) -> None:
    """Whether the database is embedded or not."""
    words = refusal(DATABASE_URL=database, **{name: "k"})
    assert words.startswith(f"{name} has 1 character and needs at least 32: a shorter one can be found")
    assert "token_urlsafe" in words


def test_a_short_key_that_seals_addresses_already_may_be_kept() -> None:
    """The way out stands in the refusal."""
    assert "set ADDRESS_KEY_MAY_BE_SHORT=true" in refusal(ADDRESS_KEY="k" * 31)
    assert read("ADDRESS_KEY", ADDRESS_KEY="k" * 31, ADDRESS_KEY_MAY_BE_SHORT="true") == ["k" * 31]
    assert read("ADDRESS_KEY", ADDRESS_KEY="k" * 32) == ["k" * 32]


def test_a_kept_key_that_was_cut_short_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "address-key").write_text("")
    words = refusal(DATABASE_URL=f"sqlite:///{tmp_path}/lull.sqlite3", ADDRESS_KEY="")
    assert words.startswith("ADDRESS_KEY has 0 characters and needs at least 32")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DEBUG", "maybe", "DEBUG must be true or false, not 'maybe'."),
        ("LEASE_SECONDS", "long", "LEASE_SECONDS must be a whole number, not 'long'."),
        ("TRUSTED_PROXIES", "10.0.0.0/40", "TRUSTED_PROXIES must be addresses or networks like 10.0.0.7,192"),
        ("PASSWORD_HASHES_AT_ONCE", "0", "PASSWORD_HASHES_AT_ONCE must be 1 or more: with 0 nobody can sign"),
        ("TIME_ZONE", "Londn", "TIME_ZONE must be a name like Europe/London, not 'Londn'."),
        ("LANGUAGES", "en,klingon", "LANGUAGES names 'klingon', which Django does not know."),
        ("BASE_URL", "status.example", "BASE_URL must be an address like https://status.example"),
        ("PRICES", "[]", "PRICES must be a JSON object"),
        ("RATES", '{"fax": 1}', "RATES names 'fax', which is none of CHANNELS."),
        ("RATES", '{"sms": "10/s"}', "RATES must give sms a number, 0 or above, not '10/s'."),
        (
            "EMAIL_URL",
            "smtp://u:p@mail.example:99999",
            "EMAIL_URL cannot be read: Port out of range 0-65535.",
        ),
        ("OPERATOR_EMAIL_URL", "smtp://h:99999", "OPERATOR_EMAIL_URL cannot be read: Port out of range"),
        (
            "DATABASE_URL",
            "postgres://db:99999/lull",
            "DATABASE_URL cannot be read: Port out of range 0-65535.",
        ),
        ("LOG_LEVEL", "loud", "LOG_LEVEL must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL, not 'loud'."),
        ("RATES", '{"sms": -1}', "RATES must give sms a number, 0 or above, not -1."),
    ],
)
def test_a_value_that_cannot_be_meant_stops_the_start(name: str, value: str, words: str) -> None:
    """With a sentence that says what was expected."""
    assert refusal(**{name: value}).startswith(words)


def test_an_sms_sender_has_a_rate_unless_none_is_wanted() -> None:
    """An ordinary number's; what is set for one channel leaves the others."""
    assert read("RATES") == [{"sms": 10}]
    assert read("RATES", RATES='{"email": 50}') == [{"sms": 10, "email": 50}]
    assert read("RATES", RATES='{"sms": 0}') == [{"sms": 0}]


def test_email_goes_out_only_where_a_road_is_named() -> None:
    """Absent, the outbox; a URL, its server; a backend of anymail, with anymail's own names."""
    assert read("EMAIL_CONFIGURED") == [False]
    names = ("EMAIL_CONFIGURED", "EMAIL_HOST", "EMAIL_PORT", "EMAIL_USE_TLS", "EMAIL_USE_SSL")
    assert read(*names, EMAIL_URL="smtp+tls://u:p@mail.example") == [True, "mail.example", 587, True, False]
    assert read(*names, EMAIL_URL="smtps://u:p@mail.example:465") == [True, "mail.example", 465, False, True]
    backend = "anymail.backends.postmark.EmailBackend"
    assert read("EMAIL_CONFIGURED", "ANYMAIL", EMAIL_BACKEND=backend, ANYMAIL_POSTMARK_SERVER_TOKEN="t") == [
        True,
        {"POSTMARK_SERVER_TOKEN": "t"},
    ]


def test_the_banks_name_stands_in_its_mails_whatever_signs_it_has() -> None:
    """Written as the standard wants it; what is set is left as it is."""
    assert read("DEFAULT_FROM_EMAIL") == ["Demonstration Bank <notices@localhost>"]
    written = ['"Example Bank, N.A." <notices@localhost>']
    assert read("DEFAULT_FROM_EMAIL", BANK_NAME="Example Bank, N.A.") == written
    assert read("DEFAULT_FROM_EMAIL", DEFAULT_FROM_EMAIL="a@bank.example") == ["a@bank.example"]
    # told by the checks, with which the start goes on
    assert read("DEFAULT_FROM_EMAIL", BANK_NAME="Example\nBank") == ["notices@localhost"]


def test_https_closes_every_door() -> None:
    """Cookies, redirects and HSTS follow from the address that customers see."""
    names = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "ALLOWED_HOSTS")
    hosts = ["status.example", "localhost", "127.0.0.1", "[::1]"]
    assert read(*names, BASE_URL="https://status.example/") == [True, True, True, hosts]
    assert read(*names)[:3] == [False, False, False]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ADDRESS_KEY", "x"),
        ("RATES", '{"sms":"ten"}'),
        ("EMAIL_URL", "smtp://h:99999"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
@pytest.mark.parametrize("command", ["check", "up"])
def test_a_command_says_what_is_wrong_with_a_setting_in_one_line(name: str, value: str, command: str) -> None:
    result = subprocess.run(
        [sys.executable, "manage.py", command],
        cwd=settings.ROOT,
        env={**OWN, name: value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.startswith(f"{name} ")
    assert len(result.stderr.splitlines()) == 1
