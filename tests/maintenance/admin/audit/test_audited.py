"""Whatever a page of the admin adds, changes or deletes is in the log, or the page does not do it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Model
from django.http import HttpRequest
from django.test import RequestFactory

from maintenance import policies
from maintenance.admin.audit.audited import AuditedAdmin
from maintenance.booking import series
from maintenance.models import AuditEntry, Cutoff, Freeze, NoticePolicy, Service
from maintenance.staff import groups
from tests import people
from tests.maintenance import planned
from tests.maintenance.admin.times.test_importing import WEEK, confirmed, shown
from tests.maintenance.imports.ics.calendars import block, calendar
from tests.staff import address, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]

Action = AuditEntry.Action
APPS: Final = ("maintenance", "notifications", "auth")
PASSWORD: Final = "a long password of nobody"
TIMES: Final = {
    "name": "Year end",
    "starts_at": "2026-03-08T02:00",
    "ends_at": "2026-03-08T06:00",
    "recurrence_every": "",
}
NO_ROWS: Final = {"TOTAL_FORMS": "0", "INITIAL_FORMS": "0"}
NEW: Final[dict[str, Callable[[], dict[str, Any]]]] = {
    "freeze": lambda: TIMES,
    "standingwindow": lambda: TIMES,
    "supportcover": lambda: TIMES,
    "cutoff": lambda: {**TIMES, "service": people.service().pk, "kind": "batch"},
    "criticalday": lambda: {"name": "Payday", "pattern": "date", "day": "2026-03-25"},
    "holiday": lambda: {"country": "GB", "day": "2026-05-08", "observed": "True", "name": "Victory Day"},
    "noticepolicy": lambda: {
        "name": "Partners",
        "audience": "partner",
        "unit": "days",
        "promised": "10",
        "least": "6",
        **{f"rules-{name}": value for name, value in NO_ROWS.items()},
    },
    "service": lambda: {
        "name": "Loans",
        "key": "loans",
        "time_zone": "Europe/London",
        "country": "GB",
        **{f"alternatives-{name}": value for name, value in NO_ROWS.items()},
    },
    "user": lambda: {
        "username": "dora",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    },
    "group": lambda: {"name": "Night shift"},
}
"""What Olga types to add one, by the name of the model: a page that adds another says it here."""


def _account(user: User, **changed: Any) -> dict[str, Any]:
    """The form of an account, as it stands but for what is changed."""
    flags = {name: "on" for name in ("is_active", "is_staff", "is_superuser") if getattr(user, name)}
    joined = {
        "date_joined_0": f"{user.date_joined:%Y-%m-%d}",
        "date_joined_1": f"{user.date_joined:%H:%M:%S}",
    }
    return {"username": user.username, "first_name": user.first_name, **joined, **flags, **changed}


def _otherwise(made: Model) -> dict[str, Any]:
    """The form of what was added, with one thing changed."""
    if isinstance(made, User):
        return _account(made, first_name="Otherwise")
    return {**NEW[str(made._meta.model_name)](), "name": "Otherwise"}


def _olga() -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = people.user("olga")
    return request


def _editable() -> dict[type[Model], AuditedAdmin]:
    """The pages on which somebody who may do everything may do something."""
    request = _olga()
    return {
        model: page  # type: ignore[misc]  # that it is one is tested
        for model, page in admin.site._registry.items()
        if model._meta.app_label in APPS
        if page.has_add_permission(request) or page.has_change_permission(request)
    }


def _page(model: type[Model], name: str, *arguments: object) -> str:
    return address(f"{model._meta.app_label}_{model._meta.model_name}_{name}", *arguments)


def _made(model: type[Model]) -> Model:
    """One that Olga adds with the form."""
    known = set(model._base_manager.values_list("pk", flat=True))
    given = NEW[str(model._meta.model_name)]()
    answer = signed_in("olga").post(_page(model, "add"), given)
    assert answer.status_code == 302, answer.content.decode()
    return model._base_manager.exclude(pk__in=known).get()


def _written() -> tuple[str, str, int | None, str]:
    entry = AuditEntry.objects.latest("id")
    return entry.action, entry.object_type, entry.object_id, entry.actor_name


def test_every_page_of_ours_stands_on_the_one_that_writes_the_log() -> None:
    others = [
        model
        for model, page in admin.site._registry.items()
        if model._meta.app_label in APPS and not isinstance(page, AuditedAdmin)
    ]
    assert others == []


def test_whatever_a_page_adds_is_in_the_log() -> None:
    request, silent = _olga(), []
    for model, page in _editable().items():
        if page.has_add_permission(request):
            made = _made(model)
            if _written() != (Action.ADDED, model._meta.model_name, made.pk, "Olga"):
                silent.append(model)
    assert silent == []


def test_whatever_a_page_changes_is_in_the_log() -> None:
    request, silent = _olga(), []
    for model, page in _editable().items():
        if not page.has_change_permission(request):
            continue
        made = _made(model)
        answer = signed_in("olga").post(_page(model, "change", made.pk), _otherwise(made))
        assert answer.status_code == 302, (model, answer.content.decode())
        entry = AuditEntry.objects.latest("id")
        if _written() != (Action.CHANGED, model._meta.model_name, made.pk, "Olga"):
            silent.append(model)
        assert list(entry.after.values()) == ["Otherwise"], model
    assert silent == []


def test_whatever_a_page_deletes_is_in_the_log() -> None:
    request, silent = _olga(), []
    for model, page in _editable().items():
        if page.has_delete_permission(request):
            made = _made(model)
            name, key = str(made), made.pk
            assert signed_in("olga").post(_page(model, "delete", key), {"post": "yes"}).status_code == 302
            entry = AuditEntry.objects.latest("id")
            if (*_written(), entry.object_name) != (
                Action.DELETED, model._meta.model_name, key, "Olga", name,
            ):  # fmt: skip
                silent.append(model)
            assert entry.before, model
    assert silent == []


def test_rows_that_were_ticked_in_a_list_are_each_in_the_log() -> None:
    rows = [_made(Freeze), _made(Freeze)]
    chosen = {
        "action": "delete_selected",
        "_selected_action": [row.pk for row in rows],
        "post": "yes",
    }
    signed_in("olga").post(address("maintenance_freeze_changelist"), chosen)
    deleted = AuditEntry.objects.filter(action=Action.DELETED).values_list("object_id", flat=True)
    assert (set(deleted), Freeze.objects.count()) == ({row.pk for row in rows}, 0)


def test_nothing_is_changed_when_its_line_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    freeze = planned.times(Freeze, "Audit")

    def refuse(*arguments: object, **options: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("maintenance.audit.append_entry", refuse)
    client = signed_in("olga")
    client.raise_request_exception = False
    client.post(_page(Freeze, "change", freeze.pk), {**TIMES})
    client.post(_page(Freeze, "delete", freeze.pk), {"post": "yes"})
    client.post(_page(Freeze, "add"), {**TIMES})
    assert list(Freeze.objects.values_list("name")) == [("Audit",)]


def test_a_form_that_is_saved_as_it_stands_has_changed_nothing() -> None:
    _made(Freeze)
    before = AuditEntry.objects.count()
    signed_in("olga").post(_page(Freeze, "change", Freeze.objects.get().pk), TIMES)
    assert AuditEntry.objects.count() == before


def test_before_and_after_are_words_and_instants() -> None:
    cards = people.service("cards")
    freeze = planned.times(Freeze, "Audit")
    freeze.services.add(cards)
    signed_in("ada").post(_page(Freeze, "change", freeze.pk), TIMES)
    entry = AuditEntry.objects.get()
    assert entry.before == {
        "name": "Audit",
        "starts at": "2026-03-02T10:00:00+00:00",
        "ends at": "2026-03-02T12:00:00+00:00",
        "services": ["Cards"],
    }
    assert entry.after == {
        "name": "Year end",
        "starts at": "2026-03-08T02:00:00+00:00",
        "ends at": "2026-03-08T06:00:00+00:00",
    }
    assert (entry.at, entry.actor) == (people.NOW, people.user("ada"))


def test_what_still_works_is_part_of_its_service() -> None:
    banking = people.service(alternative=False)
    given = {
        "name": banking.name,
        "names_ar": banking.names["ar"],
        "key": banking.key,
        "time_zone": "Europe/London",
        "country": "GB",
        "depends_on": [people.service("cards").pk],
        "alternatives-TOTAL_FORMS": "1",
        "alternatives-INITIAL_FORMS": "0",
        "alternatives-0-words": "Cards work.",
    }
    assert signed_in("ada").post(_page(Service, "change", banking.pk), given).status_code == 302
    entry = AuditEntry.objects.get()
    assert entry.before == {}
    assert entry.after == {"alternatives": ["words: Cards work."], "depends on": ["Cards"]}


def test_what_goes_with_a_service_is_counted() -> None:
    banking = people.service()
    Cutoff.objects.create(
        service=banking,
        kind="batch",
        name="Night run",
        starts_at=people.NOW,
        ends_at=people.NOW.replace(hour=12),
    )
    signed_in("olga").post(_page(Service, "delete", banking.pk), {"post": "yes"})
    assert AuditEntry.objects.get().before["deleted with it"] == {"alternatives": 1, "cut-offs": 1}


def test_the_groups_of_a_person_are_in_the_log() -> None:
    groups.make_groups()
    ben = people.user("ben")
    managers = Group.objects.get(name=groups.CHANGE_MANAGERS)
    given = _account(ben, groups=[managers.pk])
    assert signed_in("olga").post(_page(User, "change", ben.pk), given).status_code == 302
    entry = AuditEntry.objects.get()
    assert (entry.before, entry.after) == (
        {"groups": ["Approvers"]},
        {"groups": ["Change managers"]},
    )


def test_what_a_group_may_do_is_in_the_log() -> None:
    night = Group.objects.create(name="Night shift")
    may = Permission.objects.get(codename="book_window")
    signed_in("olga").post(_page(Group, "change", night.pk), {"name": "Night shift", "permissions": [may.pk]})
    assert AuditEntry.objects.get().after == {"permissions": [str(may)]}


def test_a_password_is_said_to_be_set_and_never_kept() -> None:
    people.user("olga")
    _made(User)
    ada = people.user("ada")
    given = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    signed_in("olga").post(address("auth_user_password_change", ada.pk), given)
    assert _written() == (Action.PASSWORD_SET, "user", ada.pk, "Olga")
    ada.refresh_from_db()
    kept = [f"{row.before}{row.after}{row.reason}{row.object_name}" for row in AuditEntry.objects.all()]
    assert [text for text in kept if PASSWORD in text or ada.password in text or "pbkdf2" in text] == []


def test_a_rule_book_that_is_taken_over_is_in_the_log_with_what_it_replaced() -> None:
    policy = policies.policy_of()
    page = address("maintenance_noticepolicy_rulebooks")
    signed_in("ben").post(page, {"rulebook": "SA-SAMA-66"})
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_type, entry.object_id) == (Action.CHANGED, "noticepolicy", policy.pk)
    assert (entry.before["unit"], entry.after["unit"]) == ("Calendar days", "Working days")
    assert "Took over the ready-made policy SA-SAMA-66" in entry.reason
    signed_in("ben").post(page, {"rulebook": "PK-SBP-REGULATOR"})
    made = NoticePolicy.objects.get(audience="regulator")
    assert _written() == (Action.ADDED, "noticepolicy", made.pk, "Ben")


def test_an_import_says_what_it_took_and_keeps_what_it_overwrote() -> None:
    policies.policy_of()
    client = signed_in("ada")
    confirmed(
        client, *shown(client, calendar(block(*WEEK), block(*WEEK, uid="two"), block(*WEEK[:1], uid="x")))
    )
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_type, entry.object_name) == (Action.IMPORTED, "freeze", "freezes.ics")
    assert (entry.after["added"], entry.after["changed"], entry.after["rejected"]) == (2, 0, 1)
    again = calendar(block(*WEEK[:2], "RRULE:FREQ=DAILY"), block(*WEEK, "STATUS:CANCELLED", uid="two"))
    confirmed(client, *shown(client, again))
    gone, changed, whole = AuditEntry.objects.order_by("id")[1:]
    assert (gone.action, gone.before["name"], gone.after) == (Action.DELETED, "Sale", {})
    assert (changed.before["recurrence"], changed.after["recurrence"]) == (
        "FREQ=WEEKLY;COUNT=9",
        "FREQ=DAILY",
    )
    assert {gone.reason, changed.reason} == {"Imported from freezes.ics"}
    assert (whole.after["changed"], whole.after["removed"]) == (1, 1)


def test_the_end_of_a_series_is_in_the_log_and_what_was_done_about_its_times() -> None:
    skipped = planned.skipped()
    ada = people.user("ada")
    series.settle_skipped(skipped, "Moved to Friday", by=ada, now=people.NOW)
    series.end_series(skipped.series, by=ada, now=people.NOW)
    settled, ended = AuditEntry.objects.order_by("id")
    assert (settled.action, settled.reason) == (Action.SETTLED, "Moved to Friday")
    assert (ended.action, ended.object_type, ended.object_id) == (Action.ENDED, "series", skipped.series_id)
