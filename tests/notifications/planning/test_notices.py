"""What happens to a window, and the notices that follow from it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import pytest
from pytest_django.fixtures import Settings

from maintenance import execution
from maintenance.booking import approvals, windows
from maintenance.models import Alternative, Approval, Change, NoticeKind, NoticePolicy, NoticeRule, Window
from maintenance.proposals import Emergency, Proposal
from notifications import wording
from notifications.models import Delivery, Notice, PlannedChange, State, Text
from notifications.planning import notices, on_change
from tests import people

pytestmark = pytest.mark.django_db

What = Change.What
Status = Notice.Status


def _happens(window: Window, what: Change.What, now: datetime, **changes: object) -> None:
    """Write what maintenance writes when this happens, and let notifications work it out."""
    for field, value in changes.items():
        setattr(window, field, value)
    window.save()
    Change.objects.create(
        window=window, what=what, at=now, actor=people.user("ada"), revision=window.revision
    )
    notices.plan_notices(now=now)


def _approve(window: Window, now: datetime) -> None:
    _happens(window, What.CHANGE_APPROVED, now)
    _happens(window, What.TEXT_APPROVED, now, status=Window.Status.APPROVED)


def _move(window: Window, now: datetime, by: timedelta) -> None:
    _happens(
        window,
        What.RESCHEDULED,
        now,
        starts_at=window.starts_at + by,
        ends_at=window.ends_at + by,
        revision=window.revision + 1,
        status=Window.Status.BOOKED,
    )


def _stand(window: Window) -> list[tuple[NoticeKind, Status]]:
    rows = window.notices.order_by("id").values_list("kind", "status")
    return [(NoticeKind(kind), Status(status)) for kind, status in rows]


def _ended_at(window: Window, status: Notice.Status) -> set[datetime | None]:
    return set(window.notices.filter(status=status).values_list("ended_at", flat=True))


def _told(window: Window, now: datetime, channel: str = "sms") -> None:
    """The announcement has reached Cleo by one channel."""
    first = window.notices.get(kind=NoticeKind.ANNOUNCED, status=Status.PLANNED)
    Notice.objects.filter(pk=first.pk).update(status=Status.PREPARED, prepared_at=now)
    people.queued(first, channel=channel, state=State.SENT)


@pytest.fixture
def window(now: datetime) -> Window:
    """Booked 13 days ahead, at 02:00 on 16 March."""
    made = people.window()
    notices.plan_notices(now=now)
    return made


def test_a_booking_drafts_the_announcement_and_a_reminder_with_words_in_every_language(
    window: Window,
) -> None:
    assert _stand(window) == [(NoticeKind.ANNOUNCED, Status.DRAFT), (NoticeKind.REMINDER, Status.DRAFT)]
    assert Text.objects.filter(notice__kind=NoticeKind.ANNOUNCED).count() == 4 * 2


def test_customers_are_told_at_ten_of_the_banks_day_seven_days_ahead(window: Window) -> None:
    due = dict(window.notices.values_list("kind", "due_at"))

    assert due[NoticeKind.ANNOUNCED].isoformat() == "2026-03-09T10:00:00+00:00"
    assert due[NoticeKind.REMINDER].isoformat() == "2026-03-15T10:00:00+00:00"


@pytest.mark.parametrize(
    ("unit", "lead", "due"),
    [
        ("working_days", timedelta(days=7), "2026-03-05T10:00:00+00:00"),
        ("hours", timedelta(hours=150), "2026-03-09T20:00:00+00:00"),
    ],
)
def test_the_announcement_is_due_as_the_policy_counts_and_the_reminder_in_days(
    now: datetime, unit: str, lead: timedelta, due: str
) -> None:
    NoticePolicy.objects.update(unit=unit, promised=lead)
    NoticeRule.objects.filter(kind=NoticeKind.ANNOUNCED).update(lead=lead)
    window = people.window()
    notices.plan_notices(now=now)
    planned = {kind: at.isoformat() for kind, at in window.notices.values_list("kind", "due_at")}
    assert planned == {NoticeKind.ANNOUNCED: due, NoticeKind.REMINDER: "2026-03-15T10:00:00+00:00"}


def test_an_announcement_goes_out_no_later_than_is_promised(now: datetime) -> None:
    NoticePolicy.objects.update(promised=timedelta(days=9))
    window = people.window()
    notices.plan_notices(now=now)
    assert window.notices.get(kind=NoticeKind.ANNOUNCED).due_at.isoformat() == "2026-03-07T10:00:00+00:00"


def test_where_money_moves_the_reminder_also_goes_by_sms(now: datetime) -> None:
    window = people.window(people.service("cards", moves_money=True))
    notices.plan_notices(now=now)

    reminders = window.notices.filter(kind=NoticeKind.REMINDER).order_by("id")
    assert [reminder.channels for reminder in reminders] == [["inapp"], ["sms"]]


def test_one_approval_is_not_enough(window: Window, now: datetime) -> None:
    _happens(window, What.CHANGE_APPROVED, now)

    assert {status for _, status in _stand(window)} == {Status.DRAFT}


def test_both_approvals_plan_the_notices(window: Window, now: datetime) -> None:
    _approve(window, now)

    assert {status for _, status in _stand(window)} == {Status.PLANNED}


def test_a_change_is_worked_out_once_however_often_the_clock_ticks(window: Window, now: datetime) -> None:
    _approve(window, now)

    assert notices.plan_notices(now=now) == 0
    assert (PlannedChange.objects.count(), window.notices.count()) == (3, 2)


def test_a_late_announcement_goes_out_at_once_and_takes_the_reminder_with_it(
    window: Window, now: datetime
) -> None:
    eve = window.starts_at - timedelta(hours=3)
    _approve(window, eve)

    assert _stand(window) == [(NoticeKind.ANNOUNCED, Status.PLANNED), (NoticeKind.REMINDER, Status.WITHDRAWN)]
    assert notices.due_notices(now=eve) == [window.notices.get(kind=NoticeKind.ANNOUNCED).pk]


def test_an_announcement_approved_after_the_start_expires_with_the_reason(window: Window) -> None:
    _approve(window, window.starts_at)

    announcement = window.notices.get(kind=NoticeKind.ANNOUNCED)
    assert announcement.status == Status.EXPIRED
    assert announcement.reason != ""


def test_after_a_move_the_new_time_takes_the_reminders_place(window: Window, now: datetime) -> None:
    _approve(window, now)
    _told(window, now)
    _move(window, now, timedelta(hours=7) - (window.starts_at - now))
    drafts = list(window.notices.filter(revision=2))
    reminder = window.notices.get(kind=NoticeKind.REMINDER, revision=2)
    needless = {reminder.pk: "the new time is told at the same time."}
    assert on_change.needless_reminders(drafts, now=now) == needless

    _approve(window, now)
    reminder.refresh_from_db()
    assert (reminder.status, reminder.reason) == (
        Status.WITHDRAWN,
        "Not sent: the new time is told at the same time.",
    )


def test_a_reminder_that_is_due_after_the_announcement_is_needed(window: Window, now: datetime) -> None:
    drafts = list(window.notices.all())
    reminder = window.notices.get(kind=NoticeKind.REMINDER)
    assert not on_change.needless_reminders(drafts, now=reminder.due_at - timedelta(seconds=1))
    assert list(on_change.needless_reminders(drafts, now=reminder.due_at)) == [reminder.pk]


@pytest.mark.parametrize(("ahead", "hindered"), [(timedelta(days=3), True), (timedelta(hours=3), False)])
def test_what_the_words_of_a_needless_reminder_lack_hinders_no_approval(
    ahead: timedelta, hindered: bool, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = wording.drafted_texts

    def lacking(notice: Notice, told: Collection[int]) -> list[Text]:
        if notice.kind == NoticeKind.REMINDER:
            raise wording.Incomplete("The reminder lacks its words.")
        return written(notice, told)

    monkeypatch.setattr(wording, "drafted_texts", lacking)
    ben = people.user("ben")
    emergency = Emergency("It expires", ben)
    proposal = people.proposal(starts_at=now + ahead, length=timedelta(hours=1), emergency=emergency)
    window = windows.book_window(proposal, by=people.user("ada"), now=now)
    if hindered:
        with pytest.raises(notices.NotReady):
            notices.approve_text(window, revision=1, by=ben, now=now)
    else:
        notices.approve_text(window, revision=1, by=ben, now=now)
    assert window.approvals.exists() is not hindered


def test_a_notice_that_the_clock_missed_is_sent_if_still_true_else_expires(
    window: Window, now: datetime
) -> None:
    _approve(window, now)

    assert len(notices.due_notices(now=window.starts_at - timedelta(minutes=1))) == 2
    assert notices.due_notices(now=window.starts_at) == []
    assert {status for _, status in _stand(window)} == {Status.EXPIRED}


def test_what_expires_or_is_withdrawn_notes_when(window: Window, now: datetime) -> None:
    eve = window.starts_at - timedelta(hours=3)
    _approve(window, eve)
    assert _ended_at(window, Status.WITHDRAWN) == {eve}  # the reminder

    notices.due_notices(now=window.starts_at)
    assert _ended_at(window, Status.EXPIRED) == {window.starts_at}


def test_whatever_is_withdrawn_says_so_by_one_column(window: Window, now: datetime) -> None:
    """Too near, not out yet, and handed out: of each of them nothing goes out any more, since one moment."""
    _approve(window, window.starts_at - timedelta(hours=3))
    assert window.notices.get(status=Status.WITHDRAWN).withdrawn  # the reminder

    window.notices.filter(status=Status.PLANNED).update(status=Status.PREPARED)
    _move(window, now + timedelta(hours=1), by=timedelta(days=1))
    gone = window.notices.filter(revision=1)
    assert set(gone.values_list("withdrawn", flat=True)) == {True}
    assert set(gone.filter(status=Status.PREPARED).values_list("ended_at", flat=True)) == {
        now + timedelta(hours=1)
    }
    assert not window.notices.filter(revision=2, withdrawn=True).exists()


def test_what_a_move_withdraws_notes_when(window: Window, now: datetime) -> None:
    _move(window, now + timedelta(hours=1), by=timedelta(days=1))
    assert _ended_at(window, Status.WITHDRAWN) == {now + timedelta(hours=1)}
    assert _ended_at(window, Status.DRAFT) == {None}


def test_nothing_is_due_before_its_hour(window: Window, now: datetime) -> None:
    _approve(window, now)

    assert notices.due_notices(now=datetime.fromisoformat("2026-03-09T09:59:59+00:00")) == []


def test_a_rejection_withdraws_the_drafts_with_its_reason(window: Window, now: datetime) -> None:
    Change.objects.create(
        window=window,
        what=What.REJECTED,
        at=now,
        actor=people.user("ben"),
        revision=1,
        reason="Too long",
    )
    notices.plan_notices(now=now)

    assert set(window.notices.values_list("status", "reason")) == {(Status.WITHDRAWN, "Rejected: Too long")}


def test_a_move_before_anyone_was_told_withdraws_and_announces_the_right_time(
    window: Window, now: datetime
) -> None:
    _approve(window, now)
    _move(window, now, timedelta(days=1))
    _approve(window, now)

    assert _stand(window) == [
        (NoticeKind.ANNOUNCED, Status.WITHDRAWN),
        (NoticeKind.REMINDER, Status.WITHDRAWN),
        (NoticeKind.ANNOUNCED, Status.PLANNED),
        (NoticeKind.REMINDER, Status.PLANNED),
    ]
    assert notices.due_notices(now=now + timedelta(days=7, hours=2)) == []


def test_a_move_after_customers_were_told_gives_them_the_new_time_at_once(
    window: Window, now: datetime
) -> None:
    _approve(window, now)
    _told(window, now)
    _move(window, now, timedelta(days=1))
    _approve(window, now)

    assert set(_stand(window)[2:]) == {
        (NoticeKind.RESCHEDULED, Status.PLANNED),
        (NoticeKind.REMINDER, Status.PLANNED),
    }
    assert notices.due_notices(now=now) == [window.notices.get(kind=NoticeKind.RESCHEDULED).pk]


def test_a_move_takes_back_what_is_still_queued(window: Window, now: datetime) -> None:
    _approve(window, now)
    _told(window, now)
    people.queued(window.notices.get(kind=NoticeKind.ANNOUNCED), number=2)
    _move(window, now, timedelta(days=1))

    rows = list(Delivery.objects.order_by("id").values_list("state", flat=True))
    assert rows == [State.SENT, State.WITHDRAWN, State.WITHDRAWN]


def test_a_cancellation_nobody_need_hear_of_is_silent(window: Window, now: datetime) -> None:
    _approve(window, now)
    _happens(window, What.CANCELLED, now, status=Window.Status.CANCELLED)

    assert {status for _, status in _stand(window)} == {Status.WITHDRAWN}


def test_a_cancellation_goes_to_those_who_were_told_by_the_channels_that_told_them(
    window: Window, now: datetime
) -> None:
    _approve(window, now)
    _told(window, now, channel="email")
    _happens(window, What.CANCELLED, now, status=Window.Status.CANCELLED)

    cancelled = window.notices.get(kind=NoticeKind.CANCELLED)
    assert (cancelled.channels, cancelled.only_told, cancelled.status) == (["email"], True, Status.PLANNED)


def test_start_and_end_are_told_in_the_app_and_by_posts_when_they_happen(
    window: Window, now: datetime
) -> None:
    _approve(window, now)
    begun = window.starts_at + timedelta(minutes=1)
    _happens(window, What.STARTED, begun, status=Window.Status.STARTED, started_at=begun)
    assert not window.notices.filter(kind=NoticeKind.FINISHED).exists()

    over = begun + timedelta(hours=5)
    _happens(window, What.FINISHED, over, status=Window.Status.FINISHED, finished_at=over)

    told = window.notices.filter(kind__in=(NoticeKind.STARTED, NoticeKind.FINISHED)).order_by("id")
    assert [(notice.kind, notice.channels, notice.due_at) for notice in told] == [
        (NoticeKind.STARTED, ["inapp", "social"], begun),
        (NoticeKind.FINISHED, ["inapp", "social"], over),
    ]


def test_a_reminder_that_did_not_get_out_before_the_start_is_withdrawn(window: Window, now: datetime) -> None:
    _approve(window, now)
    _happens(window, What.STARTED, window.starts_at, status=Window.Status.STARTED)

    assert window.notices.get(kind=NoticeKind.REMINDER).status == Status.WITHDRAWN


def test_words_without_what_still_works_cannot_be_approved_and_say_what_to_do(now: datetime) -> None:
    bank = people.service(alternative=False)
    window = people.window(bank)
    notices.plan_notices(now=now)

    with pytest.raises(notices.NotReady, match="alternative"):
        notices.approve_text(window, revision=1, by=people.user("ben"), now=now)

    people.service()
    drafts = notices.drafted_notices(window, now=now)
    assert {draft.reason for draft in drafts} == {""}


def test_words_are_drafted_at_once_for_the_page(now: datetime) -> None:
    assert len(notices.drafted_notices(people.window(), now=now)) == 2


def test_channels_the_bank_has_switched_off_are_in_no_notice(now: datetime, settings: Settings) -> None:
    settings.CHANNELS = ["email", "inapp"]

    announcement = notices.drafted_notices(people.window(), now=now)[0]
    assert announcement.channels == ["email", "inapp"]


def test_one_change_that_cannot_be_worked_out_holds_up_no_other_window(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = people.window(), people.window()
    work_out = on_change.work_out_change

    def fails_for_one(window: Window, change: Change, *, now: datetime) -> None:
        if window == broken:
            raise RuntimeError("no disk")
        work_out(window, change, now=now)

    monkeypatch.setattr(on_change, "work_out_change", fails_for_one)
    notices.plan_notices(now=now)
    assert (broken.notices.count(), sound.notices.count()) == (0, 2)

    monkeypatch.undo()
    notices.plan_notices(now=now)
    assert broken.notices.count() == 2


def _words(notice: Notice, channel: str = "sms") -> str:
    return notice.texts.get(channel=channel, language="en", variant="").body


def _booked_and_told(now: datetime) -> Window:
    """Really booked and approved, for 16 March; the announcement has reached Cleo by SMS."""
    proposal = people.proposal(starts_at=now + timedelta(days=13, hours=17), purpose="Upgrade")
    window = windows.book_window(proposal, by=people.user("ada"), now=now)
    _approved(window, now)
    _told(window, now)
    return window


def _approved(window: Window, now: datetime) -> None:
    window.refresh_from_db()
    ben = people.user("ben")
    approvals.approve(window, Approval.Subject.CHANGE, revision=window.revision, by=ben, now=now)
    notices.approve_text(window, revision=window.revision, by=ben, now=now)
    notices.plan_notices(now=now)


def _moved(window: Window, now: datetime, days: int) -> None:
    window.refresh_from_db()
    by = timedelta(days=days)
    windows.reschedule(
        window,
        Proposal(window.starts_at + by, window.ends_at + by),
        reason="Parts are late",
        by=people.user("ada"),
        now=now,
    )
    notices.plan_notices(now=now)


def test_moved_twice_the_words_name_the_time_that_customers_hold(now: datetime) -> None:
    window = _booked_and_told(now)
    _moved(window, now, days=3)
    _moved(window, now, days=3)

    words = _words(window.notices.get(kind=NoticeKind.RESCHEDULED, status=Status.DRAFT))
    assert "2026-03-16" in words
    assert "2026-03-22" in words
    assert "2026-03-19" not in words


def test_moved_and_then_cancelled_what_customers_hold_is_called_off(now: datetime) -> None:
    window = _booked_and_told(now)
    _moved(window, now, days=3)
    windows.cancel(window, reason="Not needed", by=people.user("ada"), now=now)
    notices.plan_notices(now=now)

    words = _words(window.notices.get(kind=NoticeKind.CANCELLED))
    assert "2026-03-16" in words
    assert "2026-03-19" not in words


def test_moved_back_to_where_customers_think_it_is_nobody_is_told_a_new_time(now: datetime) -> None:
    window = _booked_and_told(now)
    _moved(window, now, days=3)
    _moved(window, now, days=-3)
    _approved(window, now)

    assert [status for kind, status in _stand(window) if kind == NoticeKind.RESCHEDULED] == [Status.WITHDRAWN]


def test_a_move_that_was_rejected_can_be_put_forward_again(now: datetime) -> None:
    window = _booked_and_told(now)
    _moved(window, now, days=3)
    approvals.reject(
        window, Approval.Subject.TEXT, revision=2, reason="Unclear", by=people.user("ben"), now=now
    )
    notices.plan_notices(now=now)
    _moved(window, now, days=0)
    _approved(window, now)

    assert window.notices.filter(kind=NoticeKind.RESCHEDULED, status=Status.PLANNED).count() == 1


def test_what_is_changed_after_approval_does_not_reach_customers_under_it(now: datetime) -> None:
    window = _booked_and_told(now)
    Alternative.objects.update(words="Call our premium line 0900 123 456.")
    window.refresh_from_db()
    execution.start(window, by=people.user("ada"), now=window.starts_at)
    notices.plan_notices(now=window.starts_at)

    started = window.notices.get(kind=NoticeKind.STARTED)
    assert started.status == Status.PLANNED
    assert "Cards and cash machines work as usual." in _words(started, "social")


def test_a_cancellation_while_the_first_message_is_on_its_way_is_told(now: datetime) -> None:
    window = _booked_and_told(now)
    Delivery.objects.update(state=State.SENDING, lease_token=people.TOKEN)
    windows.cancel(window, reason="Not needed", by=people.user("ada"), now=now)
    notices.plan_notices(now=now)

    assert window.notices.get(kind=NoticeKind.CANCELLED).channels == ["sms"]


def test_a_cancellation_that_had_no_words_is_told_once_it_has(now: datetime, settings: Settings) -> None:
    window = _booked_and_told(now)
    Text.objects.filter(variant=NoticeKind.CANCELLED).delete()  # approved before words were kept
    settings.BANK_NAME = ""
    windows.cancel(window, reason="Not needed", by=people.user("ada"), now=now)
    notices.plan_notices(now=now)
    assert window.notices.get(kind=NoticeKind.CANCELLED).status == Status.DRAFT

    settings.BANK_NAME = "Example Bank"
    notices.plan_notices(now=now)
    assert window.notices.get(kind=NoticeKind.CANCELLED).status == Status.PLANNED
