"""The environment in, read nowhere else; Django's settings out."""

from __future__ import annotations

import os
import tempfile
import zoneinfo
from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
from django.conf.locale import LANG_INFO
from django.core.exceptions import ImproperlyConfigured

from config import environment, keys, unfold

django_stubs_ext.monkeypatch()  # before any module says ModelForm[Service]

ROOT = Path(__file__).resolve().parent.parent

# --- where the data lies -------------------------------------------------------------------------

_database = environment.database("DATABASE_URL", f"sqlite:///{ROOT}/.lull/lull.sqlite3")
EMBEDDED = _database["ENGINE"] == "django.db.backends.sqlite3"
if EMBEDDED:
    # under the checkout when relative, so that the working directory does not decide which bank this is
    _database["NAME"] = ROOT / _database["NAME"]
    _database["NAME"].parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",  # a transaction that reads and then writes would fail, not wait
        "timeout": 20,
        # FULL: an intent to send must outlive a power cut. Django turns foreign keys on itself.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
    }
    # a file, because threads cannot share :memory:; the process's own, because two runs may overlap
    _database["TEST"] = {"NAME": Path(tempfile.gettempdir()) / f"lull-test-{os.getpid()}.sqlite3"}
else:
    _database.setdefault("CONN_MAX_AGE", 60)  # config/asgi.py takes it back
    _database["CONN_HEALTH_CHECKS"] = True
    # a server that neither answers nor refuses must not hold a sender, the clock or the watch for ever
    _database["OPTIONS"] = {
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 4,
        "tcp_user_timeout": 30_000,
        **_database.get("OPTIONS", {}),
    }
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = environment.text("REDIS_URL")
"""Empty: Celery's queue is this process's memory, and only `up` runs it."""


def _secret(name: str) -> str:
    value = environment.text(name)
    if not value and EMBEDDED:
        return keys.kept(_database["NAME"].parent / name.lower().replace("_", "-"))
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set. On PostgreSQL every process must share it: make one with "
            f"`{keys.MAKE_ONE}`, keep it with the database's backups, and set {name} or {name}_FILE."
        )
    return value


SHORTEST_KEY = keys.SHORTEST
SECRET_KEY = keys.long_enough(
    "SECRET_KEY",
    _secret("SECRET_KEY"),
    "With another key staff sign in again, and links in what was sent until now open nothing.",
)
ADDRESS_KEY = _secret("ADDRESS_KEY")
"""Customers' addresses are sealed with it; whoever loses it loses them."""
if not environment.switch("ADDRESS_KEY_MAY_BE_SHORT", False):
    keys.long_enough(
        "ADDRESS_KEY",
        ADDRESS_KEY,
        "Where addresses are stored under this one already, keep it, or they and all opt-outs are lost: "
        "set ADDRESS_KEY_MAY_BE_SHORT=true.",
    )

# --- the bank ------------------------------------------------------------------------------------

BANK_NAME = environment.text("BANK_NAME", "Demonstration Bank")
COUNTRY = environment.text("COUNTRY", "GB-ENG").upper()
TIME_ZONE = environment.text("TIME_ZONE", "Europe/London")
if TIME_ZONE not in zoneinfo.available_timezones():
    raise ImproperlyConfigured(f"TIME_ZONE must be a name like Europe/London, not {TIME_ZONE!r}.")
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = "config.formats"


def _language(code: str) -> tuple[str, str]:
    if "name_local" not in LANG_INFO.get(code, {}):
        raise ImproperlyConfigured(f"LANGUAGES names {code!r}, which Django does not know.")
    return code, str(LANG_INFO[code]["name_local"])


LANGUAGES = [_language(code) for code in environment.listed("LANGUAGES", "en,ar")]
LANGUAGE_CODE = LANGUAGES[0][0]
"""The first one: what a customer reads whose own language is not offered."""

PRICES = environment.table("PRICES")

# --- the roads to customers ----------------------------------------------------------------------

CHANNELS = environment.listed("CHANNELS", "sms,email,inapp,social")

