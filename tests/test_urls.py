"""Addresses that belong to no app."""

from __future__ import annotations

import pytest
from django.test import Client


@pytest.mark.django_db  # the end of an answer looks after the connections
def test_the_icon_that_browsers_ask_for_is_there() -> None:
    """Or each refusal and each JSON document leaves a 404 in the console."""
    answer = Client().get("/favicon.ico", follow=True)
    answer.close()
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/svg+xml")
