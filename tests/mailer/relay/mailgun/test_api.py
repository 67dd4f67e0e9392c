"""Mailgun: the whole message in a form."""

from datetime import UTC, datetime

from mailer.mime import return_path
from mailer.mime.message import Message
from mailer.relay import refusals
from mailer.relay.http import api as apis
from mailer.relay.http.api import Answer
from mailer.relay.mailgun.api import Mailgun
from tests.providers import form_of

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
API = Mailgun("key-key-key", "mg.example.org")
PATH = return_path.tagged("bounces@example.org", b"s", 7)
DATA = b"From: a@example.org\r\n\r\n--x\r\n\xc3\xa4\r\n.dot\r\n--\r\n"


def test_the_message_goes_as_it_is() -> None:
    request = API.sending(Message(PATH, "r+x@example.com", DATA, "<1@x.y>"), NOW)
    form = form_of(request.fields["Content-Type"], request.body)
    assert form["message"] == DATA
    assert (form["to"], form["o:tracking"]) == (b"r+x@example.com", b"no")
    assert return_path.copy_of(form["v:copy"].decode(), [b"s"]) == 7
    assert request.target == "/v3/mg.example.org/messages.mime"


def test_a_closed_domain_is_the_accounts_affair() -> None:
    body = b'{"message": "Domain mg.example.org is not allowed to send"}'
    verdict = apis.verdict(API, Answer(403, {}, body), "mailgun")
    assert (verdict.command, refusals.classify(verdict)) == ("MAIL", "relay")
    assert API.seen(Answer(403, {}, body)) is None
