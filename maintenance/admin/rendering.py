"""A page's own facts in; the same page inside the admin's frame out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.contrib.admin import ModelAdmin
from django.contrib.auth.decorators import permission_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from maintenance.booking.validation import Refusal

View = Callable[..., HttpResponse]

log = logging.getLogger(__name__)

FAILED: Final = (
    "Something went wrong, and nothing was changed. That has been logged: try it again, or tell whoever "
    "operates Lull."
)


def admin_page(
    request: HttpRequest,
    model_admin: ModelAdmin[Any],
    template: str,
    title: str,
    facts: Mapping[str, Any],
    *,
    status: int = 200,
) -> TemplateResponse:
    """Side bar, header and messages of the admin around a template of our own."""
    site = model_admin.admin_site
    request.current_app = site.name
    context = {**site.each_context(request), "title": title, **facts}
    if "object" in facts:
        context["opts"] = model_admin.opts  # with them the header names the row, not the page
    return TemplateResponse(request, template, context, status=status)


def refusal(do: Callable[[], object]) -> str:
    """Do something of the domain; why it was not done, for the person who asked. Empty where it was.

    Only what the domain refuses is shown in its own words. A fault of ours is logged with its traceback.
    """
    try:
        do()
    except Refusal as refused:
        return str(refused)
    except Exception:
        log.exception("an act failed")
        return FAILED
    return ""


def form_faults(form: Form) -> str:
    """All that is wrong with a form, as sentences in one line."""
    return " ".join(str(words) for lines in form.errors.values() for words in lines)


def allowed(permission: str) -> Callable[[View], View]:
    """Refuse with 403 whoever lacks the permission; the admin has sent strangers to sign in before."""
    return permission_required(permission, raise_exception=True)
