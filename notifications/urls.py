"""An address in; the view that answers it out."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from notifications import views
from notifications.api.routes import api

app_name = "notifications"
urlpatterns: list[URLPattern | URLResolver] = [
    path("preferences/<str:token>/", views.preference_page, name="preferences"),
    path("calendar/my/<str:token>.ics", views.my_calendar, name="my_calendar"),
    path("api/v1/", api.urls),
    path("", include("notifications.delivery.webhooks")),
]
