"""The invented bank: plausible, complete, harmless, and all or nothing."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
import time_machine
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from pytest_django import Settings

from maintenance import policies, recurrence, rules, slots
from maintenance.models import (
    CriticalDay,
    Customer,
    Cutoff,
    Freeze,
    Service,
    StandingWindow,
    SupportCover,
    TrafficSample,
)
from maintenance.staff import groups
from maintenance.staff.sign_in import one_time
from notifications import demonstration
from notifications.customers.store import CustomerRow
from notifications.demonstration import Built, invented_customers, staff, usage
from notifications.models import Contact, Suppression
from tests import people

KEYS = ("online-banking", "mobile-app", "card-payments", "instant-transfers", "cash-machines")
FICTION = re.compile(r"\+447700900\d{3}|\+1[2-9]\d{2}55501\d{2}")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Two days and a few people: what is true of them is true of all."""
    monkeypatch.setattr(usage, "_HOURS", 48)
    monkeypatch.setattr(invented_customers, "SIZE", 120)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def built(db: None, small: None, now: datetime) -> Built:
    """The bank in the database."""
    return demonstration.build(now=now, progress=lambda words: None)


def test_the_services_have_arabic_names_and_something_that_still_works(built: Built) -> None:
    """In both languages, or no notice of them could be worded."""
    for service in Service.objects.prefetch_related("alternatives"):
        alternatives = list(service.alternatives.all())
        assert service.name_in("ar") != service.name
        assert [each.words_in("ar") != each.words for each in alternatives] == [True]
    assert set(Service.objects.values_list("key", flat=True)) == set(KEYS)


def test_what_still_works_names_no_service_that_may_be_away_with_it(built: Built) -> None:
    """The rules keep apart only what is named as standing in."""
    services = list(Service.objects.all())
    for service in services:
        for instead in service.alternatives.select_related("instead"):
            named = [one for one in services if one.name.lower() in instead.words.lower()]
            assert [one for one in named if one != instead.instead] == []


def test_everything_is_marked_as_invented(built: Built) -> None:
    """For programs and for readers."""
    assert Customer.objects.filter(demonstration=False).count() == 0
    assert Service.objects.filter(demonstration=False).count() == 0
    assert all("generator" in service.description for service in Service.objects.all())


def test_payments_and_cards_move_money(built: Built) -> None:
    """Their users get an SMS the day before."""
    moving = Service.objects.filter(moves_money=True).values_list("key", flat=True)
    assert set(moving) == {"card-payments", "instant-transfers", "cash-machines"}


def test_what_stands_in_does_not_depend_on_what_is_away(built: Built) -> None:
    """Else the words would be wrong."""
    for service in Service.objects.prefetch_related("alternatives", "dependents"):
        instead = {each.instead_id for each in service.alternatives.all()}
        assert not instead & {each.pk for each in service.dependents.all()}


def test_the_traffic_ends_with_the_last_full_hour(built: Built, now: datetime) -> None:
    """Nothing of it lies in the future."""
    last = TrafficSample.objects.order_by("-at").values_list("at", flat=True)[0]
    assert (last, TrafficSample.objects.count()) == (now - timedelta(hours=1), 5 * 48)


def test_the_next_freeze_is_the_year_end_and_comes_back(built: Built) -> None:
    """By the bank's own clock."""
    freeze = Freeze.objects.get()
    times = recurrence.coming_times(freeze.recurring, people.NOW, 2)
    assert times == [
        (datetime(year, 12, 15, tzinfo=UTC), datetime(year + 1, 1, 5, tzinfo=UTC)) for year in (2026, 2027)
    ]


@pytest.mark.django_db
def test_a_freeze_under_way_is_followed_by_the_next(small: None) -> None:
    """A demonstration on Christmas Eve must find slots, and a freeze ahead."""
    demonstration.build(now=datetime(2026, 12, 24, tzinfo=UTC), progress=lambda words: None)
    assert Freeze.objects.get().starts_at == datetime(2027, 12, 15, tzinfo=UTC)


def test_there_is_a_day_or_a_time_for_each_rule(built: Built) -> None:
    """Whoever looks finds what can stand against a slot."""
    days = {day.name for day in CriticalDay.objects.all()}
    kinds = set(Cutoff.objects.values_list("kind", flat=True))
    assert (days, kinds) == ({"Payday", "Month end", "Tax deadline"}, {"batch", "salaries", "clearing"})
    assert set(SupportCover.objects.values_list("name", flat=True)) == {"Hotline", "Chat"}
    assert {each.services.get().key for each in StandingWindow.objects.all()} == {"cash-machines"}


