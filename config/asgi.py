"""Django as uvicorn calls it."""

from __future__ import annotations

import os
import warnings

from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Django makes a thread for every ASGI request; a connection kept for the next one would never be used again
settings.DATABASES["default"]["CONN_MAX_AGE"] = 0
# whitenoise hands files over as a plain iterator (its issue 531); they are small and local
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

application = get_asgi_application()