TWILIO_ACCOUNT_SID = environment.text("TWILIO_ACCOUNT_SID")
TWILIO_AUTH_TOKEN = environment.text("TWILIO_AUTH_TOKEN")
TWILIO_AUTH_TOKEN_OLD = environment.text("TWILIO_AUTH_TOKEN_OLD")
"""While tokens change: receipts signed with it are let in, too."""
TWILIO_MESSAGING_SERVICE_SID = environment.text("TWILIO_MESSAGING_SERVICE_SID")
TWILIO_FROM = environment.text("TWILIO_FROM")
TWILIO_API_BASE = environment.text("TWILIO_API_BASE", "https://api.twilio.com").rstrip("/")

_mail = environment.mail("EMAIL_URL")
EMAIL_BACKEND = environment.text("EMAIL_BACKEND") or _mail.get("BACKEND", "")
EMAIL_HOST = _mail.get("HOST", "")
EMAIL_PORT = _mail.get("PORT", 25)
EMAIL_HOST_USER = _mail.get("HOST_USER", "")
EMAIL_HOST_PASSWORD = _mail.get("HOST_PASSWORD", "")
EMAIL_USE_SSL = _mail.get("USE_SSL", False)
EMAIL_USE_TLS = _mail.get("USE_TLS", False)
EMAIL_TIMEOUT = 30  # Django's own default waits for ever
EMAIL_CONNECTIONS = environment.number("EMAIL_CONNECTIONS", 8)
"""Kept open to the mail server by each process; relays refuse many more (Postfix: 50 of one client)."""
EMAIL_CONFIGURED = bool(EMAIL_BACKEND)
"""Without a road the email channel keeps its messages in the outbox."""
EMAIL_BACKEND = EMAIL_BACKEND or "django.core.mail.backends.console.EmailBackend"
DEFAULT_FROM_EMAIL = environment.sender("DEFAULT_FROM_EMAIL", called=BANK_NAME, address="notices@localhost")
EMAIL_ATTACH_CALENDAR = environment.switch("EMAIL_ATTACH_CALENDAR", False)

ANYMAIL = environment.anymail()
SNS_TOPICS = environment.listed("SNS_TOPICS")
"""ARNs whose events of Amazon SES are let in; without any, every topic that knows the webhook's secret."""

RATES = {"sms": 10, **environment.by_channel("RATES", CHANNELS)}
"""Segments or mails a second, by channel; 0, or a channel that is not named: as fast as they are taken."""

SOCIAL_URLS = environment.listed("SOCIAL_URLS")

# --- whoever operates it -------------------------------------------------------------------------

OPERATOR_EMAILS = environment.listed("OPERATOR_EMAILS")
OPERATOR_MAIL = environment.mail("OPERATOR_EMAIL_URL")
"""Empty: alarms take the road of customers' emails, and are in the log alone where there is none."""
METRICS_TOKEN = environment.text("METRICS_TOKEN")
SILENT_SECONDS = environment.number(
    "SILENT_SECONDS", 30
)  # without a heartbeat, and a clock or its workers are dead; tests of killed ones shorten it

APP_JWT_KEY = environment.text("APP_JWT_KEY")
APP_JWKS_URL = environment.text("APP_JWKS_URL")
APP_JWT_AUDIENCE = environment.text("APP_JWT_AUDIENCE")
APP_JWT_ISSUER = environment.text("APP_JWT_ISSUER")
"""Both are demanded of each token where they are set."""

# --- policy numbers, not meant to be set by the environment --------------------------------------

