"""Notices in; the words Cleo gets from her bank, complete and kind."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from pytest_django import DjangoAssertNumQueries, Settings

from maintenance.models import Alternative, Change, Impact, NoticeKind, NoticePolicy, Service, Window
from notifications import channels, wording
from notifications.models import Text
from notifications.wording import Incomplete, MessageReader, completeness, facts, filled_text, segments
from tests import people

pytestmark = pytest.mark.django_db

TEMPLATES = Path(django_settings.ROOT) / "templates"
NIGHT = datetime(2026, 11, 29, 2, tzinfo=UTC)
CHANNELS = channels.channel_names()
CLEO = MessageReader("Cleo Hart", "en", "Europe/London", "https://bank.example/preferences/cleo/")
LEILA = MessageReader("ليلى حداد", "ar", "Europe/London", "https://bank.example/preferences/leila/")


@pytest.fixture(autouse=True)
def bank(settings: Settings) -> None:
    """A bank whose name and address are as long as ordinary ones."""
    settings.BANK_NAME, settings.BASE_URL = "Northern Bank", "https://status.example"
    settings.LANGUAGES, settings.LANGUAGE_CODE = [("en", "English"), ("ar", "العربية")], "en"
    settings.TIME_ZONE, settings.COUNTRY = "Europe/London", "GB"


def _window(*services: Service, starts_at: datetime = NIGHT) -> Window:
    return people.window(*services, starts_at=starts_at)


def _texts(window: Window, kind: NoticeKind, *channels: str) -> dict[tuple[str, str], Text]:
    """The words of a kind by channel and language; a new time follows a move by a week."""
    change = Change(
        window=window,
        what=Change.What.RESCHEDULED,
        before={
            "starts_at": (window.starts_at - timedelta(days=7)).isoformat(),
            "ends_at": (window.ends_at - timedelta(days=7)).isoformat(),
        },
    )
    texts = wording.standard_texts(window, kind, change, channels or CHANNELS)
    return {(text.channel, text.language): text for text in texts}


def _sms(kind: NoticeKind, reader: MessageReader = CLEO, *services: Service) -> str:
    return filled_text(_texts(_window(*services), kind, "sms")["sms", reader.language], reader).body


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (
            NoticeKind.ANNOUNCED,
            (
                "Northern Bank maintenance: no Online banking Sun 29 Nov, 02:00-04:00. Cards and cash "
                "machines work as usual. No action needed. https://status.example/"
            ),
        ),
        (
            NoticeKind.RESCHEDULED,
            (
                "Northern Bank maintenance moved: no Online banking Sun 29 Nov, 02:00-04:00 instead of 22 "
                "Nov. Cards and cash machines work as usual. No action needed. https://status.example/"
            ),
        ),
        (
            NoticeKind.REMINDER,
            (
                "Northern Bank maintenance soon: no Online banking Sun 29 Nov, 02:00-04:00. Cards and cash "
                "machines work as usual. No action needed. https://status.example/"
            ),
        ),
        (
            NoticeKind.STARTED,
            (
                "Northern Bank maintenance now: no Online banking until Sun 29 Nov, 04:00. Cards and cash "
                "machines work as usual. No action needed. https://status.example/"
            ),
        ),
        (
            NoticeKind.FINISHED,
            (
                "Northern Bank: the maintenance is over. Online banking can be used again as usual. Thank "
                "you for your patience. https://status.example/"
            ),
        ),
        (
            NoticeKind.CANCELLED,
            (
                "Northern Bank: maintenance Sun 29 Nov, 02:00-04:00 is cancelled. Online banking will work "
                "as usual. No action needed. https://status.example/"
            ),
        ),
    ],
)
def test_an_sms_says_it_all_in_a_breath(kind: NoticeKind, words: str) -> None:
    """What, when, what still works, that nothing need be done, where to read more."""
    assert _sms(kind) == words


@pytest.mark.parametrize("kind", NoticeKind)
def test_an_english_sms_costs_one_segment(kind: NoticeKind) -> None:
    """With names of ordinary length; a new time, which names two, costs two."""
    assert segments.counted_segments(_sms(kind)).segments == (2 if kind == NoticeKind.RESCHEDULED else 1)


@pytest.mark.parametrize("kind", NoticeKind)
def test_an_arabic_sms_costs_three_segments_at_most(kind: NoticeKind) -> None:
    """UCS-2 has room for 67 characters in each."""
    assert segments.counted_segments(_sms(kind, LEILA)).segments <= 3


def test_an_arabic_sms_is_arabic_from_its_first_letter() -> None:
    """Or phones would set it from left to right."""
    assert _sms(NoticeKind.ANNOUNCED, LEILA) == (
        "صيانة لدى Northern Bank: توقف الخدمات المصرفية عبر الإنترنت الأحد 29 نوفمبر من 2 إلى 4 ص. "
        "تعمل البطاقات وأجهزة الصراف الآلي كالمعتاد. لا يلزم أي إجراء. https://status.example/"
    )


def test_typography_does_not_double_the_price_of_an_sms() -> None:
    """A name pasted from a word processor."""
    service = people.service()
    service.name = "Cleo\u2019s \u201cOnline\u201d \u2013 banking\u00a0app"
    service.save()
    assert segments.counted_segments(_sms(NoticeKind.ANNOUNCED, CLEO, service)).encoding == "GSM-7"


def test_services_that_are_out_and_restricted_are_told_apart() -> None:
    """By level of impact, out first."""
    window = _window(people.service(), people.service("cards"))
    window.impacts.filter(service__key="cards").update(level=Impact.Level.DEGRADED)
    body = filled_text(_texts(window, NoticeKind.ANNOUNCED, "inapp")["inapp", "en"], CLEO).body
    assert body.startswith("Online banking will not be available, and Cards will work only in part ")


def test_a_service_that_is_only_restricted_is_not_said_to_be_out() -> None:
    """An alarm for nothing is no kindness."""
    window = _window(people.service())
    window.impacts.update(level=Impact.Level.DEGRADED)
    assert filled_text(_texts(window, NoticeKind.ANNOUNCED, "sms")["sms", "en"], CLEO).body.startswith(
        "Northern Bank maintenance: limited Online banking Sun 29 Nov"
    )


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_kind_has_words_on_every_channel_in_every_language(kind: NoticeKind) -> None:
    """And nothing is saved: they are looked at first."""
    assert set(_texts(_window(), kind)) == {
        (channel, language) for channel in CHANNELS for language in ("en", "ar")
    }
    assert not Text.objects.exists()


def test_every_language_has_the_same_sections() -> None:
    """A folder is a language; all folders hold the same files, and the same parts in them."""
    folders = sorted((TEMPLATES / "notices").iterdir())
    parts = [
        {path.name: re.findall(r"^\[.*\]$", path.read_text(), re.MULTILINE) for path in folder.iterdir()}
        for folder in folders
    ]
    urgent = [f"urgent_{kind.value}.txt" for kind in NoticeKind if kind != NoticeKind.FINISHED]
    assert set(parts[0]) == {*(f"{kind.value}.txt" for kind in NoticeKind), *urgent, "phrases.txt"}
    assert all(part == parts[0] for part in parts)


@pytest.mark.parametrize(
    "kind", [NoticeKind.ANNOUNCED, NoticeKind.RESCHEDULED, NoticeKind.REMINDER, NoticeKind.STARTED]
)
@pytest.mark.parametrize("channel", CHANNELS)
def test_every_text_says_what_still_works(kind: NoticeKind, channel: str) -> None:
    """Also while it is going on."""
    texts = _texts(_window(), kind, channel)
    assert "Cards and cash machines work as usual." in texts[channel, "en"].body
    assert "تعمل البطاقات وأجهزة الصراف الآلي كالمعتاد." in texts[channel, "ar"].body


@pytest.mark.parametrize("kind", NoticeKind)
def test_a_post_has_nothing_left_to_fill_and_names_the_zone(kind: NoticeKind) -> None:
    """Its readers are anywhere, and it is sent as it stands."""
    body = _texts(_window(), kind, "social")["social", "en"].body
    assert "[[" not in body
    assert kind == NoticeKind.FINISHED or "(London time)" in body


@pytest.mark.parametrize("kind", NoticeKind)
def test_the_app_shows_nothing_personal_but_the_zone(kind: NoticeKind) -> None:
    """One text for all who look, in each one's own time."""
    body = _texts(_window(), kind, "inapp")["inapp", "en"].body
    assert "[[name]]" not in body
    assert "[[preferences]]" not in body


