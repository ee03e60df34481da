"""An address in; the app that answers it out."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from config import health

urlpatterns = [
    path("admin/", admin.site.urls),
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("", include("maintenance.urls")),
    path("", include("notifications.urls")),
]
