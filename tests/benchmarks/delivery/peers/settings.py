"""Django's settings of the peers; their ports come by the environment."""

from __future__ import annotations

import os

import environ

DATABASES = {"default": environ.Env.db_url_config(os.environ["DATABASE_URL"])}
if os.environ.get("PEER_POOL"):
    DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 4, "max_size": 16}}
else:
    DATABASES["default"]["CONN_MAX_AGE"] = None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "anymail",
    "post_office",
    "tests.benchmarks.delivery.peers",
]
SECRET_KEY = "not a secret"
USE_TZ = True
DEFAULT_FROM_EMAIL = "notices@localhost"

TWILIO_ACCOUNT_SID = "AC" + "0" * 32
TWILIO_API_BASE = f"http://127.0.0.1:{os.environ.get('PEER_WEB_PORT', '')}"

EMAIL_BACKEND = os.environ.get("PEER_BACKEND") or "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST, EMAIL_PORT = "127.0.0.1", int(os.environ.get("PEER_MAIL_PORT") or 25)
ANYMAIL = {
    "MAILGUN_API_KEY": "key",
    "MAILGUN_SENDER_DOMAIN": "localhost",
    "MAILGUN_API_URL": f"{TWILIO_API_BASE}/v3",
}
# the best of those that were tried: few large batches, many lines, nothing logged
POST_OFFICE = {
    "BACKENDS": {"default": "django.core.mail.backends.smtp.EmailBackend"},
    "BATCH_SIZE": 2_000,
    "THREADS_PER_PROCESS": 8,
    "LOG_LEVEL": 0,
}

CELERY_BROKER_URL = os.environ["REDIS_URL"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = int(os.environ.get("PEER_PREFETCH") or 4)
if os.environ.get("PEER_TUNED"):
    # else Celery closes the connection around each task, whatever CONN_MAX_AGE says
    CELERY_DB_REUSE_MAX = 1_000_000