def test_cleo_in_dubai_reads_her_own_time() -> None:
    """And whose time it is, because her bank is in London."""
    dubai = MessageReader("Cleo", "en", "Asia/Dubai", "")
    assert "Sun 29 Nov, 06:00-08:00 (Dubai time)." in _sms(NoticeKind.ANNOUNCED, dubai)


def _no_service(window: Window) -> None:
    window.impacts.all().delete()


def _no_alternative(window: Window) -> None:
    Alternative.objects.all().delete()


def _empty_alternative(window: Window) -> None:
    Alternative.objects.update(words="  ")


def _alternative_is_away(window: Window) -> None:
    Alternative.objects.update(instead=people.service())


def _alternative_needs_what_is_away(window: Window) -> None:
    app = people.service("mobile-app", alternative=False)
    app.depends_on.add(people.service())
    Alternative.objects.update(instead=app)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_no_service, "name at least one service in the window"),
        (_no_alternative, "while Online banking is away: add an alternative to this service in the admin"),
        (_empty_alternative, "while Online banking is away: add an alternative to this service in the admin"),
        (_alternative_is_away, "add an alternative that does not rest on these services"),
        (_alternative_needs_what_is_away, "add an alternative that does not rest on these services"),
    ],
)
def test_a_missing_fact_is_named_with_what_to_do(spoil: Any, reason: str) -> None:
    """No text goes out without its mandatory facts."""
    window = _window()
    spoil(window)
    with pytest.raises(Incomplete, match=reason):
        _texts(window, NoticeKind.ANNOUNCED)


