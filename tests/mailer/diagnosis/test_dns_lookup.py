"""Answers of the DNS: nothing, something, and no answer at all are three things."""

import dns.resolver
import pytest

from mailer.diagnosis import dns_lookup
from mailer.diagnosis.dns_lookup import Lookup, NoAnswerError
from tests.mailer.diagnosis.dns_server import serving


def test_texts_come_in_one_piece_and_a_name_without_any_has_none() -> None:
    with serving({("a.ch", "TXT"): ['"v=spf1 " "-all"', '"b"']}) as resolver:
        asking = Lookup(resolver)
        assert sorted(asking.texts("a.ch")) == ["b", "v=spf1 -all"]
        assert asking.texts("nowhere.ch") == []
        assert asking.texts("a..ch") == []


def test_mail_goes_to_the_name_itself_where_it_has_no_mx() -> None:
    records = {("mx.ch", "MX"): ["5 in.mx.ch."], ("host.ch", "A"): ["192.0.2.1"],
               ("none.ch", "MX"): ["0 ."]}  # fmt: skip
    with serving(records) as resolver:
        asking = Lookup(resolver)
        assert asking.mail_servers("mx.ch") == ["in.mx.ch."]
        assert asking.mail_servers("host.ch") == ["host.ch"]
        assert asking.mail_servers("none.ch") == ["."]
        assert asking.mail_servers("nowhere.ch") == []


def test_after_a_question_nobody_answered_no_other_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dns_lookup, "SECONDS", 0.1)
    silent = dns.resolver.Resolver(configure=False)
    silent.nameservers, silent.port = ["127.0.0.1"], 9
    asking = Lookup(silent)
    with pytest.raises(NoAnswerError, match="no DNS server answered"):
        asking.texts("a.ch")
    monkeypatch.setattr(silent, "resolve", None)
    with pytest.raises(NoAnswerError, match="no DNS server answered"):
        asking.texts("b.ch")