NOTICE_HOUR = 10  # bank day: late enough to have been seen by staff, early enough to be answered
QUIET_FROM = 21  # customer's own clock; the strictest hours seen in SMS rules are 21 to 8
QUIET_UNTIL = 8
DELIVERIES_IN_FLIGHT = environment.number("DELIVERIES_IN_FLIGHT", 64)
"""Of one channel in one process, and so the most that one kill can leave unknown."""
IN_FLIGHT = {
    channel: int(number)
    for channel, number in environment.by_channel("IN_FLIGHT", CHANNELS).items()
    if number >= 1
}
"""The same where a channel is to have its own: a mail service that takes hundreds in a call needs as many."""
LEASE_SECONDS = environment.number(
    "LEASE_SECONDS", 120
)  # over three times the longest call; tests of crashes shorten it
RECEIPT_FIRST_SECONDS = environment.number(
    "RECEIPT_FIRST_SECONDS", 60
)  # a receipt usually settles what became of a message; the provider is asked only when none came
_retry = environment.number("RETRY_SECONDS", 30)  # tests shorten it
RETRY_SECONDS = (_retry, 4 * _retry, 16 * _retry, 60 * _retry, 120 * _retry)
"""Before the next try of what was certainly not sent; full jitter adds up to the same again."""
REST_SECONDS = environment.number(
    "REST_SECONDS", 30
)  # of a provider that gives doubtful answers; twice that after one that says the fault is ours
REFUSALS_IN_A_ROW = environment.number("REFUSALS_IN_A_ROW", 20)
"""So many different people refused for the same reason and no message taken between: it is not theirs."""
UNKNOWN_WAIT_SECONDS = environment.number(
    "UNKNOWN_WAIT_SECONDS", 900
)  # longer than every provider's default span of receipt retries
POLL_AFTER_SECONDS = environment.number(
    "POLL_AFTER_SECONDS", 900
)  # the same: whoever has not heard by then asks

# --- the web -------------------------------------------------------------------------------------

DEBUG = environment.switch("DEBUG", False)
LOCAL_URL = "http://127.0.0.1:8000"
BASE_URL = environment.text("BASE_URL", LOCAL_URL).rstrip("/")
_base = urlsplit(BASE_URL)
if _base.scheme not in ("http", "https") or not _base.hostname:
    raise ImproperlyConfigured(f"BASE_URL must be an address like https://status.example, not {BASE_URL!r}.")
ALLOWED_HOSTS = environment.listed("ALLOWED_HOSTS") or [_base.hostname, "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [BASE_URL]

_https = _base.scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = _https
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if _https else 0
# the proxy in front must set this header itself and drop what a client sends
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
TRUSTED_PROXIES = environment.networks("TRUSTED_PROXIES")
"""Whose X-Forwarded-For is believed; without any, a sign-in comes from whoever opened the connection."""
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]  # asked inside the cluster, without TLS
# HSTS for the bank's other hosts, and in browsers' preload lists, is not Lull's to decide
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"  # unfold's page for signing in leaves out where to go next
INSTALLED_APPS = [
    "unfold",  # before the admin, whose templates it replaces
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "anymail",
    "maintenance",
    "notifications",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.RefuseUnstorableText",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "maintenance.staff.sign_in.middleware.SignInTurns",
    "maintenance.staff.sign_in.middleware.OwnPasswordFirst",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
AUTHENTICATION_BACKENDS = ["maintenance.staff.sign_in.backend.SignInBackend"]
PASSWORD_HASHERS = ["maintenance.staff.sign_in.hashing.OneAtATimeHasher"]
PASSWORD_HASHES_AT_ONCE = environment.number("PASSWORD_HASHES_AT_ONCE", 1)
"""By each process; one takes a third of a second of a core, which the public page lacks meanwhile."""
if PASSWORD_HASHES_AT_ONCE < 1:
    raise ImproperlyConfigured("PASSWORD_HASHES_AT_ONCE must be 1 or more: with 0 nobody can sign in.")
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTH_PASSWORD_VALIDATORS.append({"NAME": "maintenance.staff.sign_in.one_time.NotTheOneTimePassword"})
STATIC_URL = "static/"
STATICFILES_DIRS = [folder for folder in [ROOT / "static"] if folder.is_dir()]
WHITENOISE_USE_FINDERS = True  # served from where they lie: no collectstatic step to forget
UNFOLD = unfold.site(BANK_NAME)

# --- logs ----------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "config.logs.Line"}},
    "filters": {"refused_receipts": {"()": "config.logs.RefusedReceipts"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["refused_receipts"]}
    },
    "root": {"handlers": ["stderr"], "level": environment.level("LOG_LEVEL", "WARNING")},
    # Django's own handlers would print a line twice, or mail it
    "loggers": {
        "django": {"handlers": [], "level": "NOTSET"},
        "django.server": {"handlers": [], "propagate": True},
        # right sign-ins are worth a line at every level
        "maintenance.signin": {"handlers": [], "level": "INFO"},
    },
}