def test_what_is_over_or_cancelled_needs_no_alternative() -> None:
    """Everything works."""
    window = _window()
    Alternative.objects.all().delete()
    assert _texts(window, NoticeKind.FINISHED)
    assert _texts(window, NoticeKind.CANCELLED)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("BANK_NAME", " ", "set BANK_NAME"),
        ("BANK_NAME", "Northern\nBank", "set BANK_NAME"),
        ("BASE_URL", "", "set BASE_URL"),
        ("LANGUAGES", [("fr", "français")], r"write templates/notices/fr/announced\.txt"),
    ],
)
def test_a_missing_setting_is_named(settings: Settings, name: str, value: Any, reason: str) -> None:
    """The gate speaks to whoever can mend it."""
    window = _window()
    setattr(settings, name, value)
    with pytest.raises(Incomplete, match=reason):
        _texts(window, NoticeKind.ANNOUNCED)


@pytest.mark.parametrize(
    "before", [{}, {"starts_at": "2026-11-22T02:00:00Z"}, {"starts_at": None, "ends_at": 1}]
)
def test_a_new_time_needs_the_old_one(before: dict[str, Any]) -> None:
    """People have the old one in their heads."""
    window = _window()
    with pytest.raises(Incomplete, match="times before the move"):
        wording.standard_texts(window, NoticeKind.RESCHEDULED, Change(window=window, before=before), ["sms"])


def test_a_move_within_a_day_says_both_times() -> None:
    """The date alone would not tell them apart."""
    window = _window()
    before = {"starts_at": "2026-11-29T01:00:00+00:00", "ends_at": "2026-11-29T03:00:00+00:00"}
    (sms, _) = wording.standard_texts(
        window, NoticeKind.RESCHEDULED, Change(window=window, before=before), ["sms"]
    )
    assert "Sun 29 Nov, 02:00-04:00 instead of 29 Nov, 01:00." in filled_text(sms, CLEO).body


