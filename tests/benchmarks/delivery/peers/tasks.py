"""The peers' tasks. Start them by: celery -A tests.benchmarks.delivery.peers.tasks worker."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Final

import requests
from celery import Celery
from django.apps import apps
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template import Context, Engine, Template
from django.utils import timezone
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from tests.benchmarks.delivery import wording

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.benchmarks.delivery.peers.settings")

app = Celery("peers")
app.config_from_object("django.conf:settings", namespace="CELERY")

_THREADS: Final = 64
_CALLBACK: Final = "http://127.0.0.1:8000/receipts/{}/"
_LINK: Final = "http://127.0.0.1:8000/preferences/{}-2026.aaaaaaaaaaaaaaaaaaaaaa/"


def _model(name: str) -> Any:
    """A model, found once Django is set up, which Celery does after it reads this file."""
    return apps.get_model("peers", name)


def _sms(person: Any) -> dict[str, str]:
    return {
        "to": person.phone,
        "from_": "+15005550006",
        "body": wording.SMS.format(name=person.name, link=_LINK.format(person.pk)),
        "status_callback": _CALLBACK.format(person.pk),
    }


def _client(http_client: TwilioHttpClient | None = None) -> Client:
    client = Client(settings.TWILIO_ACCOUNT_SID, "token", http_client=http_client)
    client.api.base_url = settings.TWILIO_API_BASE
    return client


@cache
def _kept() -> Client:
    """One client for the process, with a kept connection for each thread."""
    wire = TwilioHttpClient()
    wire.session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=_THREADS))
    return _client(wire)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS)


@app.task
def text_as_in_the_tutorial(number: int) -> None:
    """(a) A client for each message, a row for each."""
    person = _model("Person").objects.get(pk=number)
    message = _client().messages.create(**_sms(person))
    _model("Sent").objects.create(person=person, status="sent", reference=message.sid, sent_at=timezone.now())


@app.task
def text_tuned(number: int) -> None:
    """(b) The same over what is kept: the client, its connections, and the database's."""
    person = _model("Person").objects.get(pk=number)
    message = _kept().messages.create(**_sms(person))
    _model("Sent").objects.create(person=person, status="sent", reference=message.sid, sent_at=timezone.now())


@app.task
def text_many(numbers: Sequence[int]) -> None:
    """(e) A chunk over one kept client in threads, with one write before and one after."""
    _recorded(numbers, lambda people: list(_threads().map(_texted, people)))


def _texted(person: Any) -> str:
    return str(_kept().messages.create(**_sms(person)).sid)


@app.task
def mail_many(numbers: Sequence[int]) -> None:
    """(d) A chunk over one kept connection, whichever backend is behind it."""
    _recorded(numbers, _mailed)


def _mailed(people: Sequence[Any]) -> list[str]:
    plain, html = _templates()
    mails = []
    for person in people:
        said = Context({"name": person.name, "link": _LINK.format(person.pk)})
        mail = EmailMultiAlternatives(wording.SUBJECT, plain.render(said), to=[person.email])
        mail.attach_alternative(html.render(said), "text/html")
        mails.append(mail)
    assert _line().send_messages(mails) == len(people)
    return [""] * len(people)


@cache
def _line() -> Any:
    connection = get_connection()
    connection.open()
    return connection


@cache
def _templates() -> tuple[Template, Template]:
    engine = Engine()
    smtp = "smtp" in settings.EMAIL_BACKEND
    plain, html = wording.MAIL if smtp else wording.BATCHED
    found = [engine.from_string(part.replace("{", "{{").replace("}", "}}")) for part in (plain, html)]
    return found[0], found[1]


def _recorded(numbers: Sequence[int], send: Callable[[Sequence[Any]], list[str]]) -> None:
    table = _model("Sent")
    people = list(_model("Person").objects.filter(pk__in=numbers).order_by("pk"))
    rows = table.objects.bulk_create([table(person=person, status="sending") for person in people])
    for row, reference in zip(rows, send(people), strict=True):
        row.status, row.reference, row.sent_at = "sent", reference, timezone.now()
    # one statement; bulk_update would take fifty times as long
    table.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["status", "reference", "sent_at"],
    )
