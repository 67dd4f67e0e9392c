"""Whom a refusal is about, as servers word it."""

import pytest

from mailer.relay import refusals
from mailer.relay.smtp.connection import enhanced_code
from mailer.relay.transport import Verdict, VerdictKind

DEAD = [
    "550-5.1.1 The email account that you tried to reach does not exist.",
    "550 5.2.1 The email account that you tried to reach is inactive.",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
    "550 5.1.1 <r@example.com>: Recipient address rejected: User unknown in local recipient table",
    "553 5.1.3 Invalid address format",
    "556 5.1.10 Recipient address has null MX",
    "550 5.7.1 No such user!",
    "550 5.1.351 Remote server returned unknown recipient or mailbox unavailable",
    "550 5.7.1 <r@example.com>: Recipient address rejected: Not in recipient list",
    "550 5.1.1 <spam@policy.example.com>: no such user",
    "550 5.4.1 User unknown",
    "550 user unknown",
    "550 No such user here",
    "550 Unknown user",
    "550 Unrouteable address",
    "550 <r@example.com>... User unknown",
    "550 Invalid recipient: <r@example.com>",
    "550 mailbox not found",
    "551 User not local; this account has been closed",
    "554 delivery error: dd This user doesn't have a example.com account (r@example.com) [0]",
    "553 sorry, no mailbox here by that name. (#5.1.1)",
    "511 sorry, no mailbox here by that name (#5.1.1 - chkuser)",
    "550 5.1.0 Address rejected: no such recipient",
    "550 5.5.0 Requested action not taken: user unknown",
]
ALIVE = [
    "550 5.7.1 Message rejected as spam",
    "550 5.7.515 Access denied, sending domain does not meet the required authentication level",
    "554 5.7.1 Our system has detected that this message is likely unsolicited mail",
    "550 5.1.1 r@example.com: your address is on a block list",
    "554 5.7.1 <r@example.com>: Recipient address rejected: Access denied",
    "550 5.7.1 The sender address is invalid",
    "550 5.7.25 The sending address has no PTR record in DNS",
    "550 5.2.1 The user is receiving mail at a rate that prevents additional messages",
    "550 5.7.1 Unknown user by our policy",
    "554 Transaction failed",
    "550 5.6.0 Invalid message content",
    "550 rejected by local policy: invalid recipient",
]
SUSPECTED = [
    "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)",
    "550 5.4.1 [r@example.com]: Recipient address rejected: Access denied. [X.prod.example.com]",
    "550 #5.1.0 Address rejected.",
    "550 5.4.4 Invalid domain",
]
UNREACHED = [
    "552 5.2.2 The mailbox is full",
    "552 mailbox is full, account disabled until there is room",
    "550 Requested action not taken: mailbox unavailable",
    "550 5.4.4 Unable to route: no mail hosts for domain",
    "550 5.1.2 Host unknown (Name server: example.com: host not found)",
    "554 5.4.4 Host or domain name not found. Name service error for name=example.com type=MX",
    "554 5.4.6 Too many hops",
    "550 5.4.1 no answer from host",
]
OURS = [
    "554 5.7.1 <r@example.com>: Relay access denied",
    "550 5.7.1 Unable to relay",
    "550 relay not permitted",
    "550 5.7.0 Authentication required",
    "530 5.7.0 Must issue a STARTTLS command first",
    "503 5.5.4 Error: you must authenticate first",
    "553 5.7.1 <news@example.org>: Sender address rejected: not owned by user news",
    "553 5.1.8 <news@example.org>: Domain of sender address does not exist",
    "554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied",
    "504 5.5.2 <box>: Helo command rejected: need fully-qualified hostname",
    "554 Message rejected: Email address is not verified. The following identities failed",
    "550 The from address does not match a verified Sender Identity.",
    "554 Sending suspended for this account",
    "550 5.7.1 Your account has been disabled",
]


def said(reply: str, command: str | None) -> Verdict:
    code, _, text = reply.replace("-", " ", 1).partition(" ")
    enhanced = enhanced_code(int(code), text)
    return Verdict(VerdictKind.REFUSED, "relay", int(code), enhanced, reply, command)


@pytest.mark.parametrize("reply", DEAD)
def test_a_mailbox_that_is_no_more(reply: str) -> None:
    assert refusals.classify(said(reply, "RCPT")) == "mailbox"


@pytest.mark.parametrize("reply", SUSPECTED)
def test_a_mailbox_that_is_no_more_in_words_of_policy(reply: str) -> None:
    assert refusals.classify(said(reply, "RCPT")) == "suspected"


@pytest.mark.parametrize("reply", UNREACHED)
def test_trouble_that_may_pass(reply: str) -> None:
    assert refusals.classify(said(reply, "RCPT")) == "unreached"


@pytest.mark.parametrize("reply", ALIVE)
@pytest.mark.parametrize("command", ["RCPT", "."])
def test_a_policy_is_never_held_against_a_mailbox(reply: str, command: str) -> None:
    assert refusals.classify(said(reply, command)) == "message"


@pytest.mark.parametrize("reply", OURS)
@pytest.mark.parametrize("command", ["MAIL", "RCPT", "."])
def test_what_is_our_own_fault_is_not_the_readers(reply: str, command: str) -> None:
    assert refusals.classify(said(reply, command)) == "relay"
    deferred = refusals.for_the_relay(said(reply, command))
    assert deferred is not None
    assert (deferred.kind, deferred.reply) == (VerdictKind.DEFERRED, reply)


def test_words_after_the_text_prove_nothing_of_a_mailbox() -> None:
    assert refusals.classify(said("554 invalid address in header", ".")) == "message"
    assert refusals.classify(said("550 5.1.1 no such user", ".")) == "mailbox"


@pytest.mark.parametrize(
    ("reply", "about"),
    [
        ("550 5.7.1 go away", "relay"),
        ("550 5.1.1 no such sender", "relay"),
        ("552 5.3.4 message too big", "message"),
        ("552 too much", "message"),
    ],
)
def test_an_answer_to_mail_is_never_about_the_reader(reply: str, about: str) -> None:
    assert refusals.classify(said(reply, "MAIL")) == about


def test_only_a_refusal_is_one() -> None:
    for kind in VerdictKind:
        if kind is not VerdictKind.REFUSED:
            assert refusals.classify(Verdict(kind, "relay", 450, reply="450 user unknown")) is None
