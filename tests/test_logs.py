"""What a line of the operator's log holds."""

from __future__ import annotations

import logging
from uuid import UUID

import pytest
from django.core.exceptions import PermissionDenied

from config.logs import Line
from notifications import links


def _lines(logger: str, status: int) -> list[str]:
    fault = PermissionDenied("no")
    record = logging.LogRecord(
        logger,
        logging.WARNING,
        "",
        0,
        "Forbidden: %s",
        ("/admin/",),
        (PermissionDenied, fault, None),
    )
    record.status_code = status
    return Line().format(record).splitlines()


@pytest.mark.parametrize("status", [403, 404])
def test_a_refused_request_is_one_line(status: int) -> None:
    [line] = _lines("django.request", status)
    assert line.endswith('level=warning logger=django.request message="Forbidden: /admin/"')


@pytest.mark.parametrize(("logger", "status"), [("django.request", 500), ("celery", 403)])
def test_a_fault_keeps_its_traceback(logger: str, status: int) -> None:
    assert "PermissionDenied: no" in _lines(logger, status)[-1]


@pytest.mark.parametrize(
    "made",
    [
        links.preferences_url(7),
        links.my_calendar_url(7),
        links.receipt_url_of(links.receipt_token(UUID(int=1), 1)),
    ],
)
def test_no_line_holds_a_link_that_works(made: str) -> None:
    try:
        raise ValueError(made)
    except ValueError as fault:
        told = (ValueError, fault, fault.__traceback__)
        record = logging.LogRecord("django.request", logging.ERROR, "", 0, "Not now: %s", (made,), told)
    line = Line().format(record)
    signature = made.removesuffix("/").removesuffix(".ics").rpartition(".")[2]
    assert (signature in line, line.count(".•••")) == (False, 2)
