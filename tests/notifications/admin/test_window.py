"""The page of a window shows what customers hear, lets Ben approve the words, and follows the messages."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from maintenance.booking import windows
from maintenance.models import Approval, NoticeKind, Service, Window
from maintenance.proposals import Emergency
from notifications.delivery import rate_limits
from notifications.delivery.rate_limits import Sender
from notifications.models import Delivery, Notice, State, WaitsFor
from notifications.planning import notices
from tests import people
from tests.staff import NOBODY, address, queries, reader, signed_in, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]

PAGE = "maintenance_window_change"
PROGRESS = "maintenance_window_progress"
DECIDE_TEXT = "maintenance_window_decide_text"
REVIEW = "maintenance_window_review"

APPROVE = {"verdict": "approve", "revision": "1"}


@pytest.fixture
def banking() -> Service:
    """Cleo in English, Layla in Arabic, and somebody without an address use it."""
    banking = people.service()
    people.customer("cleo", uses=[banking], phone="+447700900001", email="cleo@example.com")
    people.customer("layla", uses=[banking], phone="+447700900002", language="ar")
    people.customer("nobody", uses=[banking])
    return banking


def test_the_approver_sees_the_words_of_each_channel_and_language(banking: Service) -> None:
    page = words(signed_in("ben"), address(PAGE, people.window(banking).pk))
    assert "Online banking" in page
    assert "تعمل البطاقات" in page
    assert page.count('class="lull-phone"') >= 2
    assert 'sandbox="" title=' in page
    assert "segment" in page


def test_the_approver_sees_how_many_people_hear_and_when(banking: Service) -> None:
    page = words(signed_in("ben"), address(PAGE, people.window(banking).pk))
    assert "3 customers use what is away." in page
    assert "Mon 9 Mar 2026, 10:00" in page
    assert "No price set." in page


def test_the_price_stands_beside_the_people(banking: Service, settings: Settings) -> None:
    settings.PRICES = {"currency": "GBP", "sms": {"": "1"}, "email": {"": "0.25"}}
    page = words(signed_in("ben"), address(PAGE, people.window(banking).pk))
    assert re.search(r"<strong>[\d.]+\.25 GBP</strong>", page)


def test_the_words_of_start_end_and_cancellation_are_shown_too(banking: Service) -> None:
    page = words(signed_in("ben"), address(PAGE, people.window(banking).pk))
    for kind in (NoticeKind.STARTED, NoticeKind.FINISHED, NoticeKind.CANCELLED):
        assert f"<h3>{kind.label}</h3>" in page


def test_what_the_words_lack_is_said_on_the_page() -> None:
    window = people.window(people.service(alternative=False))
    assert "Nothing says what still works" in words(signed_in("ben"), address(PAGE, window.pk))


def test_ben_approves_the_text_apart_from_the_change(banking: Service) -> None:
    window = people.window(banking)
    ben = signed_in("ben")
    words(ben, address(PAGE, window.pk))
    ben.post(address(DECIDE_TEXT, window.pk), APPROVE)
    assert window.approvals.get().subject == Approval.Subject.TEXT
    assert Window.objects.get().status == Window.Status.BOOKED


def test_both_approvals_approve_the_window(banking: Service) -> None:
    window = people.window(banking)
    ben = signed_in("ben")
    ben.post(address("maintenance_window_decide", window.pk), APPROVE)
    ben.post(address(DECIDE_TEXT, window.pk), APPROVE)
    assert Window.objects.get().status == Window.Status.APPROVED


def test_text_that_lacks_a_fact_cannot_be_approved() -> None:
    window = people.window(people.service(alternative=False))
    response = signed_in("ben").post(address(DECIDE_TEXT, window.pk), APPROVE, follow=True)
    assert "Nothing says what still works" in response.content.decode()
    assert not window.approvals.exists()


def test_a_stale_page_must_be_looked_at_again(banking: Service) -> None:
    window = people.window(banking)
    Window.objects.update(revision=2)
    response = signed_in("ben").post(address(DECIDE_TEXT, window.pk), APPROVE, follow=True)
    assert "look" in response.content.decode()
    assert not window.approvals.exists()


def test_the_text_can_be_rejected_with_a_reason(banking: Service) -> None:
    window = people.window(banking)
    given = {"verdict": "reject", "revision": "1", "reason": "Too curt"}
    signed_in("ben").post(address(DECIDE_TEXT, window.pk), given)
    rejected = window.approvals.get()
    assert (rejected.subject, rejected.approved, rejected.reason) == ("text", False, "Too curt")


def test_neither_ada_nor_readers_decide_on_the_text(banking: Service) -> None:
    window = people.window(banking)
    assert signed_in("ada").post(address(DECIDE_TEXT, window.pk), APPROVE).status_code == 403
    assert reader().post(address(DECIDE_TEXT, window.pk), APPROVE).status_code == 403
    assert signed_in("ben").get(address(DECIDE_TEXT, window.pk)).status_code == 405
    forger = signed_in("ben", checks_forgery=True)
    assert forger.post(address(DECIDE_TEXT, window.pk), APPROVE).status_code == 403


def test_the_page_shows_how_far_the_messages_have_come() -> None:
    window = people.window()
    notice = people.notice(window, status=Notice.Status.PREPARED)
    people.queued(notice, number=2, state=State.DELIVERED)
    people.queued(notice, number=1, state=State.FAILED)
    page = words(reader(), address(PAGE, window.pk))
    assert 'Delivered <strong class="lull-number">2</strong>' in page
    assert 'Failed <strong class="lull-number">1</strong>' in page


def test_the_outbox_is_plainly_marked() -> None:
    window = people.window()
    people.queued(people.notice(window), state=State.SENT, provider="outbox")
    assert "Outbox: not sent to anyone" in words(reader(), address(PAGE, window.pk))


@pytest.mark.parametrize("status", [Notice.Status.EXPIRED, Notice.Status.WITHDRAWN])
def test_a_notice_that_will_not_go_out_says_why(status: Notice.Status) -> None:
    window = people.window()
    people.notice(window, status=status)
    Notice.objects.update(reason="Its time had passed.")
    page = words(reader(), address(PAGE, window.pk))
    assert status.label in page
    assert "Its time had passed." in page


def test_the_numbers_of_a_channel_sum_to_its_people() -> None:
    window = people.window()
    notice = people.notice(window, status=Notice.Status.PREPARED)
    for number, state in enumerate(State, start=1):
        lease: dict[str, Any] = {"lease_token": people.TOKEN} if state == State.SENDING else {}
        people.queued(notice, number=number, state=state, **lease)
    [seen] = reader().get(address(PROGRESS, window.pk)).json()["notices"]
    assert sum(seen["channels"]["sms"].values()) == Delivery.objects.count()
    assert len(seen["channels"]["sms"]) == len(State)


def test_progress_moves_while_something_is_queued_and_rests_when_all_has_arrived() -> None:
    window = people.window(status=Window.Status.APPROVED)
    people.queued(people.notice(window, status=Notice.Status.PREPARED))
    client = reader()
    assert client.get(address(PROGRESS, window.pk)).json()["moving"] is True
    Delivery.objects.update(state=State.DELIVERED)
    assert client.get(address(PROGRESS, window.pk)).json()["moving"] is False


@pytest.mark.parametrize(
    "row",
    [
        {"state": State.SENT, "provider": "outbox", "sent_at": people.NOW},
        {"state": State.SENT, "provider": "smtp", "sent_at": people.NOW - timedelta(hours=1)},
        {"state": State.QUEUED, "not_before": people.NOW + timedelta(hours=9)},
        {"state": State.UNKNOWN},
        {"state": State.HELD},
        {"state": State.BY_HAND},
    ],
    ids=["outbox", "no receipt will follow", "waits for the morning", "unknown", "held", "posted by hand"],
)
def test_what_waits_for_nothing_soon_is_not_asked_for_again(row: dict[str, Any]) -> None:
    window = people.window()
    people.notice(window, status=Notice.Status.DRAFT)
    people.queued(people.notice(window, NoticeKind.REMINDER, status=Notice.Status.PREPARED), **row)
    assert reader().get(address(PROGRESS, window.pk)).json()["moving"] is False


def test_receipts_are_waited_for() -> None:
    window = people.window()
    notice = people.notice(window, status=Notice.Status.PREPARED)
    people.queued(notice, state=State.SENT, provider="twilio", sent_at=people.NOW)
    assert reader().get(address(PROGRESS, window.pk)).json()["moving"] is True


def test_progress_is_for_staff_who_may_see_deliveries() -> None:
    window = people.window()
    client = signed_in("visitor")  # staff, in no group
    assert client.get(address(PROGRESS, window.pk)).status_code == 403
    client.logout()
    assert client.get(address(PROGRESS, window.pk)).status_code == 302


def test_progress_of_three_notices_takes_the_queries_of_one() -> None:
    window = people.window()
    people.queued(people.notice(window))
    client = reader()
    one = queries(client, address(PROGRESS, window.pk))
    for hour in (1, 2):
        later = people.notice(window, NoticeKind.REMINDER, due_at=people.NOW + timedelta(hours=hour))
        people.queued(later, number=2)
    assert queries(client, address(PROGRESS, window.pk)) == one


def test_the_review_sums_up_reach_and_every_channel() -> None:
    window = people.window(starts_at=people.NOW + timedelta(days=8))
    notice = people.notice(window, status=Notice.Status.PREPARED)
    people.queued(notice, number=3, state=State.DELIVERED, sent_at=people.NOW, provider="twilio")
    people.queued(notice, number=2, state=State.FAILED)
    people.queued(notice, number=1, state=State.NO_ADDRESS)
    page = words(reader(), address(REVIEW, window.pk))
    reach = page.split('aria-label="Reach"')[1].split("</section>")[0]
    rows = re.findall(r"</span>([^<]+)</span></th><td class=\"lull-number\">(\d+)</td>", reach)
    assert rows == [
        ("Reached by at least one channel", "3"),
        ("Failed", "2"),
        ("Never sent: too late, or taken back before", "0"),
        ("Not reachable: no address, or opted out", "1"),
    ]
    assert re.search(r">All</th><td class=\"lull-number\">6</td>", reach)
    assert ">Kept<" in page


def test_the_review_of_a_missing_window_is_not_found() -> None:
    assert reader().get(address(REVIEW, NOBODY)).status_code == 404


DUE = people.NOW - timedelta(days=7)
LATER = people.NOW + timedelta(days=1)
SENT: Any = {"state": State.SENT, "provider": "twilio", "sent_at": people.NOW - timedelta(minutes=9)}
LAST: Any = {**SENT, "state": State.DELIVERED, "sent_at": people.NOW - timedelta(minutes=5)}
YESTERDAY: Any = {**SENT, "sent_at": people.NOW - timedelta(days=1)}


@pytest.mark.parametrize(
    ("status", "due_at", "rows", "when"),
    [
        ("draft", LATER, [], "due Tue 3 Mar 2026, 09:00"),
        ("draft", DUE, [], "due as soon as it is approved"),
        ("planned", LATER, [], "due Tue 3 Mar 2026, 09:00"),
        ("planned", DUE, [], "due at once"),
        ("preparing", DUE, [{}], "handed out Mon 2 Mar 2026, 08:50, nothing sent"),
        ("preparing", DUE, [{}, SENT], "going out since Mon 2 Mar 2026, 08:51"),
        ("prepared", DUE, [{"state": State.EXPIRED}], "handed out Mon 2 Mar 2026, 08:50, nothing sent"),
        ("prepared", DUE, [SENT], "went out Mon 2 Mar 2026, 08:51"),
        ("prepared", DUE, [SENT, LAST], "went out Mon 2 Mar 2026, 08:51 to 08:55"),
        ("prepared", DUE, [YESTERDAY, LAST], "went out Sun 1 Mar 2026, 09:00 to Mon 2 Mar 2026, 08:55"),
        ("prepared", DUE, [{**SENT, "provider": "outbox"}], "went into the outbox Mon 2 Mar 2026, 08:51"),
        (
            "prepared",
            DUE,
            [{"state": State.WITHDRAWN}],
            "handed out Mon 2 Mar 2026, 08:50, withdrawn Mon 2 Mar 2026, 08:59",
        ),
        ("withdrawn", LATER, [], "withdrawn Mon 2 Mar 2026, 08:59, was due Tue 3 Mar 2026, 09:00"),
        ("withdrawn", DUE, [], "withdrawn Mon 2 Mar 2026, 08:59"),
        ("withdrawn", DUE, [SENT], "went out Mon 2 Mar 2026, 08:51, then withdrawn Mon 2 Mar 2026, 08:59"),
        ("expired", DUE, [], "expired Mon 2 Mar 2026, 08:59, was due Mon 23 Feb 2026, 09:00"),
    ],
)
def test_what_has_happened_is_dated_by_when_it_happened_and_what_has_not_says_due(
    status: str, due_at: datetime, rows: list[dict[str, Any]], when: str
) -> None:
    window = people.window()
    notice = people.notice(window, due_at=due_at, status=Notice.Status(status))
    moments: dict[str, Any] = {"prepared_at": people.NOW - timedelta(minutes=10), "ended_at": None}
    if {"state": State.WITHDRAWN} in rows:
        moments |= {"withdrawn": True, "ended_at": people.NOW - timedelta(minutes=1)}
    if status in ("withdrawn", "expired"):
        moments = {"prepared_at": None, "ended_at": people.NOW - timedelta(minutes=1)}
    Notice.objects.update(**moments)
    for row in rows:
        people.queued(notice, **row)
    seen = f'<span class="lull-faint">{when}</span>'
    client = reader()
    assert seen in words(client, address(PAGE, window.pk))
    assert seen in client.get(address(PROGRESS, window.pk)).json()["html"][f"progress-{notice.pk}"]


def test_the_review_dates_what_came_too_late_by_when_that_was_seen() -> None:
    window = people.window()
    people.notice(window, due_at=DUE, status=Notice.Status.EXPIRED)
    Notice.objects.update(reason="Its time had passed.", ended_at=people.NOW)
    page = words(reader(), address(REVIEW, window.pk))
    assert "expired Mon 2 Mar 2026, 09:00, was due Mon 23 Feb 2026, 09:00: Its time had passed." in page


def test_what_waits_for_the_customers_morning_is_told_on_the_page_and_as_it_moves() -> None:
    window = people.window()
    notice = people.notice(window, status=Notice.Status.PREPARED)
    people.queued(notice, number=2, not_before=people.NOW + timedelta(hours=23), waits_for=WaitsFor.MORNING)
    waits = "2 wait for the customers' morning, from Tue 3 Mar 2026, 08:00."
    client = reader()
    assert waits in words(client, address(PAGE, window.pk))
    assert waits in client.get(address(PROGRESS, window.pk)).json()["html"][f"progress-{notice.pk}"]


def _card(page: str, notice: Notice) -> str:
    """What the page says of one notice."""
    cards = [card.split("</article>")[0] for card in page.split("<article")[1:]]
    return next(card for card in cards if f'id="progress-{notice.pk}"' in card)


def test_a_reminder_that_the_announcement_makes_needless_is_not_promised_to_the_approver(
    settings: Settings,
) -> None:
    settings.PRICES = {"currency": "GBP", "sms": {"": "1"}, "email": {"": "0.25"}}
    cards = people.service("cards", moves_money=True)
    people.customer("cleo", uses=[cards], phone="+447700900001")
    window = people.window(cards, starts_at=people.NOW + timedelta(hours=3))
    ben = signed_in("ben")
    page = words(ben, address(PAGE, window.pk))
    reminders = list(window.notices.filter(kind=NoticeKind.REMINDER))
    assert [reminder.channels for reminder in reminders] == [["inapp"], ["sms"]]
    for reminder in reminders:
        card = _card(page, reminder)
        assert "Will not be sent: the announcement goes out at the same time." in card
        assert not [
            promise for promise in ("due", "segment", "GBP", "<table", "<summary>") if promise in card
        ]
        progress = ben.get(address(PROGRESS, window.pk)).json()["html"][f"progress-{reminder.pk}"]
        assert "Will not be sent: the announcement goes out at the same time." in progress
    assert "GBP" in _card(page, window.notices.get(kind=NoticeKind.ANNOUNCED))


def test_once_approved_a_needless_reminder_names_no_day_on_which_it_was_due() -> None:
    soon, emergency = people.NOW + timedelta(hours=3), Emergency("It expires", people.user("ben"))
    proposal = people.proposal(starts_at=soon, emergency=emergency)
    window = windows.book_window(proposal, by=people.user("ada"), now=people.NOW)
    ben = signed_in("ben")
    words(ben, address(PAGE, window.pk))
    ben.post(address("maintenance_window_decide", window.pk), APPROVE)
    ben.post(address(DECIDE_TEXT, window.pk), APPROVE)
    notices.plan_notices(now=people.NOW)
    card = _card(words(ben, address(PAGE, window.pk)), window.notices.get(kind=NoticeKind.REMINDER))
    assert "withdrawn Mon 2 Mar 2026, 09:00</span>" in card
    assert "Not sent: the announcement goes out at the same time." in card


@pytest.fixture
def number(settings: Settings) -> Sender:
    """An ordinary number at a provider, slow enough for two messages to be slow."""
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_FROM, settings.TWILIO_MESSAGING_SERVICE_SID = (
        "AC0",
        "+44",
        "",
    )
    settings.RATES = {"sms": 0.001}
    return Sender("twilio", "+44", 0.001)


def _said(client: Client, path: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", words(client, path)))


def test_the_approver_sees_how_long_it_takes_and_when_it_ends(
    banking: Service, settings: Settings, number: Sender
) -> None:
    settings.RATES = {"sms": 0.0001}
    window = people.window(banking)
    page = _said(signed_in("ben"), address(PAGE, window.pk))
    assert "SMS goes at 0.0001 segments a second: 4 segments take 11 h 7 min and, because" in page
    assert "because nobody is disturbed from 21:00 to 08:00, end about Tue 10 Mar 2026, 08:06." in page
    assert "customers elsewhere have their own" in page
    assert "Email goes into the outbox and to nobody" in page


@pytest.mark.parametrize(
    ("provider", "goes"),
    [
        ("outbox", "SMS goes into the outbox and to nobody, as soon as it is due."),
        ("number", "SMS goes as fast as the provider takes it: 4 segments."),
    ],
)
def test_that_messages_wait_where_customers_sleep_is_said_of_the_outbox_and_without_a_rate(
    provider: str, goes: str, banking: Service, settings: Settings, request: pytest.FixtureRequest
) -> None:
    if provider == "number":
        request.getfixturevalue("number")
        settings.RATES = {}
    page = html.unescape(_said(signed_in("ben"), address(PAGE, people.window(banking).pk)))
    night = (
        "Where it is between 21:00 and 08:00 by a customer's own clock, the message waits for the morning."
    )
    assert f"{goes} {night}" in page
    assert "at once, and to nobody" not in page


def test_the_approver_is_warned_where_words_will_not_be_true_any_more(
    banking: Service, settings: Settings, number: Sender
) -> None:
    settings.RATES = {"sms": 0.000001}
    page = _said(signed_in("ben"), address(PAGE, people.window(banking).pk))
    assert "when these words stop being true. Whoever waits then hears nothing." in page


def test_without_a_rate_the_provider_decides(banking: Service, settings: Settings, number: Sender) -> None:
    settings.RATES = {}
    page = _said(signed_in("ben"), address(PAGE, people.window(banking).pk))
    assert "SMS goes as fast as the provider takes it" in page


def test_while_it_goes_out_the_end_moves_with_it(number: Sender) -> None:
    window = people.window(status=Window.Status.APPROVED)
    notice = people.notice(window, status=Notice.Status.PREPARED)
    people.queued(notice, number=36, segments=1)
    client = reader()
    seen = client.get(address(PROGRESS, window.pk)).json()
    assert seen["notices"][0]["finishing"]["sms"]["pieces"] == 36
    assert seen["notices"][0]["finishing"]["sms"]["ends_at"] == "2026-03-02T19:00:00Z"
    ends = "36 segments still take 10 h and end <strong>about <bdi>Mon 2 Mar 2026, 19:00</bdi></strong>."
    assert ends in re.sub(r"\s+", " ", seen["html"][f"progress-{notice.pk}"])
    assert "36 segments still take 10 h" in _said(client, address(PAGE, window.pk))


def test_while_the_sender_rests_the_page_says_why(number: Sender) -> None:
    window = people.window(status=Window.Status.APPROVED)
    notice = people.notice(window, status=Notice.Status.PREPARED)
    people.queued(notice, number=2, segments=1)
    rate_limits.rest(number, 300, "21611 queue full", failing=True)
    seen = reader().get(address(PROGRESS, window.pk)).json()
    assert seen["notices"][0]["finishing"]["sms"]["reason"] == "21611 queue full"
    assert seen["notices"][0]["finishing"]["sms"]["resting_until"]
    html = seen["html"][f"progress-{notice.pk}"]
    assert "The sender rests until" in html
    assert "21611 queue full" in html


def test_what_is_through_has_no_end_to_expect(number: Sender) -> None:
    window = people.window()
    notice = people.notice(window, status=Notice.Status.PREPARED)
    people.queued(notice, number=2, state=State.DELIVERED, segments=1)
    seen = reader().get(address(PROGRESS, window.pk)).json()
    assert seen["notices"][0]["finishing"] == {}


def test_who_may_cancel_reads_how_many_messages_still_go_out(settings: Settings) -> None:
    settings.DELIVERIES_IN_FLIGHT, settings.IN_FLIGHT = 64, {"email": 1000}
    window = people.window()
    still = "from each sending process at most 64 by SMS and 1,000 by Email."
    assert still in words(signed_in("ada"), address(PAGE, window.pk))
    assert still not in words(reader(), address(PAGE, window.pk))
    asked = words(signed_in("ada"), address("maintenance_window_act", window.pk, "cancel"))
    assert "What is being sent at that moment still goes out" in asked
