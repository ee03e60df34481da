"""A customer's signed link in; the page where they choose how they hear, or their choice kept, out."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from maintenance import status
from maintenance.models import Customer, Use
from maintenance.public import frame, ical, subscription, words
from notifications import channels, links
from notifications.customers import preferences
from notifications.customers.preferences import Preference
from notifications.delivery import suppression
from notifications.models import Suppression

ONE_CLICK: Final = ("List-Unsubscribe", "One-Click")
"""What a mail program posts for its user (RFC 8058 section 3.2), without cookies."""


@require_safe
def my_calendar(request: HttpRequest, token: str) -> HttpResponseBase:
    """The windows of the services one customer uses, as a calendar to subscribe to."""
    customer_id = links.read_my_calendar(token)
    customer = Customer.objects.filter(pk=customer_id).first() if customer_id is not None else None
    if customer is None:
        sentence = "This calendar's address is not complete. Copy it again.\n"
        return HttpResponse(sentence, status=404, content_type="text/plain; charset=utf-8")
    now, used = (
        timezone.now(),
        set(Use.objects.filter(customer=customer).values_list("service_id", flat=True)),
    )
    windows = [
        seen for seen in status.public_windows(now) if used & {service.pk for service in seen.services}
    ]
    language = frame.asked_language(request) or words.nearest_language(customer.language)
    with translation.override(language):
        name = _("%(bank)s: maintenance") % {"bank": settings.BANK_NAME}
    source = ical.FeedSource(name, f"{request.path}?lang={language}")
    return subscription.feed_response(request, windows, source, language=language, now=now, public=False)


# no token against forged requests: whoever can write this address holds the customer's own secret
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def preference_page(request: HttpRequest, token: str) -> HttpResponse:
    """Show the customer's channels, or change one. Reading never changes anything: scanners follow links."""
    customer_id = links.read_preferences(token)
    customer = Customer.objects.filter(pk=customer_id).first() if customer_id is not None else None
    if customer is None:
        return _gone(request)
    if request.method != "POST":
        return _shown(request, customer)
    if request.POST.get(ONE_CLICK[0]) == ONE_CLICK[1]:
        for channel in channels.channel_names(lambda kind: kind.can_unsubscribe):
            suppression.refuse(customer, channel, now=timezone.now())
        return HttpResponse("You are unsubscribed.\n", content_type="text/plain; charset=utf-8")
    return _changed(request, customer)


def _changed(request: HttpRequest, customer: Customer) -> HttpResponse:
    for verb, change in (("refuse", suppression.refuse), ("allow", suppression.allow)):
        if (channel := request.POST.get(verb)) in channels.direct_names():
            change(customer, channel, now=timezone.now())
            told = {"changed": channel}
            if language := frame.asked_language(request):
                told["lang"] = language
            answer = HttpResponseRedirect(f"{request.path}?{urlencode(told)}")
            answer.status_code = 303  # so that reloading the page does not post again
            return answer
    words = f"Send allow or refuse with the name of a channel: {' or '.join(channels.direct_names())}.\n"
    return HttpResponse(words, status=400, content_type="text/plain; charset=utf-8")


def _shown(request: HttpRequest, customer: Customer) -> HttpResponse:
    language = frame.asked_language(request) or words.nearest_language(customer.language)
    with translation.override(language):
        roads = [_road(preference) for preference in preferences.preferences_of(customer)]
    changed = next((road for road in roads if road["channel"] == request.GET.get("changed")), None)
    return frame.public_response(
        request, "notifications/preferences.html", {"roads": roads, "changed": changed}, language=language
    )


def _gone(request: HttpRequest) -> HttpResponse:
    language = frame.asked_language(request) or translation.get_language() or settings.LANGUAGE_CODE
    return frame.public_response(
        request, "notifications/preferences_gone.html", {}, language=language, status=404
    )


def _road(preference: Preference) -> dict[str, object]:
    kind = channels.class_of(preference.channel)
    why = {
        Suppression.Reason.BOUNCE: _("Messages to this address came back. Give your bank another one."),
        Suppression.Reason.COMPLAINT: _("Your provider reported our messages. Ask your bank to write again."),
    }
    return {
        "channel": preference.channel,
        "name": str(kind.label_for_customers or kind.label),
        "masked": preference.masked,
        "on": preference.on,
        "theirs": preference.theirs,
        "why": why.get(preference.stopped, "") if preference.stopped else "",
    }
