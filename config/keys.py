"""A file name in; the secret it keeps, made once, out. For the embedded database alone."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

KEY_BYTES = 64  # as text 86 characters, above the 50 that Django's deployment check asks for


def kept(path: Path) -> str:
    """Read the key, or make it; two processes starting at once agree on one."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent)  # readable by its owner alone from the first byte
        try:
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(KEY_BYTES))
            with contextlib.suppress(FileExistsError):  # the other process was first: its key counts
                os.link(draft, path)
        finally:
            Path(draft).unlink()
    return path.read_text().strip()
