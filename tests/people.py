"""The people and things of the tests: plain functions that make one row each.

Ada books, Ben approves, Cleo is the customer, Dan has opted out or is vulnerable, Olga operates.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group, User
from django.db import transaction

from maintenance.models import (
    Alternative,
    Approval,
    Change,
    Customer,
    Impact,
    NoticeKind,
    Service,
    Use,
    Window,
)
from maintenance.proposals import Proposal
from maintenance.staff import groups
from notifications.customers import addresses
from notifications.models import Contact, Delivery, Notice, Suppression, Text

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TOKEN = UUID(int=1)

_ROLES = {
    "ada": groups.CHANGE_MANAGERS,
    "ben": groups.APPROVERS,
    "bea": groups.APPROVERS,
    "rita": groups.READERS,
}


def user(name: str) -> User:
    """A member of staff in the group their name stands for (Olga: superuser)."""
    person, made = User.objects.get_or_create(
        username=name,
        defaults={
            "is_staff": True,
            "is_superuser": name == "olga",
            "first_name": name.title(),
        },
    )
    if made and name in _ROLES:
        groups.make_groups()
        person.groups.add(Group.objects.get(name=_ROLES[name]))
    return person


def service(key: str = "online-banking", *, moves_money: bool = False, alternative: bool = True) -> Service:
    """A service with an Arabic name and, unless told otherwise, something that still works."""
    made, _ = Service.objects.get_or_create(
        key=key,
        defaults={
            "name": key.replace("-", " ").capitalize(),
            "names": {"ar": "الخدمات المصرفية عبر الإنترنت"},
            "time_zone": "Europe/London",
            "country": "GB",
            "moves_money": moves_money,
        },
    )
    if alternative and not made.alternatives.exists():
        Alternative.objects.create(
            service=made,
            words="Cards and cash machines work as usual.",
            words_by_language={"ar": "تعمل البطاقات وأجهزة الصراف الآلي كالمعتاد."},
        )
    return made


def customer(
    external_id: str = "cleo",
    *,
    uses: Sequence[Service] = (),
    phone: str = "",
    email: str = "",
    language: str = "en",
    time_zone: str = "Europe/London",
    vulnerable: bool = False,
    demonstration: bool = False,
) -> Customer:
    """A customer with the given addresses and services."""
    made = Customer.objects.create(
        external_id=external_id,
        name=external_id.title(),
        language=language,
        time_zone=time_zone,
        vulnerable=vulnerable,
        demonstration=demonstration,
    )
    for channel, address in (("sms", phone), ("email", email)):
        if address:
            Contact.objects.create(
                customer=made,
                channel=channel,
                address=addresses.seal(address),
                address_hmac=addresses.fingerprint(address),
            )
    Use.objects.bulk_create([Use(customer=made, service=used) for used in uses])
    return made


def opt_out(address: str, channel: str) -> None:
    """Dan does not want to hear by this road."""
    Suppression.objects.create(
        channel=channel,
        address_hmac=addresses.fingerprint(address),
        reason=Suppression.Reason.OPT_OUT,
        since=NOW,
    )


def proposal(
    *services: Service,
    starts_at: datetime = NOW + timedelta(days=13, hours=17),
    length: timedelta = timedelta(hours=2),
    purpose: str = "Database upgrade",
    **more: Any,
) -> Proposal:
    """A new window of these services, or of online banking; `more` are fields of the proposal."""
    taken = services or (service(),)
    return Proposal(starts_at, starts_at + length, taken, purpose=purpose, **more)


def window(
    *services: Service,
    starts_at: datetime = NOW + timedelta(days=13, hours=17),
    length: timedelta = timedelta(hours=2),
    status: Window.Status = Window.Status.BOOKED,
    booker: str = "ada",
    booked_at: datetime = NOW,
) -> Window:
    """A window written straight to the table, with the change that booked it."""
    ada = user(booker)
    made = Window.objects.create(
        purpose="Database upgrade",
        starts_at=starts_at,
        ends_at=starts_at + length,
        status=status,
        booker=ada,
        booked_at=booked_at,
        changed_at=booked_at,
    )
    for taken in services or (service(),):
        Impact.objects.create(window=made, service=taken)
    Change.objects.create(window=made, what=Change.What.BOOKED, at=booked_at, actor=ada, revision=1)
    return made


def approve(of: Window, *subjects: Approval.Subject, revision: int = 1) -> None:
    """Ben has said yes to a revision, of both subjects unless told otherwise; the status stays as it is."""
    for subject in subjects or tuple(Approval.Subject):
        Approval.objects.create(
            window=of,
            subject=subject,
            revision=revision,
            booker=of.booker,
            approver=user("ben"),
            approved=True,
            decided_at=NOW,
        )


def notice(
    of: Window,
    kind: NoticeKind = NoticeKind.ANNOUNCED,
    *,
    channels: Sequence[str] = ("sms", "email"),
    due_at: datetime = NOW,
    true_until: datetime | None = None,
    status: Notice.Status = Notice.Status.PLANNED,
    only_told: bool = False,
) -> Notice:
    """A planned notice with plain words in English and Arabic on each channel."""
    with transaction.atomic():  # a worker that runs meanwhile must not prepare it without its words
        made = Notice.objects.create(
            window=of,
            change=of.changes.latest("id"),
            revision=of.revision,
            kind=kind,
            channels=list(channels),
            due_at=due_at,
            true_until=true_until or of.starts_at,
            status=status,
            withdrawn=status == Notice.Status.WITHDRAWN,
            only_told=only_told,
        )
        for channel in channels:
            for language, body in (("en", "Dear [[name]], we are closed."), ("ar", "[[name]]، نحن مغلقون.")):
                Text.objects.create(
                    notice=made, channel=channel, language=language, subject="Notice", body=body
                )
    return made


def queued(of: Notice, *, number: int = 1, channel: str = "sms", **options: Any) -> list[Delivery]:
    """So many queued deliveries of a notice, written straight to the table, each to a new customer."""
    made = []
    for _ in range(number):
        count = Customer.objects.count()
        address = f"+4477009{count:05d}" if channel == "sms" else f"c{count}@example.com"
        kwargs: dict[str, str] = {"phone" if channel == "sms" else "email": address}
        person = customer(f"c{count}", uses=list(of.window.services.all()), **kwargs)  # type: ignore[arg-type]
        text = of.texts.filter(channel=channel, language="en").first()
        values: dict[str, Any] = {
            "notice": of,
            "customer": person,
            "channel": channel,
            "language": "en",
            "address_hmac": addresses.fingerprint(address),
            "text_id": text.pk if text else None,
            "not_before": of.due_at,
            "expires_at": of.true_until,
        }
        made.append(Delivery.objects.create(**(values | options)))
    return made
