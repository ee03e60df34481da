"""The admin's pages for notices, texts and deliveries: one file a page.

The page of a window is extended here, on top of maintenance's, so that maintenance knows nothing of it.
"""

from __future__ import annotations

from notifications.admin import lists, window  # noqa: F401  # each registers its models
