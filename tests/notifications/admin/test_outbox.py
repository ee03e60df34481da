"""The outbox and the posts by hand: the words as their reader would see them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from maintenance.models import Customer
from notifications import links
from notifications.admin.masks import mask
from notifications.models import Delivery, Notice, State, Text
from notifications.planning import notices
from tests import people
from tests.staff import address, queries, reader, signed_in, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]

OUTBOX = "notifications_delivery_outbox"
POSTS = "notifications_delivery_posts"
CONFIRM = "notifications_delivery_confirm"
LINK = "https://social.example/@bank/1"


def _kept(notice: Notice, number: int = 1, channel: str = "sms") -> list[Delivery]:
    return people.queued(notice, number=number, channel=channel, state=State.SENT, provider="outbox")


def _post(target: str = "by hand:facebook") -> Delivery:
    notice = people.notice(people.window(), channels=["social"])
    return Delivery.objects.create(
        notice=notice,
        channel="social",
        target=target,
        language="en",
        text_id=notice.texts.get(language="en").pk,
        state=State.BY_HAND,
        provider="by hand",
        not_before=people.NOW,
        expires_at=people.NOW + timedelta(days=1),
    )


@pytest.mark.parametrize(
    ("whole", "hidden"),
    [
        ("+447700900123", "+44 ••••• 23"),
        ("cleo@example.com", "c•••••@example.com"),
        ("@example.com", "•••••@example.com"),
        ("", " ••••• "),
    ],
)
def test_an_address_is_recognised_and_not_usable(whole: str, hidden: str) -> None:
    assert mask(whole) == hidden


def test_a_message_is_shown_as_its_reader_would_have_seen_it() -> None:
    [row] = _kept(people.notice(people.window()))
    page = words(reader(), address(OUTBOX))
    assert f"Dear {row.customer.name}, we are closed." in page if row.customer else False
    assert "Not sent to anyone" in page


def test_addresses_are_masked() -> None:
    _kept(people.notice(people.window()))
    page = words(reader(), address(OUTBOX))
    assert "+44 ••••• 00" in page
    assert "+447700900000" not in page


def _worked(page: str) -> list[str]:
    """The signed links on a page with which one is taken for a customer."""
    tokens = re.findall(r"/(?:preferences|feedback|calendar/my)/([\w.-]+?)(?:\.ics|/)", page)
    return [token for token in tokens if links.read_preferences(token) or links.read_my_calendar(token)]


@pytest.mark.parametrize("name", ["rita", "ada", "ben", "olga"])
@pytest.mark.parametrize("demonstration", [False, True])
def test_no_link_in_the_outbox_works(name: str, demonstration: bool) -> None:
    window = people.window()
    notices.drafted_notices(window, now=people.NOW)
    kept = _kept(window.notices.get(kind="announced"), channel="email")
    Customer.objects.update(demonstration=demonstration)
    page = words(signed_in(name), address(OUTBOX))
    assert f"Dear {kept[0].customer.name}," in page if kept[0].customer else False
    assert links.hidden_preferences_url() in page
    assert _worked(page) == []


def test_no_page_about_a_message_shows_a_link_that_works() -> None:
    window = people.window()
    notices.drafted_notices(window, now=people.NOW)
    [row] = _kept(window.notices.get(kind="announced"), channel="email")
    pages = (
        ("maintenance_window_change", window.pk),
        ("maintenance_window_review", window.pk),
        ("maintenance_customer_change", row.customer_id),
        ("notifications_delivery_change", row.pk),
        ("notifications_delivery_unknown",),
        ("notifications_delivery_posts",),
    )
    client = signed_in("ada")
    assert [name for name, *key in pages if _worked(words(client, address(name, *key)))] == []


@pytest.mark.parametrize(
    ("demonstration", "name", "links_that_work"), [(True, "ada", 1), (True, "rita", 0), (False, "ada", 0)]
)
def test_only_an_invented_customers_preferences_may_be_tried(
    demonstration: bool, name: str, links_that_work: int
) -> None:
    cleo = people.customer(demonstration=demonstration)
    page = words(signed_in(name), address("maintenance_customer_change", cleo.pk))
    assert len(_worked(page)) == links_that_work
    assert page.count("Their preference page") == links_that_work


def test_what_was_really_sent_is_not_in_the_outbox() -> None:
    notice = people.notice(people.window())
    people.queued(notice, state=State.SENT, provider="twilio")
    people.queued(notice)
    assert "The outbox is empty." in words(reader(), address(OUTBOX))


def test_the_outbox_is_narrowed_to_a_channel_and_a_language() -> None:
    notice = people.notice(people.window())
    _kept(notice, channel="email")
    [text] = _kept(notice)
    Delivery.objects.filter(pk=text.pk).update(
        language="ar", text_id=notice.texts.get(channel="sms", language="ar").pk
    )
    client = reader()
    assert "نحن مغلقون" in words(client, address(OUTBOX) + "?channel=sms&language=ar")
    assert "Nothing here in this language." in words(client, address(OUTBOX) + "?channel=sms&language=en")
    assert "Nothing here by this channel." in words(client, address(OUTBOX) + "?channel=social")


def test_a_longer_outbox_has_an_older_page() -> None:
    _kept(people.notice(people.window()), number=25)
    client = reader()
    newest = words(client, address(OUTBOX))
    assert "Dear C0," not in newest
    oldest = Delivery.objects.order_by("pk")[1]
    assert f"before={oldest.pk}" in newest
    assert "Dear C0," in words(client, f"{address(OUTBOX)}?before={oldest.pk}")


def test_words_that_are_gone_leave_a_page_standing() -> None:
    _kept(people.notice(people.window()))
    Text.objects.all().delete()
    words(reader(), address(OUTBOX))


def test_three_messages_take_the_queries_of_one() -> None:
    notice = people.notice(people.window())
    _kept(notice)
    client = reader()
    one = queries(client, address(OUTBOX))
    _kept(notice, number=2)
    assert queries(client, address(OUTBOX)) == one


def test_customers_words_in_an_email_run_no_script() -> None:
    notice = people.notice(people.window())
    Text.objects.filter(channel="email").update(html="<p>Dear [[name]]</p><script>alert(1)</script>")
    _kept(notice, channel="email")
    response = reader().get(address(OUTBOX)).content.decode()
    assert "<script>alert(1)" not in response
    assert "&lt;script&gt;alert(1)" in response
    assert '<iframe sandbox=""' in response


def test_a_post_by_hand_is_there_to_copy() -> None:
    _post()
    page = words(signed_in("ada"), address(POSTS))
    assert "<h2>Facebook</h2>" in page
    assert "we are closed." in page


def test_ada_confirms_a_post_with_its_link() -> None:
    post = _post()
    ada = signed_in("ada")
    response = ada.post(address(CONFIRM, post.public_id), {"link": LINK}, follow=True)
    post.refresh_from_db()
    assert (post.state, post.provider_ref) == (State.SENT, LINK)
    assert LINK in response.content.decode()


@pytest.mark.parametrize("link", ["", "done", "javascript:alert(1)", "https://x.example/" + "a" * 200])
def test_without_a_real_link_the_post_still_waits(link: str) -> None:
    post = _post()
    signed_in("ada").post(address(CONFIRM, post.public_id), {"link": link})
    post.refresh_from_db()
    assert post.state == State.BY_HAND


def test_a_post_is_confirmed_once() -> None:
    post = _post()
    ada = signed_in("ada")
    ada.post(address(CONFIRM, post.public_id), {"link": LINK})
    again = ada.post(address(CONFIRM, post.public_id), {"link": LINK + "0"}, follow=True)
    assert "This post no longer waits" in again.content.decode()
    post.refresh_from_db()
    assert post.provider_ref == LINK


def test_readers_see_posts_and_confirm_none() -> None:
    post = _post()
    client = reader()
    assert "Link of the post" not in words(client, address(POSTS))
    assert client.post(address(CONFIRM, post.public_id), {"link": LINK}).status_code == 403
    assert signed_in("ada").get(address(CONFIRM, post.public_id)).status_code == 405
    forger = signed_in("ada", checks_forgery=True)
    assert forger.post(address(CONFIRM, post.public_id), {"link": LINK}).status_code == 403


def test_staff_without_a_group_see_neither() -> None:
    client = signed_in("visitor")
    assert client.get(address(OUTBOX)).status_code == 403
    assert client.get(address(POSTS)).status_code == 403
