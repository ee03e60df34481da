"""Whose a server's refusal is: only one of RCPT that speaks of the mailbox is the customer's."""

from __future__ import annotations

import pytest

from notifications.channels.providers.smtp import refusals
from notifications.channels.types import Verdict

OF_THE_MAILBOX = [
    (550, "5.1.1 <cleo@example.com>: Recipient address rejected: User unknown"),
    (550, "5.1.1 no such mailbox\nand a second line"),
    (553, "5.1.2 no such domain"),
    (501, "5.1.3 Bad recipient address syntax"),
    (550, "5.1.6 has moved"),
    (556, "5.1.10 the domain takes no mail"),
    (550, "5.2.1 The email account that you tried to reach is disabled"),
    (552, "5.2.2 mailbox full"),
    (550, "5.4.1 Recipient address rejected: Access denied"),
    (550, "5.1.1 <cleo@example.com>: User unknown in relay recipient table"),
    (550, "Unrouteable address"),
    (550, "No such user here"),
    (550, "Requested action not taken: mailbox unavailable"),
    (550, "sorry, no mailbox here by that name (#5.1.1)"),
    (551, "User not local"),
    (553, "mailbox name not allowed"),
]
OF_OURS = [
    (550, "5.7.1 Relaying denied"),
    (554, "5.7.1 <cleo@example.com>: Relay access denied"),
    (550, "relay not permitted"),
    (550, "SMTP AUTH is required"),
    (550, "Sender verify failed"),
    (550, "Sender address rejected: not found"),
    (550, "Your IP is blacklisted"),
    (550, "SPF check failed"),
    (550, "Blocked by blacklist"),
    (550, "no"),
    (550, "5.2.1 Sending limit exceeded"),
    (550, "5.2.0 Sender rejected"),
    (553, "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"),
    (550, "5.1.7 Bad sender address syntax"),
    (550, "5.1.8 Sender address has no A or MX record"),
    (550, "5.7.26 unauthenticated mail is not accepted"),
    (503, "5.5.1 Bad sequence of commands"),
    (554, "5.3.0 no"),
    (554, "no"),
    (500, "what?"),
]


@pytest.mark.parametrize(("code", "words"), OF_THE_MAILBOX)
def test_a_recipient_is_refused_for_good_where_the_reply_speaks_of_the_mailbox(code: int, words: str) -> None:
    assert refusals.of_recipient(code, words) is Verdict.PERMANENT


@pytest.mark.parametrize(("code", "words"), OF_OURS)
def test_a_policy_at_rcpt_is_not_the_customers(code: int, words: str) -> None:
    assert refusals.of_recipient(code, words) is Verdict.REFUSED


@pytest.mark.parametrize("code", [530, 535])
def test_a_server_that_wants_us_to_sign_in_first_speaks_of_us(code: int) -> None:
    found = {refusals.of_recipient(code, "5.7.0 sign in"), refusals.of_text(code)}
    assert found == {Verdict.CONFIGURATION}


@pytest.mark.parametrize("code", [550, 552, 554])
def test_a_refused_text_never_speaks_of_its_reader(code: int) -> None:
    assert refusals.of_text(code) is Verdict.REFUSED
