"""A published rule-book in; the policy of its audience, filled with what the rule-book demands, out.

Each stands here as it was published, with its source, its date and how it was seen; what was not seen is
not here. A rule-book that names no number (Hong Kong, India, Nigeria, the UK's own open-banking guidance)
cannot be counted and so is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from typing import Final

from maintenance.models import Customer, Exemption, NoticeKind, NoticePolicy, NoticeRule

Audience = Customer.Kind
Unit = NoticePolicy.Unit

_BY_EMAIL: Final = (NoticeKind.ANNOUNCED, NoticeKind.RESCHEDULED, NoticeKind.FINISHED, NoticeKind.CANCELLED)
"""The lines of a policy for an audience that had none before."""
_COUNTED: Final = (
    "promised",
    "least",
    "unit",
    "country",
    "not_before",
    "not_after",
    "longest",
    "most_per_month",
    "downtime_per_year",
    "only_cancelling_inside",
)
_TERMS: Final = ("name", "source", "source_date", *_COUNTED)
_DEMANDS: Final = (*_COUNTED, "audience", "exempt", "content", "downtime_per_month", "counts_notice_day")


class Seen(StrEnum):
    """How a rule-book is known to whoever wrote it down here."""

    OWN = "not a published rule"
    READ = "read in the published text"


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What a rule-book demands of planned maintenance. Nothing stands for what it does not speak of."""

    id: str
    name: str
    audience: Audience
    whom: str
    """Whom exactly it means."""
    promised: timedelta
    least: timedelta
    source: str
    source_date: str
    seen: Seen = Seen.READ
    unit: Unit = Unit.CALENDAR_DAYS
    country: str = ""
    not_before: time | None = None
    not_after: time | None = None
    longest: timedelta | None = None
    most_per_month: int | None = None
    downtime_per_year: timedelta | None = None
    exempt: tuple[Exemption, ...] = ()
    only_cancelling_inside: bool = False
    note: str = ""
    """What it says that cannot be counted."""

    def fill(self, policy: NoticePolicy) -> NoticePolicy:
        """The policy with all that the rule-book demands, and nothing that another one did; not saved."""
        for term in _TERMS:
            setattr(policy, term, getattr(self, term))
        policy.exempt, policy.content = [str(kind) for kind in self.exempt], []
        policy.downtime_per_month, policy.counts_notice_day = None, False
        policy.rulebook = self.id
        return policy

    def matches(self, policy: NoticePolicy) -> bool:
        """Whether a policy demands all that the rule-book does, and nothing else."""
        wanted = self.policy()
        return all(getattr(policy, term) == getattr(wanted, term) for term in _DEMANDS)

    def policy(self) -> NoticePolicy:
        """The policy it makes of nothing; not saved."""
        return self.fill(NoticePolicy(audience=self.audience))


def take_over(rulebook: Rulebook) -> tuple[NoticePolicy, bool]:
    """Make it the policy of its audience; whether the audience had none before.

    What is sent by which channels stays; the announcement goes with the promise. An audience that had no
    policy gets lines by email.
    """
    known = NoticePolicy.objects.filter(audience=rulebook.audience).first()
    if known is None:
        policy = rulebook.policy()
        policy.save()
        policy.rules.bulk_create(
            NoticeRule(
                policy=policy,
                kind=kind,
                lead=policy.promised if kind == NoticeKind.ANNOUNCED else timedelta(0),
                channels=list(NoticeRule.UNLESS_CHOSEN),
            )
            for kind in _BY_EMAIL
        )
        return policy, True
    before = known.promised
    rulebook.fill(known).save()
    follow(known, before)
    return known, False


def follow(policy: NoticePolicy, before: timedelta) -> bool:
    """Let the announcement that went out as long ahead as was promised before go out as is promised now.

    Whether one does.
    """
    announced = policy.rules.filter(kind=NoticeKind.ANNOUNCED)
    if announced.filter(lead=policy.promised).exists():
        return False
    return bool(announced.filter(lead=before).update(lead=policy.promised))


DEFAULT: Final = Rulebook(
    id="LULL",
    name="Customers hear a week ahead",
    audience=Audience.CUSTOMER,
    whom="everybody who uses the service",
    promised=timedelta(days=7),
    least=timedelta(days=5),
    source="Lull's default",
    source_date="",
    seen=Seen.OWN,
)

