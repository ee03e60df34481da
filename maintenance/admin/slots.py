"""Services, a length and perhaps some days in; the quietest slots to choose from out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from maintenance import slots, traffic
from maintenance.admin import bars, frame
from maintenance.forms import SlotsForm, TimeForm
from maintenance.models import Service, Window

_AT_FIRST = 6
_MORE = 24


@dataclass(frozen=True)
class Offer:
    """A slot as the page shows it, with the address that books it."""

    slot: slots.Slot
    bar: bars.Bar
    alone: bool
    address: str


@frame.allowed("maintenance.view_window")
@require_safe
def page(request: HttpRequest, model_admin: ModelAdmin[Window]) -> HttpResponse:
    """The quietest slots for what the query asks; a clear sentence where traffic says too little."""
    asked = request.GET if "service" in request.GET else None
    form = SlotsForm(asked, initial={"minutes": 120})
    moved = (
        Window.objects.filter(pk=request.GET["window"]).first()
        if request.GET.get("window", "").isdigit()
        else None
    )
    facts: dict[str, Any] = {
        "form": form,
        "moved": moved,
        "any_service": Service.objects.exists(),
        "time_form": TimeForm(
            auto_id="other_%s",
            initial={"service": request.GET.getlist("service"), "minutes": request.GET.get("minutes", 120)},
        ),
    }
    if form.is_valid():
        count = _MORE if "more" in request.GET else _AT_FIRST
        try:
            found = slots.suggest(
                list(form.cleaned_data["service"]),
                form.length,
                now=timezone.now(),
                start=form.start,
                end=form.end,
                count=count,
            )
        except traffic.TooLittle as problem:
            facts["problem"] = str(problem)
        else:
            facts["offers"] = [_offer(slot, moved) for slot in found]
            if len(found) == _AT_FIRST:
                facts["more"] = f"{request.get_full_path()}&more=1"
    return frame.render(request, model_admin, "maintenance/admin/slots.html", "Find a slot", facts)


def _offer(slot: slots.Slot, moved: Window | None) -> Offer:
    times = [("starts_at", slot.starts_at.isoformat()), ("ends_at", slot.ends_at.isoformat())]
    if moved:
        address = f"{reverse('admin:maintenance_window_move', args=[moved.pk])}?{urlencode(times)}"
    else:
        query = urlencode([*(("service", key) for key in slot.services), *times])
        address = f"{reverse('admin:maintenance_window_book')}?{query}"
    return Offer(slot, bars.of(slot.load, slot.share), len(slot.services) == 1, address)
