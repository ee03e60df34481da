"""The policy of one audience in; what it means for the start of a window out.

**How days are counted.** The day on which notice is given does not count, the day of the start does. Five
working days before Friday the 20th are Friday the 13th, a week earlier: Monday to Friday are the five. Where
the policy says that the day of notice counts, they are Monday the 16th. The day of the start counts even
where it is a day of rest: five working days before Saturday the 14th are Monday the 9th. All days are those
of the bank's clock, working days those of the policy's country with the bank's own table over the library's.

**To the hour.** Calendar days of the least notice are whole days of 24 hours to the start, and hours are
exact. Working days are days: notice may be given until the end of the last one. Customers hear nothing
between QUIET_FROM and QUIET_UNTIL, so their last moment to book is never in those hours of the bank's clock;
whoever lives in another zone may hear some hours later.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final

from django.conf import settings

from maintenance import bank_time
from maintenance.bank_days import Country
from maintenance.models import Customer, NoticePolicy

Unit = NoticePolicy.Unit
_DAY: Final = timedelta(days=1)
_NEXT: Final = timedelta(microseconds=1)
"""No time is told apart more finely: a day ends so long before the next begins."""
_A_MINUTE: Final = timedelta(minutes=1)
"""What is booked in the last minute before quiet hours would not be out before them."""


@dataclass(frozen=True)
class Promise:
    """What one audience is promised."""

    policy: NoticePolicy
    country: Country = field(default_factory=lambda: Country(""))
    """Whose working days count, where the policy is in working days."""
    # what has been worked out: thousands of times may be asked about, on a few days
    _known: dict[tuple[date, int], date] = field(default_factory=dict, repr=False, compare=False)
    _days: dict[date, tuple[datetime, datetime]] = field(default_factory=dict, repr=False, compare=False)

    def frees(self, exemption: str) -> bool:
        """Whether work of this kind (a value of Exemption, or empty) is free from all that it demands."""
        return bool(exemption) and exemption in self.policy.exempt

    def due_at(self, starts_at: datetime, lead: timedelta = timedelta(0)) -> datetime:
        """When the announcement is due, in UTC: as long ahead as is promised, or by a longer `lead`.

        In days, at NOTICE_HOUR of the bank's clock; in hours, to the minute; never after the last moment.
        """
        ahead = max(self.policy.promised, lead)
        if self._exact(ahead):
            due = starts_at - ahead
        else:
            day = self._before(bank_time.bank_day(starts_at), self._number(ahead))
            due = bank_time.at_bank(day, time(settings.NOTICE_HOUR))
        return min(due, self.last_moment(starts_at))

    def last_moment(self, starts_at: datetime) -> datetime:
        """The last moment, in UTC, at which a window with this start can be booked, and approved, in time."""
        if not self.policy.least:
            return starts_at
        return self._heard_by(self.least_until(starts_at).replace(microsecond=0))

    def least_until(self, starts_at: datetime) -> datetime:
        """The last moment, in UTC, at which who is told, awake or not, has the least notice of this start."""
        if self.policy.unit != Unit.WORKING_DAYS:
            return starts_at - self._length(self.policy.least)
        return self._end_of_notice(starts_at, self.policy.least)

    def earliest_allowed(self, now: datetime) -> datetime:
        """The first start, in UTC, that keeps the least notice when it is booked now."""
        if not self.policy.least:
            return now
        heard = self._heard_from(now)
        if self.policy.unit != Unit.WORKING_DAYS:
            return heard + self._length(self.policy.least)
        number = self._number(self.policy.least)
        return max(heard, bank_time.at_bank(self._after(bank_time.bank_day(heard), number), time.min))

    def earliest_start(self, now: datetime) -> datetime:
        """The first start, in UTC, whose announcement is due after `now` and that keeps the least notice."""
        if self._exact(self.policy.promised):
            return max(now + self.policy.promised, self.earliest_allowed(now))
        day = bank_time.bank_day(now)
        if bank_time.at_bank(day, time(settings.NOTICE_HOUR)) <= now:
            day += _DAY
        first = bank_time.at_bank(self._after(day, self._number(self.policy.promised)), time.min)
        return max(first, self.earliest_allowed(now))

    def kept(self, told_at: datetime, begins_at: datetime) -> bool:
        """Whether who was told then of what began then had all the notice promised, not only the least."""
        return told_at <= self.kept_until(begins_at)

    def kept_until(self, begins_at: datetime) -> datetime:
        """The last moment, in UTC, at which who is told of what begins then has all the notice promised."""
        if self._exact(self.policy.promised):
            return begins_at - self.policy.promised
        return self._end_of_notice(begins_at, self.policy.promised)

    def _end_of_notice(self, begins_at: datetime, lead: timedelta) -> datetime:
        """The end of the last day of notice, and never after the start."""
        day = self._before(bank_time.bank_day(begins_at), self._number(lead))
        return min(begins_at, bank_time.at_bank(day + _DAY, time.min) - _NEXT)

    def _exact(self, lead: timedelta) -> bool:
        unit = self.policy.unit
        return unit == Unit.HOURS or (unit == Unit.CALENDAR_DAYS and bool(lead % _DAY))

    def _length(self, lead: timedelta) -> timedelta:
        return lead if self._exact(lead) else self._number(lead) * _DAY

    def _number(self, lead: timedelta) -> int:
        return max(lead.days - bool(self.policy.counts_notice_day), 0)

    def _before(self, day: date, number: int) -> date:
        """The last day of notice for a start on `day`."""
        if self.policy.unit != Unit.WORKING_DAYS:
            return day - number * _DAY
        if (day, number) not in self._known:
            self._known[day, number] = self.country.working_day_before(day, number)
        return self._known[day, number]

    def _after(self, day: date, number: int) -> date:
        """The first day of a start for which `day` is not too late for notice."""
        if self.policy.unit != Unit.WORKING_DAYS:
            return day + number * _DAY
        for _ in range(number):
            while not self.country.is_working_day(day):
                day += _DAY
            day += _DAY
        return day

    def _heard_by(self, at: datetime) -> datetime:
        """The last moment until `at` from which this audience can be told at once."""
        if self.policy.audience != Customer.Kind.CUSTOMER:
            return at
        day = bank_time.bank_day(at)
        opening, closing = self._waking(day)
        return min(at, closing if at >= opening else self._waking(day - _DAY)[1])

    def _heard_from(self, at: datetime) -> datetime:
        """The first moment from `at` on at which this audience can be told at once."""
        if self.policy.audience != Customer.Kind.CUSTOMER:
            return at
        day = bank_time.bank_day(at)
        opening, closing = self._waking(day)
        return max(at, opening if at <= closing else self._waking(day + _DAY)[0])

    def _waking(self, day: date) -> tuple[datetime, datetime]:
        """From when until when customers can be told at once, by the bank's clock."""
        if day not in self._days:
            self._days[day] = (
                bank_time.at_bank(day, time(settings.QUIET_UNTIL)),
                bank_time.at_bank(day, time(settings.QUIET_FROM)) - _A_MINUTE,
            )
        return self._days[day]
