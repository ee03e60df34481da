"""Who is promised how much notice, and which of several promises counts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from maintenance import bank_time, policies
from maintenance.models import Customer, Holiday, NoticeKind, NoticePolicy
from maintenance.policies import Promise
from tests.maintenance.usage import london

WEEK, FIVE_DAYS = timedelta(days=7), timedelta(days=5)
SUNDAY = london(date(2026, 3, 15), 2)


def _partners(days: int, **fields: object) -> NoticePolicy:
    lead = timedelta(days=days)
    return NoticePolicy(audience=Customer.Kind.PARTNER, name="Partners", promised=lead, least=lead, **fields)


@pytest.mark.django_db
def test_customers_are_promised_a_week_and_no_less_than_five_days() -> None:
    policy = policies.policy_of()
    assert (policy.promised, policy.least) == (WEEK, FIVE_DAYS)


@pytest.mark.django_db
def test_the_default_policy_says_who_hears_when_by_which_channels() -> None:
    everywhere = ["sms", "email", "inapp", "social"]
    rules = {
        (rule.kind, rule.lead.days, rule.only_money): rule.channels
        for rule in policies.policy_of().rules.all()
    }
    assert rules == {
        (NoticeKind.ANNOUNCED, 7, False): everywhere,
        (NoticeKind.REMINDER, 1, False): ["inapp"],
        (NoticeKind.REMINDER, 1, True): ["sms"],
        (NoticeKind.STARTED, 0, False): ["inapp", "social"],
        (NoticeKind.FINISHED, 0, False): ["inapp", "social"],
        (NoticeKind.CANCELLED, 0, False): everywhere,
        (NoticeKind.RESCHEDULED, 0, False): everywhere,
    }


@pytest.mark.django_db
def test_an_audience_without_a_policy_is_named() -> None:
    with pytest.raises(NoticePolicy.DoesNotExist, match="how much notice a regulator is promised"):
        policies.policy_of("regulator")


@pytest.mark.django_db
def test_customers_must_have_a_policy_whoever_else_has_one() -> None:
    _partners(9).save()
    policies.policy_of().delete()
    with pytest.raises(NoticePolicy.DoesNotExist, match="how much notice a customer is promised"):
        policies.all_promises()


@pytest.mark.django_db
def test_customers_come_first() -> None:
    NoticePolicy.objects.create(audience=Customer.Kind.REGULATOR, name="The regulator")
    _partners(9).save()
    found = [promise.policy.audience for promise in policies.all_promises()]
    assert found == ["customer", "partner", "regulator"]


@pytest.mark.django_db
def test_a_country_is_read_only_for_working_days(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    _partners(9).save()
    with django_assert_num_queries(1):
        policies.all_promises()


@pytest.mark.django_db
def test_working_days_without_a_country_are_those_of_the_bank(settings: Settings) -> None:
    settings.COUNTRY = "SA"
    partners = _partners(5, unit=NoticePolicy.Unit.WORKING_DAYS)
    assert policies.counted_promise(partners).country.code == "SA"


@pytest.mark.django_db
def test_the_bank_s_own_holidays_go_over_those_of_the_country() -> None:
    """Eid ends a day later than the library thinks, and the bank keeps a day of its own."""
    partners = _partners(5, unit=NoticePolicy.Unit.WORKING_DAYS, country="SA")
    wednesday = london(date(2026, 4, 1), 12)
    before = policies.counted_promise(partners).last_moment(wednesday)
    for day, name in ((date(2026, 3, 25), "Eid al-Fitr"), (date(2026, 3, 30), "Founders' day")):
        Holiday.objects.create(country="SA", day=day, name=name)
    after = policies.counted_promise(partners).last_moment(wednesday)
    assert (bank_time.bank_day(before), bank_time.bank_day(after)) == (date(2026, 3, 25), date(2026, 3, 17))


def test_of_several_promises_the_strictest_counts() -> None:
    promises = [Promise(_partners(9)), Promise(_partners(3))]
    assert policies.last_moment(SUNDAY, promises) == SUNDAY - timedelta(days=9)


def test_what_frees_from_the_strictest_leaves_the_others() -> None:
    promises = [Promise(_partners(9, exempt=["security"])), Promise(_partners(3))]
    assert policies.last_moment(SUNDAY, promises, "security") == SUNDAY - timedelta(days=3)
    assert policies.last_moment(SUNDAY, promises, "critical") == SUNDAY - timedelta(days=9)


def test_what_frees_from_every_promise_may_be_booked_until_it_begins() -> None:
    assert policies.last_moment(SUNDAY, [Promise(_partners(9, exempt=["security"]))], "security") == SUNDAY


def test_the_first_start_keeps_every_promise(now: datetime) -> None:
    promises = [Promise(_partners(3)), Promise(_partners(9))]
    assert policies.earliest_start(now, promises) == now + timedelta(days=9)
    assert policies.earliest_allowed(now, promises) == now + timedelta(days=9)


def test_a_reminder_is_due_at_ten_so_many_days_before() -> None:
    assert policies.due_at(london(date(2026, 11, 29), 2), WEEK) == london(date(2026, 11, 22), 10)


def test_days_are_the_bank_s_across_a_clock_change() -> None:
    start = london(date(2026, 3, 31), 2)
    assert policies.due_at(start, WEEK) == datetime(2026, 3, 24, 10, tzinfo=UTC)
    assert policies.due_at(start, timedelta(days=1)) == datetime(2026, 3, 30, 9, tzinfo=UTC)


def test_days_are_the_bank_s_and_not_utc_s(settings: Settings) -> None:
    settings.TIME_ZONE = "Pacific/Auckland"
    start = datetime(2026, 3, 9, 20, tzinfo=UTC)  # the tenth in Auckland
    assert policies.due_at(start, WEEK) == datetime(2026, 3, 2, 21, tzinfo=UTC)


def test_a_lead_that_is_no_number_of_days_is_exact() -> None:
    start = london(date(2026, 3, 10), 2)
    assert policies.due_at(start, timedelta(hours=36)) == start - timedelta(hours=36)
    assert policies.due_at(start, timedelta(0)) == start
