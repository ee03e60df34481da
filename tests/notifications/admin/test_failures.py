"""What failed is shown by its reason; once that is mended, a person sends all of it again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from notifications import sql
from notifications.delivery import queue
from notifications.models import Attempt, Delivery, Notice, State
from tests import people
from tests.staff import address, queries, reader, signed_in, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]

FAILURES = "notifications_delivery_failures"
AGAIN = "notifications_delivery_send_again"
REGION = "21408 not enabled for the region"


def _failed(number: int = 1, of: Notice | None = None, **options: Any) -> Notice:
    notice = of or people.notice(people.window())
    values: dict[str, Any] = {
        "state": State.FAILED,
        "rank": 3,
        "attempt": 1,
        "code": "21408",
        "reason": REGION,
        "settled_at": people.NOW - timedelta(minutes=5),
    }
    people.queued(notice, number=number, **(values | options))
    return notice


def _asked(notice: Notice, /, **changed: Any) -> dict[str, Any]:
    asked = {
        "notice": notice.pk,
        "channel": "sms",
        "code": "21408",
        "until": people.NOW.isoformat(),
        "number": 3,
        "sure": "on",
    }
    return asked | changed


def _send_again(notice: Notice, name: str = "ada", /, **changed: Any) -> str:
    answer = signed_in(name).post(address(AGAIN), _asked(notice, **changed), follow=True)
    assert answer.redirect_chain == [(address(FAILURES), 302)]
    return answer.content.decode()


def _states() -> list[int]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def test_what_failed_stands_by_its_reason_the_most_first() -> None:
    notice = _failed(2, code="21211", reason="21211 not a number")
    _failed(3, notice)
    page = words(reader(), address(FAILURES))
    assert page.index("3 SMS: <bdi>21408</bdi>") < page.index("2 SMS: <bdi>21211</bdi>")
    assert REGION in page
    assert "Send all" not in page


def test_nothing_failed_is_said() -> None:
    assert "Nothing has failed." in words(reader(), address(FAILURES))


def test_all_that_failed_for_a_reason_goes_back_into_the_queue_and_nothing_else() -> None:
    notice = _failed(3)
    _failed(1, notice, code="21211")
    _failed(1)
    page = _send_again(notice)

    assert "In the queue again: 3." in page
    assert _states() == [State.QUEUED] * 3 + [State.FAILED] * 2
    row = Delivery.objects.order_by("pk")[0]
    assert (row.not_before, row.settled_at, row.reason) == (
        people.NOW,
        None,
        f"sent again by ada; before: {REGION}",
    )
    noted = Attempt.objects.filter(delivery_id=row.pk).values_list("outcome", "code", "detail")
    assert list(noted) == [("back in the queue", "21408", "sent again by ada")]


def test_what_failed_for_one_reason_is_one_card_whatever_the_notice() -> None:
    first, second = _failed(2), _failed(1)
    _failed(1, second, code="21211")
    _failed(4, channel="email")
    page = words(signed_in("ada"), address(FAILURES))
    assert "3 SMS: <bdi>21408</bdi>" in page
    assert page.count("Send all 3 of 2 notices again") == 1
    assert "<strong>2</strong> of Announcement" in page
    assert f"notice__id__exact={first.pk}&code__exact=21408" in page


def test_all_notices_are_sent_again_with_one_confirmation() -> None:
    first, second = _failed(2), _failed(1)
    withdrawn, over = _failed(1), _failed(1, expires_at=people.NOW)
    queue.withdraw_deliveries([withdrawn.pk], "The window was moved.", now=people.NOW)
    _failed(1, second, code="21211")
    _failed(1, second, channel="email")
    asked: dict[str, Any] = {"notice": "", "number": 3}

    assert "Confirm that the reason is mended." in _send_again(first, **asked, sure="")
    assert "In the queue again: 3." in _send_again(first, **asked)
    again = Delivery.objects.filter(state=State.QUEUED)
    assert again.filter(notice__in=(first, second), channel="sms", code="21408").count() == 3
    assert Delivery.objects.filter(state=State.FAILED).count() == 4
    assert Delivery.objects.filter(notice__in=(withdrawn, over), state=State.FAILED).count() == 2
    assert set(Attempt.objects.values_list("delivery_id", "detail")) == {
        (row.pk, "sent again by ada") for row in again
    }

    assert "Nothing was changed for 3" in _send_again(first, **asked)
    assert Attempt.objects.count() == 3


def test_of_all_notices_what_failed_after_the_page_was_seen_is_another_question() -> None:
    notice = _failed(2)
    _failed(1, settled_at=people.NOW)
    _send_again(notice, notice="", until=(people.NOW - timedelta(minutes=1)).isoformat())
    assert _states() == [State.QUEUED] * 2 + [State.FAILED]


def test_nothing_of_the_demonstration_is_sent_again_with_what_is_real() -> None:
    notice = _failed(1)
    _failed(1, notice, demonstration=True)
    _send_again(notice, notice="", number=1)
    assert _states() == [State.QUEUED, State.FAILED]


def test_in_slices_it_is_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifications.delivery.queue.requeue._SLICE", 2)
    _send_again(_failed(5), number=5)
    assert _states() == [State.QUEUED] * 5


def test_twice_is_once() -> None:
    notice = _failed(3)
    _send_again(notice)
    assert "Nothing was changed for 3" in _send_again(notice)
    assert Attempt.objects.count() == 3


def test_what_failed_after_the_page_was_seen_is_another_question() -> None:
    notice = _failed(3)
    _send_again(notice, until=(people.NOW - timedelta(hours=1)).isoformat())
    assert _states() == [State.FAILED] * 3


def test_what_is_no_longer_true_stays_as_it_is() -> None:
    notice = _failed(3, expires_at=people.NOW)
    assert "their words are no longer true" in _send_again(notice)
    assert _states() == [State.FAILED] * 3
    assert "cannot be sent again" in words(signed_in("ada"), address(FAILURES))


def test_nothing_of_a_withdrawn_notice_is_sent_again() -> None:
    notice = _failed(3)
    queue.withdraw_deliveries([notice.pk], "The window was moved.", now=people.NOW)
    _send_again(notice)
    assert _states() == [State.FAILED] * 3
    assert "The notice was withdrawn" in words(signed_in("ada"), address(FAILURES))


@pytest.mark.parametrize("until", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-23:59", "soon"])
def test_an_odd_time_moves_nothing(until: str) -> None:
    _send_again(_failed(3), until=until)
    assert _states() == [State.FAILED] * 3


@pytest.mark.parametrize("at_once", [False, True])
def test_what_a_person_sends_again_waits_for_no_page_whose_clock_is_ahead(at_once: bool) -> None:
    tomorrow = sql.database_now() + timedelta(days=1)
    notice = people.notice(people.window(), true_until=tomorrow + timedelta(days=1))
    _failed(of=notice)
    who: dict[str, Any] = {"until": tomorrow, "by": "ada", "now": tomorrow}
    if at_once:
        queue.send_all_again("sms", "21408", **who)
    else:
        queue.send_again(notice.pk, "sms", "21408", **who)
    row = Delivery.objects.get()

    assert row.state == State.QUEUED
    assert row.not_before <= sql.database_now()
    assert Attempt.objects.get().at <= sql.database_now()


def test_it_is_confirmed_first() -> None:
    notice = _failed(3)
    assert "Confirm that the reason is mended." in _send_again(notice, sure="")
    assert _states() == [State.FAILED] * 3


def test_only_those_who_may_decide_send_again() -> None:
    notice = _failed(3)
    assert reader().post(address(AGAIN), _asked(notice)).status_code == 403
    assert signed_in("ada").get(address(AGAIN)).status_code == 405
    assert signed_in("ada", checks_forgery=True).post(address(AGAIN), _asked(notice)).status_code == 403
    assert signed_in("visitor").get(address(FAILURES)).status_code == 403
    assert _states() == [State.FAILED] * 3
    _send_again(notice, "olga")
    assert _states() == [State.QUEUED] * 3


def test_the_page_takes_as_many_queries_for_one_reason_as_for_three() -> None:
    notice = _failed()
    one = queries(reader(), address(FAILURES))
    _failed(1, notice, code="21211")
    _failed()
    assert queries(reader(), address(FAILURES)) == one


def test_the_first_page_and_the_side_bar_lead_to_it() -> None:
    notice = _failed(3)
    Notice.objects.filter(pk=notice.pk).update(prepared_at=people.NOW)
    assert words(reader(), address("index")).count(f'href="{address(FAILURES)}"') == 2
