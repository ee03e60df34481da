"""What every page of the admin brings along."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from tests import people


def _script(address: str) -> Path:
    found = finders.find(address.removeprefix("/static/"))
    assert isinstance(found, str), address
    return Path(found)


@pytest.mark.django_db
def test_no_page_of_the_admin_brings_a_library_of_charts(client: Client) -> None:
    client.force_login(people.user("olga"))
    page = client.get(reverse("admin:index")).content.decode()
    scripts = [_script(address) for address in re.findall(r'<script[^>]* src="([^"?]+)', page)]
    assert scripts
    lines = [line for script in scripts if "chart" in script.name for line in script.read_text().splitlines()]
    assert [line for line in lines if not line.startswith("//")] == []
    assert 'class="chart"' not in page
