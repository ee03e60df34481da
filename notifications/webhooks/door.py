"""A view that faces the world in; the same view, which answers every fault with what it means, out.

403: somebody else. 413 and 400: nothing a provider would send. 503: we cannot keep it now, send
it again. There is no 500, because nobody could tell which of these it is.
"""

from __future__ import annotations

import logging
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

from notifications.contract import Unreachable
from notifications.models import State

_log = logging.getLogger(__name__)

_DIGITS: Final = 18
View = Callable[..., HttpResponseBase]


def guarded(view: View, largest: int) -> View:
    """`largest` is in bytes of the body."""

    @csrf_exempt
    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if _is_larger(request, largest):
            return HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        try:
            return view(request, *args, **kwargs)
        except AnymailWebhookValidationFailure:
            return HttpResponse(status=HTTPStatus.FORBIDDEN)
        except (InterfaceError, OperationalError, ImproperlyConfigured, Unreachable):
            _log.exception("a receipt could not be kept, and is asked for again")
            return HttpResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)
        except Exception as error:  # noqa: BLE001  # it was written by whoever found this address
            # the kind alone: some errors repeat the whole request, with the customers' addresses in it
            _log.warning("a receipt at %s could not be read: %s", request.path, type(error).__name__)
            return HttpResponse(status=HTTPStatus.BAD_REQUEST)

    return answered


def state(word: str, sent: frozenset[str], delivered: frozenset[str], failed: frozenset[str]) -> State | None:
    """A provider's word as ours; None where it says nothing of arrival."""
    if word in delivered:
        return State.DELIVERED
    if word in failed:
        return State.FAILED
    return State.SENT if word in sent else None


def _is_larger(request: HttpRequest, largest: int) -> bool:
    announced = str(request.META.get("CONTENT_LENGTH") or "0")  # first, so that a large body is not read
    if not announced.isdecimal() or len(announced) > _DIGITS or int(announced) > largest:
        return True
    return len(request.body) > largest
