"""A change of the times or the rules in; what it hits of all that is booked, told to the person, out."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from maintenance import rechecks
from maintenance.models import Window
from maintenance.templatetags.spans import span

_NAMED: Final = 5


class Rechecking(ModelAdmin):
    """An admin page after which every booked window is looked at again, at once."""

    def save_related(self, request: HttpRequest, form: ModelForm[Any], formsets: Any, change: bool) -> None:
        """After a row and the services it is for have been stored."""
        super().save_related(request, form, formsets, change)
        again(request)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        """After one row has gone."""
        super().delete_model(request, obj)
        again(request)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """After several rows have gone."""
        super().delete_queryset(request, queryset)
        again(request)


def again(request: HttpRequest) -> None:
    """Look again at what is booked, and tell what that found."""
    before = _standing()
    rechecks.run(timezone.now())
    after = _standing()
    hit = {after[conflict] for conflict in after.keys() - before.keys()}
    if hit:
        messages.warning(request, _hit(hit, len(set(after.values()))))
    free = set(before.values()) - set(after.values())
    if free:
        windows = "1 booked window is" if len(free) == 1 else f"{len(free)} booked windows are"
        messages.success(request, f"{windows} no longer in conflict.")


def _standing() -> dict[int, int]:
    """Each conflict that stands, and its window."""
    return dict(rechecks.open_conflicts().values_list("pk", "window"))


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
