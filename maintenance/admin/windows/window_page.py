"""The windows: a list to search, and for each one page with its facts, decisions, log and buttons.

Nothing is edited in fields. What may be done stands as a button, and each does one thing of the domain.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import display

from maintenance import rules
from maintenance.admin import month, rendering
from maintenance.admin.forms import time_of
from maintenance.admin.lenient import LenientAdmin
from maintenance.admin.slots import page
from maintenance.admin.windows import actions, booking, changes, decisions, moving
from maintenance.booking import rechecks
from maintenance.models import Approval, Conflict, Window
from maintenance.templatetags.spans import ago, duration, span

TONES: Final[dict[Any, str]] = {
    Window.Status.BOOKED: "warning",
    Window.Status.APPROVED: "info",
    Window.Status.REJECTED: "danger",
    Window.Status.STARTED: "primary",
    Window.Status.FINISHED: "success",
    Window.Status.CANCELLED: "default",
}
MOVABLE: Final = (Window.Status.BOOKED, Window.Status.APPROVED, Window.Status.REJECTED)


class InConflict(admin.SimpleListFilter):
    """The windows against which something has come to stand."""

    title = "conflict"
    parameter_name = "conflict"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """One choice beside all."""
        return [("open", "Something stands against it")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Window]) -> QuerySet[Window]:
        """Those with an open conflict, or all."""
        return queryset.filter(Exists(_conflicts())) if self.value() == "open" else queryset


@admin.register(Window)
class WindowAdmin(LenientAdmin):
    """Read in the admin, changed by the domain."""

    list_display = ("when", "what", "standing", "urgent", "against", "planned_length", "booker")
    list_display_links = ("when", "what")
    list_filter = ("status", "short_notice", InConflict, "services")
    list_select_related = ("booker",)
    search_fields = ("purpose", "services__name")
    search_help_text = "Purpose or service"
    ordering = ("-starts_at",)
    list_per_page = 50
    page_template = "maintenance/admin/window.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Window]:
        """With the services, so that a list costs the same queries for one window as for fifty."""
        windows: QuerySet[Window] = super().get_queryset(request).prefetch_related("services")
        return windows.annotate(in_conflict=Exists(_conflicts()))

    @display(description="When", ordering="starts_at")
    def when(self, window: Window) -> str:
        """From when till when."""
        return span(window.starts_at, window.ends_at)

    @display(description="Services")
    def what(self, window: Window) -> str:
        """What is away."""
        return ", ".join(service.name for service in window.services.all())

    @display(description="Status", ordering="status", label=TONES)
    def standing(self, window: Window) -> tuple[str, str]:
        """Its status as a label."""
        return window.status, window.get_status_display()

    @display(description="Notice", label={"Short": "danger"})
    def urgent(self, window: Window) -> str:
        """Whether customers hear of it inside their least notice, as urgent."""
        return "Short" if window.short_notice else ""

    @display(description="Conflict", label={"Conflict": "danger"})
    def against(self, window: Window) -> str:
        """Whether something has come to stand against it since it was booked."""
        return "Conflict" if window.in_conflict else ""  # type: ignore[attr-defined]

    @display(description="Length")
    def planned_length(self, window: Window) -> str:
        """The planned length."""
        return duration(window.length)

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        """The pages beside the list and those under a window."""
        return (
            ("slots/", "maintenance_window_slots", page.slots_page),
            ("book/", "maintenance_window_book", booking.booking_page),
            ("calendar/", "maintenance_window_calendar", month.calendar_page),
            ("<int:pk>/check/", "maintenance_window_check", month.check_target),
            ("<int:pk>/move/", "maintenance_window_move", moving.moving_page),
            ("<int:pk>/decide/", "maintenance_window_decide", decisions.decide_change),
            ("<int:pk>/act/<str:name>/", "maintenance_window_act", actions.action_page),
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of one window, to be read: what is done to it has addresses of its own."""
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        window = self.get_object(request, object_id)
        if window is None:
            raise Http404("There is no such window.")
        if not self.has_view_permission(request, window):
            raise PermissionDenied
        facts = self.page_facts(request, window, timezone.now())
        return rendering.admin_page(request, self, self.page_template, str(window), facts)

    def page_facts(self, request: HttpRequest, window: Window, now: datetime) -> dict[str, Any]:
        """What the page shows; notifications adds what is told of it."""
        assert isinstance(request.user, User)  # the admin let nobody else in
        may_book = request.user.has_perm("maintenance.book_window")
        return {
            "object": window,
            "window": window,
            "reader": request.user,
            "tone": window.status,
            "impacts": window.impacts.select_related("service"),
            "late": _late(window, now),
            "conflicts": list(rechecks.open_conflicts().filter(window=window)),
            "passed": window.overrides.filter(revision=window.revision).select_related("by"),
            "rules": rules.SETTABLE,
            "same_time": urlencode({name: at.isoformat() for name, at in time_of(window).items()}),
            "staff": window.staff.all(),
            "acts": [act for act in actions.ACTS.values() if may_book and act.possible(window, now)],
            "movable": may_book and window.status in MOVABLE,
            "change_gate": self.gate(
                request.user, window, Approval.Subject.CHANGE, "maintenance_window_decide"
            ),
            "log": changes.log_of_window(window),
        }

    def gate(self, reader: User, window: Window, subject: Approval.Subject, name: str) -> decisions.Gate:
        """One of the two approvals, with the address that takes the decision."""
        return decisions.approval_gate(window, subject, reader, reverse(f"admin:{name}", args=[window.pk]))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Windows are booked from slots, not typed into a form."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Window | None = None) -> bool:
        """Windows change by what is done to them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Window | None = None) -> bool:
        """A window that will not happen is cancelled; its log stays."""
        return False


def _conflicts() -> QuerySet[Conflict]:
    return rechecks.open_conflicts().filter(window=OuterRef("pk"))


def _late(window: Window, now: datetime) -> str:
    """A sentence where the clock has passed what people have said."""
    if window.status == Window.Status.STARTED and now > window.ends_at:
        return f"Its planned end was {ago(now - window.ends_at)}. Confirm that it is over as soon as it is."
    if window.status == Window.Status.APPROVED and now >= window.ends_at:
        return "Its time has passed and nobody has started it. Move it or cancel it."
    if window.status == Window.Status.APPROVED and now > window.starts_at:
        return f"It should have started {ago(now - window.starts_at)}. Start it, move it or cancel it."
    if window.status == Window.Status.BOOKED and now > window.starts_at:
        return "Its time has come and it is not approved. Move it or cancel it."
    return ""
