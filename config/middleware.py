"""A request in; 400 with a sentence where it holds text that no database keeps.

PostgreSQL refuses NUL, and both databases halves of a UTF-16 pair, wherever a query looks for them. So they
are refused here, once, and no page, filter or form has to think of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict

from maintenance.requests import parameters


class RefuseUnstorableText:
    """Middleware: raises BadRequest for such text in the path, the query, a cookie or a posted form.

    What takes posts without a token against forgery (webhooks, the app's API) is not read here: it bounds
    the body before it reads it, and cleans what it keeps.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Before anything asks the database: a session's key is a cookie."""
        _refuse("address", [request.path, *_texts(request.GET)])
        _refuse("cookies", request.COOKIES.values())
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], *_: Any) -> None:
        """The form, where the check against forgery is about to read it anyway."""
        if request.method == "POST" and not getattr(view, "csrf_exempt", False):
            _refuse("form", _texts(request.POST))


def _texts(given: QueryDict) -> Iterable[str]:
    return chain.from_iterable((name, *values) for name, values in given.lists())


def _refuse(place: str, texts: Iterable[str]) -> None:
    if not all(parameters.storable(text) for text in texts):
        raise BadRequest(
            f"The {place} of this request contains a character that is not allowed. Please type it again."
        )
