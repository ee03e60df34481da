"""What a line of the operator's log holds."""

from __future__ import annotations

import logging

import pytest
from django.core.exceptions import PermissionDenied

from config.logs import Line


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