@pytest.mark.parametrize(("country", "closed"), [("GB-ENG", "Sunday"), ("SA", "Friday"), ("XX", "Sunday")])
@pytest.mark.django_db
def test_the_hotline_rests_on_the_countrys_day_of_rest(
    small: None, settings: Settings, now: datetime, country: str, closed: str
) -> None:
    """And is open from seven to ten on all others."""
    settings.COUNTRY = country
    demonstration.build(now=now, progress=lambda words: None)
    hotline = SupportCover.objects.get(name="Hotline")
    times = recurrence.coming_times(hotline.recurring, now, 6)
    assert {f"{starts_at:%A}" for starts_at, _ in times} == set(calendar.day_name) - {closed}
    assert {(starts_at.hour, ends_at.hour) for starts_at, ends_at in times} == {(7, 22)}


@pytest.mark.django_db
def test_every_service_has_quiet_slots(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    """With all that stands against them, and none of the times that are kept clear."""
    monkeypatch.setattr(usage, "_HOURS", 120 * 24)
    monkeypatch.setattr(invented_customers, "SIZE", 60)
    policies.policy_of()
    demonstration.build(now=now, progress=lambda words: None)
    for service in Service.objects.all():
        found = slots.suggest(slots.Search([service]), timedelta(hours=2), now=now, count=3)
        assert found.based_on_traffic
        assert len(found.slots) == 3, service
        for slot in found.slots:
            around = rules.rule_context([service], slot.starts_at, slot.ends_at)
            assert rules.is_free(around, rules.WindowTime(slot.starts_at, slot.ends_at, now))


def test_a_few_have_opted_out(built: Built) -> None:
    """Of an address that is there."""
    reasons = Suppression.objects.values_list("channel", "reason")
    hmacs = {bytes(hmac) for hmac in Contact.objects.values_list("address_hmac", flat=True)}
    assert sorted(reasons) == [("email", "opt_out")] * 5 + [("sms", "opt_out")] * 9
    assert all(bytes(each.address_hmac) in hmacs for each in Suppression.objects.all())


@pytest.mark.usefixtures("standing_clock")
def test_ada_ben_and_olga_can_sign_in_once(built: Built) -> None:
    """With what is told nowhere else, and not again without choosing a password."""
    roles = {}
    for name, password in built.people:
        person = authenticate(username=name, password=password)
        assert isinstance(person, User)
        assert person.is_staff
        assert not person.is_superuser
        roles[name] = set(person.groups.values_list("name", flat=True))
        assert one_time.one_time_password(person)
    assert roles == {"ada": {groups.CHANGE_MANAGERS}, "ben": {groups.APPROVERS}, "olga": {groups.READERS}}


@pytest.mark.usefixtures("standing_clock")
def test_passwords_that_were_never_used_can_be_issued_again(built: Built, now: datetime) -> None:
    """Whoever signed in keeps theirs."""
    User.objects.filter(username="ada").update(last_login=now)
    again = dict(demonstration.reissue(now=now))
    assert (set(again), dict(built.people).items() & again.items()) == ({"ben", "olga"}, set())
    assert authenticate(username="ben", password=again["ben"]) is not None


def test_passwords_that_have_ended_are_issued_again_to_whoever_still_has_them(
    built: Built, now: datetime
) -> None:
    """Ada signed in and chose none of her own, Ben did."""
    User.objects.update(last_login=now)
    ben = User.objects.get(username="ben")
    ben.set_password("ben-chose-this-one")
    ben.save()
    again = dict(demonstration.reissue(now=now + one_time.LASTS))
    assert set(again) == {"ada", "olga"}
    with time_machine.travel(now + one_time.LASTS):
        assert authenticate(username="ada", password=again["ada"]) is not None


@pytest.mark.django_db
def test_an_account_of_the_same_name_is_left_alone(small: None, now: datetime) -> None:
    """It is somebody's."""
    User.objects.create_user("ada", password="her own")
    people = demonstration.build(now=now, progress=lambda words: None).people
    demonstration.reissue(now=now)
    assert [name for name, _ in people] == ["ben", "olga"]
    assert authenticate(username="ada", password="her own") is not None


@pytest.mark.django_db
@pytest.mark.parametrize("stage", ["opt_out", "make_staff"])
def test_a_build_cut_short_leaves_nothing_and_is_built_again(
    small: None, now: datetime, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    """The next start finds an empty database."""

    def dies(*_: Any, **__: Any) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as broken:
        broken.setattr({"opt_out": invented_customers, "make_staff": staff}[stage], stage, dies)
        with pytest.raises(RuntimeError):
            demonstration.build(now=now, progress=lambda words: None)
    left = (Service.objects.exists(), Customer.objects.exists(), User.objects.exists())
    demonstration.build(now=now, progress=lambda words: None)
    assert (left, Customer.objects.count()) == ((False, False, False), 120)


@pytest.mark.django_db
def test_each_stage_is_told(small: None, now: datetime) -> None:
    """A first start takes seconds."""
    told: list[str] = []
    demonstration.build(now=now, progress=told.append)
    assert told == [
        "Services, with a year of generated traffic ...",
        "120 invented customers ...",
        "Ada, Ben and Olga ...",
    ]


def test_the_customers_are_the_same_every_time() -> None:
    """Pictures and words about them stay true."""
    assert invented_customers.make_customers(KEYS) == invented_customers.make_customers(KEYS)


def test_no_customer_can_be_reached() -> None:
    """Every address is reserved for fiction by those who give addresses out."""
    rows = invented_customers.make_customers(KEYS)
    assert {row.phone for row in rows if row.phone and not FICTION.fullmatch(row.phone)} == set()
    assert {row.email.rpartition("@")[2] for row in rows} == {"", "example.com"}


def test_every_phone_has_a_country() -> None:
    """Or its SMS would have no price."""
    phones = [row.phone for row in invented_customers.make_customers(KEYS) if row.phone]
    assert {phonenumbers.parse(phone).country_code for phone in phones} == {1, 44}


def test_no_two_customers_share_an_address() -> None:
    """One person's opt-out must not look like another's."""
    rows = invented_customers.make_customers(KEYS)
    for addresses in ([row.phone for row in rows if row.phone], [row.email for row in rows if row.email]):
        assert len(addresses) == len(set(addresses))


@pytest.mark.parametrize(
    ("percent", "who"),
    [
        (30, lambda row: row.language == "ar"),
        (2, lambda row: row.vulnerable),
        (6, lambda row: not row.phone),
        (8, lambda row: not row.email),
        (0.5, lambda row: not row.phone and not row.email),
        (75, lambda row: "cash-machines" in row.services),
    ],
)
def test_the_crowd_is_mixed(percent: float, who: Callable[[CustomerRow], bool]) -> None:
    """There is somebody for each state that a delivery can have."""
    rows = invented_customers.make_customers(KEYS)
    assert 100 * sum(map(who, rows)) / len(rows) == pytest.approx(percent, rel=0.3)


def test_names_are_in_the_script_of_their_language() -> None:
    """Right to left is seen only then."""
    arabic = re.compile("[\u0600-\u06ff ]+")
    assert all(
        bool(arabic.fullmatch(row.name)) is (row.language == "ar")
        for row in invented_customers.make_customers(KEYS)
    )


def year(key: str = "online-banking", country: str = "GB") -> Sequence[tuple[datetime, float]]:
    """A year of a service's traffic by London's clock."""
    service = Service(key=key, time_zone="Europe/London", country=country)
    samples = usage.year_of_usage(service, until=datetime(2026, 3, 2, 9, 40, tzinfo=UTC))
    return [(at.astimezone(ZoneInfo("Europe/London")), count) for at, count in samples]


def mean(counts: list[float]) -> float:
    """Of the counts in an hour."""
    return sum(counts) / len(counts)


def test_a_year_has_all_its_hours() -> None:
    """Up to the last full one."""
    samples = year()
    assert (len(samples), samples[-1][0]) == (8760, datetime(2026, 3, 2, 8, tzinfo=UTC))


def test_the_traffic_is_the_same_every_time() -> None:
    """The generator is seeded."""
    assert year() == year()


@pytest.mark.parametrize("key", KEYS)
def test_nights_are_quieter_than_days(key: str) -> None:
    """Where maintenance belongs."""
    samples = year(key)
    night = mean([count for at, count in samples if at.hour == 3])
    assert night < 0.15 * mean([count for at, count in samples if at.hour == 12])


def test_weekends_paydays_and_holidays_show() -> None:
    """A suggestion that is blind for them is seen to be."""
    noon = {at.date(): count for at, count in year() if at.hour == 12}
    usual = mean([count for day, count in noon.items() if day.weekday() < 5 and day.day < 20])
    assert mean([count for day, count in noon.items() if day.weekday() == 6]) < 0.75 * usual
    assert mean([n for day, n in noon.items() if day.weekday() < 5 and day.day in (25, 26, 27, 28)]) > usual
    assert noon[date(2025, 4, 18)] < 0.6 * usual


def test_a_country_has_its_own_weekend() -> None:
    """Friday and Saturday in Saudi Arabia."""
    noon = {at.date(): count for at, count in year(country="SA") if at.hour == 12}
    friday, sunday = (
        mean([count for day, count in noon.items() if day.weekday() == weekday]) for weekday in (4, 6)
    )
    assert friday < 0.75 * sunday


def test_traffic_grows() -> None:
    """A level that stays would hide a wrong normalisation."""
    counts = [count for _, count in year()]
    assert mean(counts[-2000:]) > mean(counts[:2000])


def test_a_country_without_a_calendar_has_a_weekend_all_the_same() -> None:
    """COUNTRY may be any."""
    assert len(year(country="XX")) == 8760
