"""A change of the times or the rules in; what it hits of all that is booked, told to the person, out."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import Any, Final

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from maintenance.admin.lenient import LenientAdmin
from maintenance.booking import rechecks
from maintenance.models import Window
from maintenance.templatetags.spans import span

log = logging.getLogger(__name__)

_NAMED: Final = 5
_NOT_LOOKED_AT: Final = (
    "It is done, but what stands against booked windows could not be looked at again. That has been logged; "
    "the clock tries it again within a minute."
)


class Rechecking(LenientAdmin):
    """An admin page after which every booked window is looked at again: once what it did is committed.

    The admin saves and deletes in a transaction, in which nothing else may wait, or fail.
    """

    def changeform_view(  # type: ignore[override]  # unfold says that it always renders a template
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """After a row and the services it is for have been stored."""
        response: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)
        return _looked_again(request, response)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """After one row has gone."""
        response: HttpResponse = super().delete_view(request, object_id, extra_context)
        return _looked_again(request, response)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """After several rows have gone."""
        super().delete_queryset(request, queryset)
        recheck_and_tell(request)


def _looked_again(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """A form that has faults is shown again; one that was taken leads elsewhere."""
    if request.method == "POST" and isinstance(response, HttpResponseRedirect):
        recheck_and_tell(request)
    return response


def recheck_behind(request: HttpRequest) -> None:
    """Look again at what is booked, behind an act that is done."""
    with _failure_said(request):
        rechecks.recheck_windows(timezone.now())


def recheck_and_tell(request: HttpRequest) -> None:
    """Look again at what is booked, and tell what that found."""
    with _failure_said(request):
        before = _standing()
        rechecks.recheck_windows(timezone.now())
        after = _standing()
        hit = {window for conflict, window in after.items() if conflict not in before}
        if hit:
            messages.warning(request, _hit(hit, len(set(after.values()))))
        free = set(before.values()) - set(after.values())
        if free:
            windows = "1 booked window is" if len(free) == 1 else f"{len(free)} booked windows are"
            messages.success(request, f"{windows} no longer in conflict.")


@contextlib.contextmanager
def _failure_said(request: HttpRequest) -> Iterator[None]:
    """A failure behind an act is logged and said; it never hides that the act was done."""
    try:
        yield
    except Exception:
        log.exception("what stands against booked windows could not be looked at again")
        messages.warning(request, _NOT_LOOKED_AT)


def _standing() -> dict[tuple[int, str], int]:
    """Each conflict that stands, as it reads, and its window."""
    rows = rechecks.open_conflicts().values_list("pk", "words", "window")
    return {(pk, words): window for pk, words, window in rows}


def _hit(keys: set[int], all_: int) -> SafeString:
    """How many windows, the first few with links, and the way to the others."""
    found = Window.objects.filter(pk__in=keys).prefetch_related("services").order_by("starts_at")[:_NAMED]
    count = "1 booked window is" if len(keys) == 1 else f"{len(keys)} booked windows are"
    links = [_link(window) for window in found]
    if all_ > len(links):
        address = f"{reverse('admin:maintenance_window_changelist')}?conflict=open"
        more = f"and {len(keys) - len(links)} more; " if len(keys) > len(links) else ""
        all_words = f"all {all_} in conflict"
        links.append(format_html('{}<a class="lull-inherit" href="{}">{}</a>', more, address, all_words))
    lines = format_html_join("", "<li>{}</li>", ((line,) for line in links))
    return format_html("{} now in conflict:<ul>{}</ul>", count, lines)


def _link(window: Window) -> SafeString:
    services = ", ".join(service.name for service in window.services.all())
    address = reverse("admin:maintenance_window_change", args=[window.pk])
    words = f"{span(window.starts_at, window.ends_at)}, {services}"
    return format_html('<a class="lull-inherit" href="{}">{}</a>', address, words)
