"""A view that faces the world in; the same view, which answers every fault with what it means, out.

403: somebody else. 413 and 400: nothing a provider would send. 503: we cannot keep it now, or a setting
is lacking; send it again. There is no 500, because nobody could tell which of these it is.

A database that is away refuses receipts by the thousand, each for the same reason: that is said in one
line every few seconds, with their number and without a traceback.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from anymail.exceptions import AnymailWebhookValidationFailure
from django.core.exceptions import ImproperlyConfigured
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from maintenance.requests import bodies
from notifications.channels.types import Unreachable
from notifications.models import State

_log = logging.getLogger(__name__)

_RETRY_AFTER: Final = 30
"""Seconds after which we ask for a refused receipt again: what is away seldom comes back sooner."""
_SECONDS_BETWEEN_LINES: Final = 10.0
View = Callable[..., HttpResponseBase]


class TooMany(ValueError):
    """More in one request than is taken."""


def guarded(view: View, largest: int) -> View:
    """`largest` is in bytes of the body."""

    @csrf_exempt
    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if bodies.is_larger(request, largest):
            return HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        try:
            return view(request, *args, **kwargs)
        except AnymailWebhookValidationFailure:
            return HttpResponse(status=HTTPStatus.FORBIDDEN)
        except TooMany as error:
            _log.warning("receipts at %s were not taken: %s", request.path, error)
            return HttpResponse(
                f"{error}\n", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, content_type="text/plain"
            )
        except (InterfaceError, OperationalError, ImproperlyConfigured, Unreachable) as error:
            _unkept.log(error, time.monotonic())
            return HttpResponse(
                status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": str(_RETRY_AFTER)}
            )
        except Exception as error:  # noqa: BLE001  # it was written by whoever found this address
            # the kind alone: some errors repeat the whole request, with the customers' addresses in it
            _log.warning("a receipt at %s could not be read: %s", request.path, type(error).__name__)
            return HttpResponse(status=HTTPStatus.BAD_REQUEST)

    return answered


class _Unkept:
    """What this process could not keep: said once for each reason, then every few seconds with how many."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: dict[str, tuple[float, int]] = {}
        """When each reason was said last, and how often it was not since. Each lacking setting is one."""

    def log(self, error: Exception, moment: float) -> None:
        """One line, or one more to be counted in the next. `moment`: seconds by a clock that only rises."""
        why = " ".join(str(error).split())[:200]
        reason = why if isinstance(error, ImproperlyConfigured) else type(error).__name__
        with self._lock:
            said_at, unsaid = self._said.get(reason, (-math.inf, 0))
            if moment - said_at < _SECONDS_BETWEEN_LINES:
                self._said[reason] = said_at, unsaid + 1
                return
            self._said[reason] = moment, 0
        more = f", nor {unsaid:,} before it" if unsaid else ""
        _log.error(
            "a receipt could not be kept%s, and is asked for again: %s: %s", more, type(error).__name__, why
        )


_unkept = _Unkept()


def state_of_report(
    word: str, sent: frozenset[str], delivered: frozenset[str], failed: frozenset[str]
) -> State | None:
    """A provider's word as ours; None where it says nothing of arrival."""
    if word in delivered:
        return State.DELIVERED
    if word in failed:
        return State.FAILED
    return State.SENT if word in sent else None
