"""A request of the bank's app in; JSON out: the customer's inbox, read marks, and the banner to show now.

There is no page of documentation
here: those of the library load their parts from elsewhere. The machine's own is /api/v1/openapi.json.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from ninja import NinjaAPI, Query
from ninja.errors import HttpError
from pydantic import AfterValidator, AwareDatetime

from maintenance import bank_time, status
from maintenance.models import Customer, Use
from maintenance.public import words
from maintenance.status import NOW, Phase, Planned
from notifications.api import identity, inbox
from notifications.api.documents import Banners, Inbox, Problem, Read, banner, note_document
from notifications.api.identity import Bearer

AHEAD: Final = timedelta(days=1)
"""How long before its start a window is worth a banner."""

Instant = Annotated[AwareDatetime, AfterValidator(bank_time.within_years)]
"""A time that a query may name, whatever its offset."""

api = NinjaAPI(
    title="Lull for the bank's app",
    version="1",
    description="What a customer must know about maintenance, in her language. "
    "She is named by a JSON Web Token that the bank signs; `sub` is her number at the bank.",
    docs_url=None,
    auth=Bearer(),
    urls_namespace="notifications:api",  # it stands inside that namespace
)


_PROBLEMS: Final = {401: Problem, 404: Problem, 503: Problem}


@api.exception_handler(identity.IdentityRefused)
def _refused(request: HttpRequest, refused: identity.IdentityRefused) -> HttpResponse:
    response = api.create_response(request, {"detail": refused.message}, status=401)
    response.headers["WWW-Authenticate"] = 'Bearer realm="lull"'  # RFC 6750 section 3 demands it
    return response


@api.get("/inbox", response={200: Inbox, **_PROBLEMS}, summary="The customer's notices")
def read_inbox(
    request: HttpRequest,
    response: HttpResponse,
    limit: Annotated[int, Query(ge=1, le=100, description="At most so many, the newest.")] = 20,
    since: Annotated[
        Instant | None,
        Query(description="Only what was handed out after this instant."),
    ] = None,
) -> Inbox:
    """Notices handed out to the app about services this customer uses, newest first."""
    response.headers["Cache-Control"] = "private, no-store"
    notes = [note_document(item) for item in inbox.inbox_items(_customer(request), limit=limit, since=since)]
    return Inbox(notices=notes, unread=sum(not note.read for note in notes))


@api.put("/inbox/{uuid:notice}/read", response={200: Read, **_PROBLEMS}, summary="Mark a notice as read")
def mark_read(request: HttpRequest, notice: UUID) -> Read:
    """Note that she has read it. Doing so again changes nothing."""
    read_at = inbox.mark_read(_customer(request), notice, now=timezone.now())
    if read_at is None:
        raise HttpError(404, "This notice is not in the customer's inbox.")
    return Read(id=notice, read_at=read_at)


@api.get("/banner", response={200: Banners, **_PROBLEMS}, summary="What to show now")
def read_banner(request: HttpRequest, response: HttpResponse) -> Banners:
    """The customer's windows that are under way, or begin within a day."""
    response.headers["Cache-Control"] = "private, no-store"
    customer, now = _customer(request), timezone.now()
    used = set(Use.objects.filter(customer=customer).values_list("service_id", flat=True))
    language = words.nearest_language(customer.language)
    with translation.override(language):
        return Banners(
            language=language,
            banners=[
                banner(seen, language)
                for seen in status.public_windows(now)
                if _is_near(seen, now) and used.intersection(service.pk for service in seen.services)
            ],
        )


def _customer(request: HttpRequest) -> Customer:
    return cast("Customer", request.auth)  # type: ignore[attr-defined]  # put there by ninja


def _is_near(seen: Planned, now: datetime) -> bool:
    return seen.phase in NOW or (seen.phase is Phase.PLANNED and seen.window.starts_at - now <= AHEAD)
