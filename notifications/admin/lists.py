"""Deliveries, receipts, suppressions and customers' contacts, to be read; nothing of them is edited."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from maintenance.admin.links import joined_lines, link
from maintenance.admin.readonly import ReadOnlyAdmin
from maintenance.admin.register.customer_pages import CustomerAdmin
from maintenance.models import Customer
from notifications.admin import failures, masks, outbox, posts, senders, unknown
from notifications.demonstration import trial
from notifications.models import Attempt, Contact, Delivery, Receipt, State, Suppression

_BETWEEN: Final = "…\u2060"
"""With a word joiner: no line ends between the two ends of an id."""
_TONES: Final[dict[Any, str]] = {
    State.QUEUED: "default",
    State.SENDING: "primary",
    State.UNKNOWN: "warning",
    State.SENT: "info",
    State.FAILED: "danger",
    State.DELIVERED: "success",
    State.SUPPRESSED: "default",
    State.EXPIRED: "danger",
    State.WITHDRAWN: "default",
    State.NO_ADDRESS: "default",
    State.HELD: "warning",
    State.BY_HAND: "warning",
}

admin.site.unregister(Customer)


@admin.register(Customer)
class ReachableCustomerAdmin(CustomerAdmin):
    """With the roads on which the customer can be reached, masked."""

    fields = (*CustomerAdmin.fields, "reached_by")
    readonly_fields = (*CustomerAdmin.readonly_fields, "reached_by", "her_preferences")

    def get_fields(self, request: HttpRequest, obj: Customer | None = None) -> tuple[str, ...]:
        """Of an invented customer also the link to her preferences, for whoever may do more than read."""
        may_try = obj is not None and obj.demonstration and request.user.has_perm("maintenance.book_window")
        return (*self.fields, "her_preferences") if may_try else tuple(self.fields)

    @display(description="To try")
    def her_preferences(self, customer: Customer) -> SafeString:
        """Where an invented customer would choose how she hears."""
        return format_html('<a href="{}">Their preference page</a>', trial.trial_url(customer))

    @display(description="Reached by")
    def reached_by(self, customer: Customer) -> SafeString | str:
        """Each address masked, and whether it may be used."""
        contacts = list(Contact.objects.filter(customer=customer).order_by("channel"))
        refused = {
            (one.channel, bytes(one.address_hmac)): one.get_reason_display()
            for one in Suppression.objects.filter(
                address_hmac__in=[contact.address_hmac for contact in contacts]
            )
        }
        return (
            joined_lines([_contact(contact, refused) for contact in contacts])
            if contacts
            else "No address on record"
        )


def _contact(contact: Contact, refused: dict[tuple[str, bytes], str]) -> str:
    reason = refused.get((contact.channel, bytes(contact.address_hmac)))
    words = f"{contact.get_channel_display()}: {masks.masked_address(contact)}"
    return f"{words} ({reason.lower()}: not used)" if reason else words


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Every message. Lists are never counted: there may be millions."""

    list_display = ("short", "of_notice", "channel", "language", "standing", "reason", "sent_at")
    list_filter = ("state", "channel", "demonstration")
    list_select_related = ("notice__window",)
    search_fields = ("public_id__exact", "provider_ref__exact")
    search_help_text = "The whole id of a delivery, or its provider's reference"
    ordering = ("-id",)
    fields = (
        "public_id",
        "notice",
        "customer",
        ("channel", "target"),
        "language",
        "state",
        ("code", "reason"),
        ("attempt", "attempts"),
        ("provider", "provider_ref"),
        "segments",
        ("not_before", "expires_at"),
        "waits_for",
        ("intended_at", "sent_at", "settled_at"),
    )
    readonly_fields = ("attempts",)

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        """The outbox, the posts by hand, what is unknown, what failed and why, and the senders."""
        return (
            ("outbox/", "notifications_delivery_outbox", outbox.outbox_page),
            ("posts/", "notifications_delivery_posts", posts.posts_page),
            ("posts/<uuid:public_id>/confirm/", "notifications_delivery_confirm", posts.confirm_post),
            ("unknown/", "notifications_delivery_unknown", unknown.unknown_page),
            ("unknown/decide/", "notifications_delivery_decide_all", unknown.decide_all),
            ("unknown/<uuid:public_id>/decide/", "notifications_delivery_decide", unknown.decide_unknown),
            ("failures/", "notifications_delivery_failures", failures.failures_page),
            ("failures/again/", "notifications_delivery_send_again", failures.send_again),
            ("senders/", "notifications_delivery_senders", senders.senders_page),
            ("senders/<int:pk>/awaken/", "notifications_delivery_awaken", senders.end_rest_page),
        )

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Other pages point at the deliveries of one notice or one window."""
        pointed_at = ("notice__id__exact", "notice__window__id__exact", "code__exact")
        return lookup in pointed_at or super().lookup_allowed(lookup, value, request)

    @display(description="Delivery")
    def short(self, delivery: Delivery) -> str:
        """Both ends of its id: those that were made together may share the beginning, which is the time."""
        whole = str(delivery.public_id)
        return f"{whole[:8]}{_BETWEEN}{whole[-8:]}"

    @display(description="Notice")
    def of_notice(self, delivery: Delivery) -> SafeString:
        """The way to the window it speaks of."""
        return link(delivery.notice.window, delivery.notice)

    @display(description="State", ordering="state", label=_TONES)
    def standing(self, delivery: Delivery) -> tuple[int, str]:
        """Its state as a label."""
        return delivery.state, delivery.get_state_display()

    @display(description="What happened")
    def attempts(self, delivery: Delivery) -> SafeString | str:
        """Every try that did not settle cleanly."""
        tries = Attempt.objects.filter(delivery_id=delivery.pk).order_by("id")
        words = [f"{one.number}: {one.outcome} {one.code} {one.detail}".strip() for one in tries]
        return joined_lines(words) if words else "nothing unusual"


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin):
    """Providers' words as they came. Append-only."""

    list_display = ("received_at", "provider", "standing", "delivery_public_id", "code", "result")
    search_fields = ("delivery_public_id__exact", "event_key__exact")
    search_help_text = "The whole id of a delivery, or the key of an event"
    ordering = ("-id",)
    list_filter = ("state",)

    @display(description="State", ordering="state", label=_TONES)
    def standing(self, receipt: Receipt) -> tuple[int, str]:
        """What the provider says became of it."""
        return receipt.state, receipt.get_state_display()


@admin.register(Suppression)
class SuppressionAdmin(ReadOnlyAdmin):
    """Addresses that are not used, known by their fingerprint only."""

    list_display = ("since", "channel", "reason")
    list_filter = ("channel", "reason")
    fields = ("channel", "reason", "since")
    ordering = ("-id",)
