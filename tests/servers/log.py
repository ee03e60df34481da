"""A request in; a line in a file that outlives a kill -9 of anyone, out."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import Any


class Log:
    """Lines of JSON, each on the disk before the request is answered."""

    def __init__(self, path: Path | None) -> None:
        self._lock = threading.Lock()
        self._file = path.open("a", encoding="utf-8") if path else None

    def write(self, **entry: Any) -> None:
        """Append one line; `at` is in seconds since 1970."""
        if self._file is None:
            return
        with self._lock:
            self._file.write(json.dumps({"at": time.time(), **entry}) + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()


def read(path: Path) -> list[dict[str, Any]]:
    """What such a file holds; a line cut off by a kill of the server itself is left out."""
    entries = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            entries.append(json.loads(line))
        except ValueError:
            continue
    return entries
