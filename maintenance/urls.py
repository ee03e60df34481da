"""An address in; the view that answers it out."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from maintenance import views

app_name = "maintenance"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.status_page, name="status"),
    path("calendar.ics", views.calendar, name="calendar"),
    path("calendar/<slug:key>.ics", views.calendar, name="service_calendar"),
]
