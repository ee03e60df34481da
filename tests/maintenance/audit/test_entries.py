"""A line says who, what, before, after, why and when; it keeps no secret and no address."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from maintenance import audit
from maintenance.audit import wording
from maintenance.models import AuditEntry, Customer, Freeze
from tests import people
from tests.maintenance import planned

pytestmark = pytest.mark.django_db

Action = AuditEntry.Action


def _kept(before: dict[str, object], after: dict[str, object]) -> AuditEntry:
    return _kept_by(people.user("ada"), before, after)


def _kept_by(
    person: User, before: dict[str, object] | None = None, after: dict[str, object] | None = None
) -> AuditEntry:
    stamp = audit.Stamp(person, people.NOW)
    entry = audit.append_entry(
        Action.CHANGED, planned.times(Freeze, "Audit"), stamp, states=audit.States(before or {}, after or {})
    )
    entry.refresh_from_db()
    return entry


def test_only_what_differs_is_kept() -> None:
    entry = _kept({"name": "Sale", "services": ["Cards"]}, {"name": "Sale", "services": []})
    assert (entry.before, entry.after) == ({"services": ["Cards"]}, {"services": []})


@pytest.mark.parametrize(
    "name", ["password", "api_token", "secret", "phone", "Email address", "e-mail", "address hmac", "address"]
)
def test_what_is_secret_or_an_address_is_only_said_to_have_changed(name: str) -> None:
    entry = _kept(
        {name: "+44 7700 900123"}, {name: ["cleo@example.com"], "inner": {name: "cleo@example.com"}}
    )
    assert "900123" not in str(entry.before)
    assert "cleo@example.com" not in str(entry.after)
    said = {what: after for what, _, after in wording.line_of_entry(entry).differences}
    assert said == {name.replace("_", " "): "changed; what it is is not kept", "inner": f"{name}: (not kept)"}


def test_who_did_it_stays_when_the_account_has_gone() -> None:
    entry = _kept({}, {"name": "Sale"})
    User.objects.filter(username="ada").delete()
    entry.refresh_from_db()
    assert (entry.actor, entry.actor_name) == (None, "Ada")


def test_people_of_one_name_are_told_apart() -> None:
    ada = people.user("ada")
    ada.first_name, ada.last_name = "Ada", "Lovelace"
    assert audit.person_name(ada) == "Ada Lovelace (ada)"


def test_whoever_has_the_longest_names_can_do_something() -> None:
    ada = people.user("ada")
    ada.first_name, ada.last_name, ada.username = "A" * 150, "L" * 150, "a" * 150
    ada.save()
    entry = _kept_by(ada)
    assert entry.actor_name.startswith(ada.get_full_name())
    assert len(entry.actor_name) == 310


def test_a_command_is_named_as_one() -> None:
    states = audit.States(after={"accepted": 5_000, "rejected": 3})
    stamp = audit.Stamp(None, people.NOW)
    entry = audit.append_entry(Action.IMPORTED, Customer, stamp, states=states, name="customers.csv")
    line = wording.line_of_entry(entry)
    assert line.sentence == "Command line imported customers “customers.csv”"
    assert line.details == "accepted: 5,000; rejected: 3"


def test_the_name_of_a_file_may_be_what_no_database_holds() -> None:
    entry = audit.append_entry(
        Action.IMPORTED, Customer, audit.Stamp(None, people.NOW), states=audit.States(), name="a\0b\udcff.csv"
    )
    entry.refresh_from_db()
    assert entry.object_name == "a?b?.csv"


def test_a_long_text_is_cut() -> None:
    assert len(str(_kept({}, {"description": "x" * 50_000}).after["description"])) == 1_001


def test_what_no_table_of_the_log_names_is_a_fault_of_ours() -> None:
    with pytest.raises(ValueError, match="window"):
        audit.append_entry(
            Action.ADDED, people.window(), audit.Stamp(None, people.NOW), states=audit.States()
        )


def test_a_freeze_may_be_called_what_a_window_is() -> None:
    assert (
        wording.line_of_entry(_kept({"name": "started"}, {"name": "text"})).details == "name: started → text"
    )


def test_of_lists_and_tables_only_what_came_and_went_is_said() -> None:
    line = wording.line_of_entry(
        _kept(
            {"services": ["Cards", "Loans"], "names": {"ar": "A", "fr": "B"}, "day": "2026-03-20"},
            {"services": ["Cards", "Salaries"], "names": {"ar": "A", "fr": "C"}, "day": "2026-03-21"},
        )
    )
    assert line.details == (
        "day: Fri 20 Mar 2026 → Sat 21 Mar 2026; names: fr: B → fr: C; services: Loans → Salaries"
    )
