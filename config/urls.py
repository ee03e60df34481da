"""An address in; the app that answers it out."""

from __future__ import annotations

from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from config import health

handler400 = "maintenance.views.malformed"
handler403 = "maintenance.views.refused"
handler404 = "maintenance.views.missing"
urlpatterns = [
    path("admin/", admin.site.urls),
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("metrics", health.figures),
    # browsers ask for it on their own wherever an answer names no icon: refusals, JSON
    path("favicon.ico", RedirectView.as_view(url=static("lull/icon.svg"))),
    path("", include("maintenance.urls")),
    path("", include("notifications.urls")),
]
