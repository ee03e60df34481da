"""The bank's staff and their groups, in the admin's own dress."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from maintenance import audit
from maintenance.admin.audit.audited import stamp
from maintenance.admin.lenient import LenientAdmin
from maintenance.models import AuditEntry
from maintenance.staff.sign_in import one_time

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, LenientAdmin):  # type: ignore[misc, type-arg]  # as unfold says to
    """Who may sign in. A password that is set for somebody else is a one-time password."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """A new account begins with the password that its maker typed."""
        super().save_model(request, obj, form, change)
        if not change and isinstance(obj, User):
            one_time.issue_one_time_password(obj, now=timezone.now())

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002  # Django's name
        """The page on which a password is set; it answers with a redirect only when it has saved it."""
        with transaction.atomic():
            response: HttpResponse = super().user_change_password(request, id, form_url)
            if request.method == "POST" and response.status_code == 302:
                self._was_set(request, User.objects.get(pk=id))
        return response

    def _was_set(self, request: HttpRequest, user: User) -> None:
        audit.append_entry(AuditEntry.Action.PASSWORD_SET, user, stamp(request), states=audit.States())
        if user != request.user:
            one_time.issue_one_time_password(user, now=timezone.now())


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, LenientAdmin):  # type: ignore[misc]  # as unfold says to
    """What its members may do."""
