"""A customer's word on a channel in; never written to by it again, or again from now on, out."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from maintenance.models import Customer
from notifications.delivery import transitions
from notifications.delivery.transitions import Act
from notifications.models import Contact, Delivery, Notice, State, Suppression


def suppress(channel: str, address_hmac: bytes, reason: Suppression.Reason, *, now: datetime) -> None:
    """Never use this address on this channel again, whoever else shares it."""
    Suppression.objects.get_or_create(
        channel=channel,
        address_hmac=address_hmac,
        defaults={"reason": reason, "since": now},
    )


def refuse(customer: Customer, channel: str, *, now: datetime) -> None:
    """Never write to this customer by this channel again, messages that wait in the queue included.

    A sender that holds some of them at this moment is waited for: what it has intended goes out, the
    others do not. Without an address there is nothing to refuse.
    """
    with transaction.atomic():
        contact = customer.contacts.filter(channel=channel).first()
        if contact is None:
            return
        suppress(channel, bytes(contact.address_hmac), Suppression.Reason.OPT_OUT, now=now)
        # by notice first: the key of deliveries begins with it, so this reads as few rows as it changes
        alive = Notice.objects.filter(
            status__in=(Notice.Status.PREPARING, Notice.Status.PREPARED), true_until__gt=now
        )
        sharing = Contact.objects.filter(channel=channel, address_hmac=contact.address_hmac)
        waiting = Delivery.objects.filter(
            notice_id__in=list(alive.values_list("pk", flat=True)),
            channel=channel,
            customer_id__in=list(sharing.values_list("customer_id", flat=True)),
            state=State.QUEUED,
        )
        # in the order in which all lock deliveries, so that no two wait for each other for ever
        ids = list(waiting.order_by("pk").select_for_update().values_list("pk", flat=True))
        end = {"reason": Suppression.Reason.OPT_OUT, "settled_at": now}
        transitions.move(
            Delivery.objects.filter(pk__in=ids), Act.REFUSE, State.QUEUED, State.SUPPRESSED, **end
        )


def allow(customer: Customer, channel: str, *, now: datetime) -> None:
    """Take this customer's own opt-out back; from `now` on they are told again.

    What was suppressed meanwhile stays so: a notice that was missed is on the page and in the app.
    """
    contact = customer.contacts.filter(channel=channel).first()
    if contact is not None:
        Suppression.objects.filter(
            channel=channel,
            address_hmac=contact.address_hmac,
            reason=Suppression.Reason.OPT_OUT,
            since__lte=now,
        ).delete()
