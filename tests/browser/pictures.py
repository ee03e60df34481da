"""Take the README's pictures anew, from the demonstration bank in a real browser.

    .venv/bin/python -m tests.browser.pictures

Runs `up` on data of its own, books a slot as Ada, and writes tests/browser/pictures/*.png.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

_ROOT = Path(__file__).resolve().parents[2]
_PICTURES = Path(__file__).with_name("pictures")
_PORT = 8765
_HERE = f"http://127.0.0.1:{_PORT}"
_PASSWORD = "a-password-of-the-pictures"


def main() -> None:
    """Start, take, stop."""
    _PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        own = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{folder}/lull.sqlite3",
            "MANAGE_NO_VENV": "1",
            "BANK_NAME": "Example Bank",
        }
        command = [sys.executable, "manage.py", "up", "--port", str(_PORT)]
        up = subprocess.Popen(command, cwd=_ROOT, env=own, stdout=subprocess.PIPE, text=True)
        try:
            with sync_playwright() as driver:
                browser = driver.chromium.launch(
                    executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
                )
                _take(browser, _printed(up))
        finally:
            up.terminate()
            up.communicate()


def _printed(up: subprocess.Popen[str]) -> str:
    """Ada's one-time password, as soon as `up` says that it answers."""
    assert up.stdout is not None
    password = ""
    for line in up.stdout:
        if found := re.search(r"\bada\s+(\S+)", line):
            password = found.group(1)
        if "Ctrl-C" in line:
            break
    return password


def _take(browser: Browser, password: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="en-GB")
    _sign_in(page, password)
    page.goto(f"{_HERE}/admin/maintenance/window/slots/?service=card-payments&minutes=120")
    page.screenshot(path=_PICTURES / "slots.png")
    page.get_by_role("link", name=re.compile("^Book")).first.click()
    page.get_by_label("Purpose").fill("Upgrade of the card switch")
    page.get_by_label("Support cover").fill("The duty team")  # at night nobody else answers
    page.get_by_role("button", name=re.compile("^Book")).last.click()
    page.wait_for_url("**/change/**")
    letter = page.locator("iframe").first.get_attribute("srcdoc") or ""
    mail = browser.new_page(viewport={"width": 680, "height": 900})
    mail.set_content(letter)
    mail.screenshot(path=_PICTURES / "email.png", full_page=True)
    page.goto(f"{_HERE}/admin/maintenance/window/calendar/?month=2026-12")
    page.screenshot(path=_PICTURES / "calendar.png")


def _sign_in(page: Page, password: str) -> None:
    page.goto(f"{_HERE}/admin/")
    page.fill("[name=username]", "ada")
    page.fill("[name=password]", password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/password_change/**")
    page.fill("[name=old_password]", password)
    page.fill("[name=new_password1]", _PASSWORD)
    page.fill("[name=new_password2]", _PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/password_change/done/**")


if __name__ == "__main__":
    main()
