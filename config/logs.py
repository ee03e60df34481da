"""A log record in; one line of `key=value` out, in UTC, as every log collector reads it.

Customers' signed links are masked in all of it: paths are logged, and with a link one is taken for her.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from notifications import links

_DOOR: Final = "/receipts/"


class RefusedReceipts(logging.Filter):
    """Without Django's own line for each receipt that was refused: the door for receipts says it for all."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is kept."""
        path = str(getattr(getattr(record, "request", None), "path", ""))
        return not (
            getattr(record, "status_code", 0) == HTTPStatus.SERVICE_UNAVAILABLE and path.startswith(_DOOR)
        )


class Line(logging.Formatter):
    """What happened first in every line, a traceback after it; a refused request has none to look into."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and the traceback under it where there is one."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        # JSON's quoting keeps a line break in a message from starting a line of its own
        message = json.dumps(record.getMessage(), ensure_ascii=False)
        line = f"at={at} level={record.levelname.lower()} logger={record.name} message={message}"
        refused = record.name == "django.request" and 400 <= getattr(record, "status_code", 500) < 500
        if refused or not record.exc_info:
            return links.masked(line)
        return links.masked(f"{line}\n{self.formatException(record.exc_info)}")
