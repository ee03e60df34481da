"""The page of the senders says how each stands, and a person may end a rest."""

from __future__ import annotations

import re

import pytest
from pytest_django.fixtures import Settings

from notifications.delivery import rate_limits
from notifications.delivery.rate_limits import Sender
from notifications.models import Bucket
from tests import people
from tests.staff import NOBODY, address, reader, signed_in, words

pytestmark = pytest.mark.django_db

SENDERS = "notifications_delivery_senders"
AWAKEN = "notifications_delivery_awaken"
NUMBER = "+441632960000"
TWILIO = Sender("twilio", NUMBER, 2.0)


@pytest.fixture(autouse=True)
def _roads(settings: Settings) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_FROM = "AC0", NUMBER
    settings.TWILIO_MESSAGING_SERVICE_SID = ""
    settings.CHANNELS, settings.RATES = ["sms"], {"sms": 2}


def _page(name: str = "ada") -> str:
    return re.sub(r"<[^>]+>|\s+", " ", words(signed_in(name), address(SENDERS)))


def test_a_sender_that_has_not_sent_yet_is_shown_with_its_rate() -> None:
    page = _page()
    assert NUMBER in page
    assert "2 segments a second, 10 at once after a pause" in re.sub(" +", " ", page)
    assert "it has not sent yet" in page
    assert not Bucket.objects.exists()


def test_what_is_left_in_the_bucket_is_shown(settings: Settings) -> None:
    settings.RATES = {"sms": 1e-6}
    rate_limits.granted(Sender("twilio", NUMBER, 1e-6), [4], urgent=True)
    assert "6 segments" in _page()


def test_without_a_rate_it_is_as_fast_as_the_provider(settings: Settings) -> None:
    settings.RATES = {}
    assert "As fast as the provider takes them" in _page()


def test_the_outbox_is_no_sender(settings: Settings) -> None:
    settings.TWILIO_ACCOUNT_SID = ""
    assert "nothing is sent to anyone" in _page()


def test_a_rest_is_shown_with_its_end_and_its_reason() -> None:
    rate_limits.rest(TWILIO, 300, "21611 queue full", failing=False)
    page = _page()
    assert "Rests until" in page
    assert "21611 queue full" in page
    assert "Failing since" not in page


def test_a_failing_provider_is_shown_with_what_follows() -> None:
    rate_limits.rest(TWILIO, 60, "503", failing=True)
    people.queued(people.notice(people.window()))
    page = _page()
    assert "Failing since" in page
    assert "1 time in a row. After each rest one message is tried" in page


def test_a_provider_that_failed_and_has_nothing_to_carry_is_no_fault() -> None:
    rate_limits.rest(TWILIO, 60, "503", failing=True)
    page = _page()
    assert "Failed when last used" in page
    assert "Nothing waits. It is tried with the next message" in page


def test_a_sender_of_earlier_settings_is_shown_behind() -> None:
    rate_limits.granted(Sender("twilio", "+440000000000", 1.0), [1], urgent=True)
    page = _page()
    assert "Not in use" in page
    assert page.index(NUMBER) < page.index("+440000000000")


def test_olga_says_try_now() -> None:
    rate_limits.rest(TWILIO, 300, "queue full", failing=False)
    answer = signed_in("olga").post(address(AWAKEN, Bucket.objects.get().pk), follow=True)
    assert answer.redirect_chain == [(address(SENDERS), 302)]
    assert "It is tried now." in answer.content.decode()
    assert rate_limits.granted(TWILIO, [1], urgent=False).messages == 1


def test_what_does_not_rest_is_not_woken() -> None:
    rate_limits.granted(TWILIO, [1], urgent=True)
    answer = signed_in("ada").post(address(AWAKEN, Bucket.objects.get().pk), follow=True)
    assert "it does not rest any more" in answer.content.decode()
    assert signed_in("ada").post(address(AWAKEN, NOBODY)).status_code == 404


def test_the_button_stands_only_where_it_rests_and_for_who_may() -> None:
    rate_limits.granted(TWILIO, [1], urgent=True)
    assert "Try now" not in _page()
    rate_limits.rest(TWILIO, 300, "queue full", failing=False)
    assert "Try now" in _page()
    assert "Try now" not in words(reader(), address(SENDERS))
    assert reader().post(address(AWAKEN, Bucket.objects.get().pk)).status_code == 403


def test_it_is_posted_from_the_page_itself() -> None:
    rate_limits.rest(TWILIO, 300, "queue full", failing=False)
    place = address(AWAKEN, Bucket.objects.get().pk)
    assert signed_in("ada").get(place).status_code == 405
    assert signed_in("ada", checks_forgery=True).post(place).status_code == 403


def test_staff_without_a_group_do_not_see_it() -> None:
    assert signed_in("visitor").get(address(SENDERS)).status_code == 403


def test_the_side_bar_leads_to_it() -> None:
    assert f'href="{address(SENDERS)}"' in words(reader(), address("index"))


def test_every_channel_can_be_shown(settings: Settings) -> None:
    settings.CHANNELS = ["sms", "email", "inapp", "social"]
    page = re.sub(" +", " ", _page())
    labels = (
        f"SMS: {NUMBER}",
        "Email",
        "In the app",
        "Social posts",
        "Twilio",
        "Lull: the bank's app fetches",
    )
    assert [label for label in labels if label not in page] == []
    assert "In the app:" not in page


def test_a_sender_without_a_fault_is_ok_and_one_with_a_wrong_setting_is_not(settings: Settings) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC" + "0" * 32, "t" * 32
    settings.BASE_URL = "https://status.bank.example"
    page = _page()
    assert " OK " in page
    assert "Wrong setting" not in page
    settings.TWILIO_ACCOUNT_SID = "AC0"
    page = _page()
    assert " OK " not in page
    assert "Wrong setting" in page
    assert "TWILIO_ACCOUNT_SID must be AC and 32 hexadecimal digits." in page


def test_the_first_page_leads_to_a_sender_that_rests() -> None:
    rate_limits.rest(TWILIO, 300, "queue full", failing=False)
    assert re.search(
        f'href="{address(SENDERS)}"><strong[^>]*>{re.escape(NUMBER)}', words(reader(), address("index"))
    )
