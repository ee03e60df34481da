#!/usr/bin/env python3
"""A command line in; Django's command, run inside a `.venv` made from the hashed lock, out.

Standard library until that environment stands. MANAGE_NO_VENV=1 takes the Python at hand as it is.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "made-from"
LOCK = ROOT / ".venv.lock"
SILENT_SECONDS = 2  # a step that takes longer says what it is


def main(arguments: list[str]) -> None:
    """Prepare, go inside, and do what was asked."""
    if sys.version_info < (3, 11):  # no f-string: this line must be readable by any Python 3
        sys.exit(
            "Lull needs Python 3.11 or later; this is %s (%s)." % (sys.version.split()[0], sys.executable)
        )
    testing = arguments[:1] == ["test"]
    if os.environ.get("MANAGE_NO_VENV") != "1" and Path(sys.prefix).resolve() != VENV.resolve():
        prepare("dev" if testing else "app")
        os.execv(PYTHON, [str(PYTHON), str(ROOT / "manage.py"), *arguments])
    if testing:
        import pytest  # not installed where the service runs

        os.chdir(ROOT)
        sys.exit(pytest.main(arguments[1:]))
    from django.core.exceptions import ImproperlyConfigured  # there only inside the environment
    from django.core.management import execute_from_command_line

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        execute_from_command_line(["manage.py", *arguments])
    except ImproperlyConfigured as error:
        if "--traceback" in arguments:
            raise
        sys.exit(str(error))


def prepare(group: str) -> None:
    """Leave a `.venv` that holds what requirements/<group>.txt asks for, and nothing of an older lock."""
    current = {name: fingerprint(ROOT / "requirements" / f"{name}.txt") for name in ("app", "dev")}
    if current[group] in installed():
        return
    with alone():
        if current[group] in installed():  # another process made it while this one waited
            return
        known = installed()
        STAMP.unlink(missing_ok=True)  # a build cut short must not pass for a finished one
        if not known or not known <= set(current.values()) or not PYTHON.exists():
            step("Making .venv", [sys.executable, "-m", "venv", "--without-pip", "--clear", str(VENV)])
            known = set()
        install(ROOT / "requirements" / f"{group}.txt")
        # dev.txt holds all of app.txt, so it answers for both
        made = {current[group], current["app"]} | known
        STAMP.write_text("\n".join(sorted(made)) + "\n")


def fingerprint(lock: Path) -> str:
    """What stands for a lock file in the stamp."""
    return f"{lock.name} {hashlib.sha256(lock.read_bytes()).hexdigest()}"


def installed() -> set[str]:
    """The locks that `.venv` was made from; none where it is missing, unfinished or its Python is gone."""
    return set(STAMP.read_text().splitlines()) if STAMP.exists() and PYTHON.exists() else set()


def install(lock: Path) -> None:
    """Install the lock with its hashes checked, by uv where there is one, else by the pip outside."""
    if uv := shutil.which("uv"):
        command = [uv, "pip", "sync", "--python", str(PYTHON), "--require-hashes", str(lock)]
    elif importlib.util.find_spec("pip"):
        # the pip outside installs inside: Debian has no ensurepip and locks its own Python
        pip = [sys.executable, "-m", "pip", "--python", str(PYTHON), "--disable-pip-version-check"]
        command = [*pip, "install", "--no-input", "--quiet", "--require-hashes", "--requirement", str(lock)]
    else:
        sys.exit(
            "Lull installs its libraries with pip, and this Python has none. "
            "Install it (on Debian: apt install python3-pip) or install uv, then run the same command again."
        )
    step("Installing the libraries (once, about half a minute)", command)


def step(words: str, command: list[str]) -> None:
    """Run one command; speak of it only when it takes its time, show its output only when it fails."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            process.wait(SILENT_SECONDS)
        except subprocess.TimeoutExpired:
            print(f"{words} ...", file=sys.stderr, flush=True)
            process.wait()
        if process.returncode:
            output.seek(0)
            sys.exit(f"{words}: failed.\n{output.read().strip()}")


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Hold the lock under which `.venv` is changed."""
    import fcntl  # not on Windows, where MANAGE_NO_VENV=1 is the way

    with LOCK.open("w") as file:
        started, told = time.monotonic(), False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not told and time.monotonic() - started > SILENT_SECONDS:
                    told = True
                    print("Waiting for another process that is making .venv ...", file=sys.stderr, flush=True)
                time.sleep(0.1)
        yield


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