def _edited(channel: str, edit: dict[str, str]) -> Text:
    text = _texts(_window(), NoticeKind.ANNOUNCED, channel)[channel, "en"]
    for name, value in edit.items():
        setattr(text, name, value.replace("...", getattr(text, name)))
    return text


@pytest.mark.parametrize(
    ("channel", "body", "reason"),
    [
        ("sms", "", "it is empty"),
        ("sms", "Something is closed.", "does not say 'Online banking'"),
        ("sms", "Online banking is closed. https://status.example/", "when the maintenance starts"),
        ("sms", "... Log in: https://login.example/", "take out https://login.example/"),
        ("sms", "... www.login.example", "take out www.login.example"),
        ("sms", "... [[nmae]]", r"\[\[nmae\]\] means nothing"),
        ("sms", "... [[day:tomorrow]]", r"\[\[day\]\] means nothing"),
        ("email", "... ", None),
        ("inapp", "Dear [[name]], ...", r"\[\[name\]\] is about one person"),
        ("social", "... [[preferences]]", r"\[\[preferences\]\] is about one person"),
        ("social", "... [[day:2026-11-29T02:00:00Z]]", "is not filled in a public post"),
    ],
)
def test_an_edit_is_held_to_the_same(channel: str, body: str, reason: str | None) -> None:
    """A person may change the words, not leave out the facts or tell a customer's to the public."""
    text = _edited(channel, {"body": body})
    if reason is None:
        completeness.check_completeness(text, facts.facts_of(text.notice, ()))
    else:
        with pytest.raises(Incomplete, match=reason):
            completeness.check_completeness(text, facts.facts_of(text.notice, ()))


def test_an_email_keeps_the_way_to_the_preferences() -> None:
    """Whoever edits it."""
    text = _edited("email", {})
    text.body = text.body.replace("[[preferences]]", "")
    with pytest.raises(Incomplete, match="preferences"):
        completeness.check_completeness(text, facts.facts_of(text.notice, ()))


def _many_services() -> list[Service]:
    return [people.service(f"service-number-{number}-with-a-rather-long-name") for number in range(12)]


def test_a_list_too_long_for_its_place_is_summed_up() -> None:
    """In the subject and the post, which have limits; the email itself names every service."""
    texts = _texts(_window(*_many_services()), NoticeKind.ANNOUNCED, "email", "social")
    email, post = texts["email", "en"], texts["social", "en"]
    assert (
        filled_text(email, CLEO).subject
        == "Planned maintenance on Sunday 29 November: several of our services"
    )
    assert len(post.body) <= 500
    assert "Service number 11 with a rather long name" in email.body


def _demand(*content: str) -> None:
    NoticePolicy.objects.filter(audience="customer").update(content=list(content))


def test_a_policy_may_demand_where_to_read_more_in_the_app_too() -> None:
    plain = _texts(_window(), NoticeKind.ANNOUNCED, "inapp")["inapp", "en"]
    _demand("link")
    demanded = _texts(_window(), NoticeKind.ANNOUNCED, "inapp")["inapp", "en"]
    assert demanded.body == f"{plain.body}\n\nhttps://status.example/"
    demanded.body = plain.body
    with pytest.raises(Incomplete, match=r"does not say 'https://status\.example/'"):
        completeness.check_completeness(demanded, facts.facts_of(demanded.notice, ()))


def test_a_policy_may_demand_every_service_by_its_name() -> None:
    """A post then has no room for so many, and says so instead of summing them up."""
    _demand("services")
    with pytest.raises(Incomplete, match="does not say 'Service number 11 with a rather long name'"):
        _texts(_window(*_many_services()), NoticeKind.ANNOUNCED, "social")


def test_a_policy_may_demand_all_that_still_works() -> None:
    services = _many_services()
    for number, service in enumerate(services):
        Alternative.objects.create(service=service, words=f"Branch {number} is open.")
    _texts(_window(*services), NoticeKind.ANNOUNCED, "social")
    _demand("works")
    with pytest.raises(Incomplete, match=r"does not say 'Branch 11 is open\.'"):
        _texts(_window(*services), NoticeKind.ANNOUNCED, "social")


