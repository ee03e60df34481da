"""A moment in; the invented bank's services, and what stands in for each, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings

from maintenance.models import Alternative, Service
from notifications.demonstration import times

_DESCRIPTION: Final = "Demonstration: invented, with traffic made by a seeded generator."


@dataclass(frozen=True, slots=True)
class _Plan:
    key: str
    name: str
    arabic: str
    alternative: str
    alternative_arabic: str
    instead: str = ""
    depends_on: str = ""
    moves_money: bool = False


_PLANS: Final = (
    _Plan(
        key="online-banking",
        name="Online banking",
        arabic="الخدمات المصرفية عبر الإنترنت",
        alternative="You can pay by card as usual.",
        alternative_arabic="يمكنك الدفع بالبطاقة كالمعتاد.",
        instead="card-payments",
    ),
    _Plan(
        key="mobile-app",
        name="Mobile app",
        arabic="تطبيق الجوال",
        alternative="Online banking works as usual in your browser.",
        alternative_arabic="تعمل الخدمات المصرفية عبر الإنترنت كالمعتاد من المتصفح.",
        instead="online-banking",
        depends_on="online-banking",
    ),
    _Plan(
        key="card-payments",
        name="Card payments",
        arabic="الدفع بالبطاقات",
        alternative="You can take out cash at cash machines.",
        alternative_arabic="يمكنك سحب النقود من أجهزة الصراف الآلي.",
        instead="cash-machines",
        moves_money=True,
    ),
    _Plan(
        key="instant-transfers",
        name="Instant transfers",
        arabic="التحويلات الفورية",
        alternative="Standard transfers work and arrive on the next working day.",
        alternative_arabic="تعمل التحويلات العادية وتصل في يوم العمل التالي.",
        depends_on="online-banking",
        moves_money=True,
    ),
    _Plan(
        key="cash-machines",
        name="Cash machines",
        arabic="أجهزة الصراف الآلي",
        alternative="Card payments in shops and online work as usual.",
        alternative_arabic="يعمل الدفع بالبطاقات في المتاجر وعبر الإنترنت كالمعتاد.",
        instead="card-payments",
        moves_money=True,
    ),
)


def make_bank(*, now: datetime) -> Sequence[Service]:
    """Make the services with their alternatives and dependencies, and the times that are kept clear."""
    services = {
        plan.key: Service.objects.create(
            key=plan.key,
            name=plan.name,
            names={"ar": plan.arabic},
            description=_DESCRIPTION,
            time_zone=settings.TIME_ZONE,
            country=settings.COUNTRY,
            moves_money=plan.moves_money,
            demonstration=True,
        )
        for plan in _PLANS
    }
    for plan in _PLANS:
        Alternative.objects.create(
            service=services[plan.key],
            instead=services.get(plan.instead),
            words=plan.alternative,
            words_by_language={"ar": plan.alternative_arabic},
        )
        if plan.depends_on:
            services[plan.key].depends_on.add(services[plan.depends_on])
    times.make_times(services, now=now)
    return list(services.values())
