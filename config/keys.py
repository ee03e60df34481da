"""A file name in; the secret it keeps, made once, out. And a secret in; refused where it is short."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

KEY_BYTES = 64  # as text 86 characters, above the 50 that Django's deployment check asks for
SHORTEST = 32
"""Characters; 128 bits even where they are hexadecimal digits."""
MAKE_ONE = 'python3 -c "import secrets; print(secrets.token_urlsafe(64))"'


def kept(path: Path) -> str:
    """Read the key, or make it, for the embedded database; two processes starting at once agree on one."""
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


def long_enough(name: str, value: str, in_use: str) -> str:
    """The same key. Raises ImproperlyConfigured for one that can be found by trying.

    `in_use` says how to go on for whoever has used it until now.
    """
    if len(value) < SHORTEST:
        length = f"{len(value)} character{'s' if len(value) != 1 else ''}"
        raise ImproperlyConfigured(
            f"{name} has {length} and needs at least {SHORTEST}: "
            f"a shorter one can be found by trying. Make one with `{MAKE_ONE}`. {in_use}"
        )
    return value