def test_what_another_audience_s_policy_demands_is_not_asked_of_this_one() -> None:
    NoticePolicy.objects.create(audience="partner", name="Partners", content=["link"])
    assert "https://" not in _texts(_window(), NoticeKind.ANNOUNCED, "inapp")["inapp", "en"].body


def test_what_is_demanded_and_not_known_stops_nobody() -> None:
    _demand("weather", "starts", "ends")
    assert _texts(_window(), NoticeKind.ANNOUNCED)


def test_the_email_is_a_whole_letter() -> None:
    """The text part, for those who read no HTML."""
    filled = filled_text(_texts(_window(), NoticeKind.ANNOUNCED, "email")["email", "en"], CLEO)
    assert filled.subject == "Planned maintenance on Sunday 29 November: Online banking"
    assert filled.body == (
        "Dear Cleo Hart,\n\n"
        "We will be carrying out maintenance on Sunday 29 November from 02:00 to 04:00. During this time "
        "Online banking will not be available.\n\n"
        "Not available: Online banking\n"
        "From: Sunday, 29 November 2026, 02:00\n"
        "Until: Sunday, 29 November 2026, 04:00\n"
        "Time zone: London time\n"
        "What still works: Cards and cash machines work as usual.\n\n"
        "You do not need to do anything.\n\n"
        "We are sorry for the interruption and thank you for your understanding.\n\n"
        "Latest status and details: https://status.example/\n\n"
        "Northern Bank\n\n"
        "--\n"
        "You receive this message because it concerns a service that you use.\n"
        "We never ask for your password, PIN or card number by email or SMS.\n"
        "Choose how we reach you: https://bank.example/preferences/cleo/\n"
    )


@pytest.mark.parametrize("kind", NoticeKind)
@pytest.mark.parametrize("reader", [CLEO, LEILA], ids=["en", "ar"])
def test_the_html_says_what_the_text_says(kind: NoticeKind, reader: MessageReader) -> None:
    """Line by line, but for the rule above the small print."""
    filled = filled_text(_texts(_window(), kind, "email")["email", reader.language], reader)
    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", filled.html))
    parts = [
        part.strip() for line in filled.body.splitlines() for part in re.split(r"(?<=\S): ", line, maxsplit=1)
    ]
    lacking = [part for part in parts if part.removeprefix("- ").strip("-") not in shown + filled.html]
    assert lacking == []


def test_the_html_loads_nothing_from_elsewhere() -> None:
    """No picture to block, no pixel that counts who reads; its only links are the two it shows."""
    html = filled_text(_texts(_window(), NoticeKind.ANNOUNCED, "email")["email", "en"], CLEO).html
    assert re.findall(r"<(?:img|link|script|iframe)|url\(|@import", html) == []
    assert re.findall(r'https?://[^"<\s]+', html) == ["https://status.example/", CLEO.preferences_url]


def test_an_arabic_email_reads_from_right_to_left() -> None:
    """Also where a mail program drops the head."""
    html = filled_text(_texts(_window(), NoticeKind.ANNOUNCED, "email")["email", "ar"], LEILA).html
    assert '<html lang="ar" dir="rtl">' in html
    assert "left" not in re.sub(r"padding-left", "", html.partition("<body")[2])


def test_names_are_escaped_in_the_html_and_nowhere_else() -> None:
    """A service may be called anything."""
    service = people.service()
    service.name = "Cards & <b>Cash</b>"
    service.save()
    email = _texts(_window(service), NoticeKind.ANNOUNCED, "email")["email", "en"]
    assert "Cards & <b>Cash</b>" in email.body
    assert "Cards &amp; &lt;b&gt;Cash&lt;/b&gt;" in email.html
    assert "<b>Cash" not in email.html


def test_drafting_asks_the_database_little(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """However many channels and languages."""
    window = _window(people.service(), people.service("cards"))
    # the impacts, their alternatives, what depends on the services, and what the policy demands
    with django_assert_num_queries(4):
        _texts(window, NoticeKind.ANNOUNCED)