RULEBOOKS: Final = (
    DEFAULT,
    Rulebook(
        id="SA-SAMA-66",
        name="Saudi Arabia: payment service providers",
        audience=Audience.CUSTOMER,
        whom="all users of the payment service, of any planned stop",
        promised=timedelta(days=5),
        least=timedelta(days=5),
        unit=Unit.WORKING_DAYS,
        country="SA",
        source="SAMA, Implementing Regulations of the Law of Payments and Payment Services, Art. 66(1)-(2)",
        source_date="in force 13 June 2023",
        note="If an order cannot run in time, its user is told, with the time at which it is expected to.",
    ),
    Rulebook(
        id="PK-SBP-CUSTOMER",
        name="Pakistan: banks' customers",
        audience=Audience.CUSTOMER,
        whom="customers of banks, payment systems and e-money institutions",
        promised=timedelta(days=2),
        least=timedelta(days=2),
        source="State Bank of Pakistan, PSD Circular 1 of 2023, https://www.sbp.org.pk/psd/2023/C1.htm",
        source_date="January 2023",
        note=(
            "By SMS, social media and in the app; told again when the service is back, and at once when it "
            "takes over two hours longer than planned."
        ),
    ),
    Rulebook(
        id="PK-SBP-REGULATOR",
        name="Pakistan: the State Bank",
        audience=Audience.REGULATOR,
        whom="the State Bank of Pakistan, on its Annexure-I",
        promised=timedelta(days=7),
        least=timedelta(days=7),
        source="State Bank of Pakistan, PSD Circular 1 of 2023, https://www.sbp.org.pk/psd/2023/C1.htm",
        source_date="January 2023",
        note="Told again when the service is back, and at once when it takes over two hours longer.",
    ),
    Rulebook(
        id="AU-CDR",
        name="Australia: Consumer Data Right",
        audience=Audience.PARTNER,
        whom="data recipients, by the Get Outages interface",
        promised=timedelta(days=7),
        least=timedelta(days=7),
        exempt=(Exemption.CRITICAL, Exemption.SECURITY),
        source="Consumer Data Standards v1.36.0, availability requirements",
        source_date="4 December 2025",
        note=(
            "As long and as often as on the bank's other main digital channels; 99.5 % a month available "
            "beside planned outages."
        ),
    ),
    Rulebook(
        id="BR-OF",
        name="Brazil: Open Finance",
        audience=Audience.PARTNER,
        whom="the Directory of Open Finance, and the outages interface",
        promised=timedelta(days=7),
        least=timedelta(days=7),
        not_before=time(1),
        not_after=time(7),
        longest=timedelta(hours=3),
        most_per_month=1,
        exempt=(Exemption.SECURITY,),
        source="OpenBanking-Brasil, areadesenvolvedor, SLA (_sla.md.erb at d6770dfc)",
        source_date="18 May 2022; may have changed since",
        note="Only such windows are no downtime; a security fix needs the approval of the Directory.",
    ),
    Rulebook(
        id="IT-PAGOPA",
        name="Italy: pagoPA",
        audience=Audience.PARTNER,
        whom="PagoPA S.p.A. as the operator",
        promised=timedelta(hours=72),
        least=timedelta(hours=72),
        unit=Unit.HOURS,
        downtime_per_year=timedelta(hours=36),
        source=(
            "PagoPA, SANP, https://docs.pagopa.it/sanp/appendici/"
            "indicatori-di-qualita-per-i-soggetti-aderenti/livelli-di-servizio-psp"
        ),
        source_date="no date seen",
        note="Beside them, at most 9 hours of unplanned downtime in a calendar year.",
    ),
    Rulebook(
        id="UK-OPENENERGY",
        name="United Kingdom: Open Energy",
        audience=Audience.PARTNER,
        whom="third parties, on the bank's own site, developer portal and noticeboard",
        promised=timedelta(days=5),
        least=timedelta(days=5),
        unit=Unit.WORKING_DAYS,
        only_cancelling_inside=True,
        source="Open Energy, operational guidelines",
        source_date="no date seen",
        note="A calendar month ahead where that is practical.",
    ),
)
