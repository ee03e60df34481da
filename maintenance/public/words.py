"""A window as the public may see it in; the sentences that every face says about it, out.

All in the language that is active (django.utils.translation), times in the bank's zone. The
sentences avoid verbs that would have to agree with a list of services, in any language.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.lists import format_list
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from maintenance import bank_time, languages
from maintenance.models import Service
from maintenance.status import Phase, Planned


def title_words(planned: Planned) -> str:
    """One line: what happens to which services."""
    services = service_names(planned.services)
    match planned.phase:
        case Phase.UNCONFIRMED:
            return _("To be confirmed: maintenance of %(services)s") % {"services": services}
        case Phase.CANCELLED:
            return _("Cancelled: maintenance of %(services)s") % {"services": services}
        case Phase.OVER:
            return _("Finished: maintenance of %(services)s") % {"services": services}
        case _ if planned.urgent:
            return _("Urgent maintenance of %(services)s") % {"services": services}
        case _:
            return _("Maintenance of %(services)s") % {"services": services}


def news_words(planned: Planned) -> str:
    """What there is to say beyond the plan; empty where everything goes as announced."""
    match planned.phase:
        case Phase.UNCONFIRMED:
            return _("This maintenance was moved. Its new time is not confirmed yet.")
        case Phase.DUE:
            return _("This maintenance should have started by now. These services may not be available.")
        case Phase.UNDER_WAY:
            return _("This maintenance is under way.")
        case Phase.OVERRUN:
            return _("This maintenance is taking longer than expected. We say here when it is over.")
        case Phase.OVER:
            return _("This maintenance is over.")
        case Phase.CANCELLED:
            return _("This maintenance was cancelled and will not take place.")
        case _:
            return ""


def impact_words(planned: Planned) -> list[str]:
    """What customers cannot do, in one or two sentences."""
    said = []
    if planned.out:
        said.append(_("Not available: %(services)s.") % {"services": service_names(planned.out)})
    if planned.restricted:
        said.append(_("Restricted: %(services)s.") % {"services": service_names(planned.restricted)})
    return said


def working_words(planned: Planned) -> list[str]:
    """What still works; never empty, because every text must say it."""
    language = get_language() or settings.LANGUAGE_CODE
    return [alternative.words_in(language) for alternative in planned.alternatives] or [
        _("Other services are not affected by this maintenance.")
    ]


def nearest_language(language: str) -> str:
    """The bank's language nearest to a customer's: the same, the same without its region, the first one."""
    offered = dict(settings.LANGUAGES)
    return next(
        (code for code in (language, language.split("-")[0]) if code in offered), settings.LANGUAGE_CODE
    )


def is_demonstration(services: Iterable[Service]) -> bool:
    """Whether any of the services is invented, so that the face has to say so."""
    return any(service.demonstration for service in services)


def demonstration_words() -> str:
    """What a face with invented services says about them."""
    return _("This is a demonstration: the bank and its services are invented.")


def service_names(services: Iterable[Service]) -> str:
    """The services' names as a list in a sentence."""
    language = get_language() or settings.LANGUAGE_CODE
    return format_list([service.name_in(language) for service in services], locale=active_locale())


def public_day(at: datetime) -> str:
    """The weekday and date of an instant, by the bank's calendar."""
    return format_date(at.astimezone(bank_time.bank_zone()), "full", active_locale())


def public_time(at: datetime) -> str:
    """The time of day of an instant, by the bank's clock, without its zone; never broken over two lines."""
    said = format_time(
        at.astimezone(bank_time.bank_zone()), "short", tzinfo=bank_time.bank_zone(), locale=active_locale()
    )
    return said.replace(" ", "\N{NO-BREAK SPACE}")


def public_moment(at: datetime) -> str:
    """The day and the time of an instant, by the bank's clock."""
    return _("%(day)s, %(time)s") % {"day": public_day(at), "time": public_time(at)}


def moment_and_zone(at: datetime) -> str:
    """The same and the name of the zone, with the comma of the language."""
    return _("%(day)s, %(time)s") % {"day": public_moment(at), "time": zone_words(at)}


def zone_words(at: datetime) -> str:
    """The name of the bank's zone as it is called at that instant: British Summer Time."""
    return format_datetime(at, "zzzz", tzinfo=bank_time.bank_zone(), locale=active_locale())


def active_locale() -> Locale:
    """The active language as it is written in the bank's country, where that is known."""
    return languages.locale(get_language() or settings.LANGUAGE_CODE)
