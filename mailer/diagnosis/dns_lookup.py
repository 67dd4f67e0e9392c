"""Records of the DNS, by dnspython: a name without any is an empty answer, and a DNS that does not
answer is an error with words of its own."""

from collections.abc import Iterator

import dns.exception
import dns.rdata
import dns.resolver
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT

from recommender.errors import NewsletterError

SECONDS = 5.0
"""For one answer, whatever number of servers is asked."""


class NoAnswerError(NewsletterError):
    """The DNS said nothing, so nothing is known."""


class Lookup:
    """Asks ``resolver``; without one there is no DNS. After a question that nobody answered in
    time no other is asked."""

    def __init__(self, resolver: dns.resolver.Resolver | None) -> None:
        self._resolver = resolver
        self._away = "this machine names no DNS server" if resolver is None else ""

    def texts(self, name: str) -> list[str]:
        """The TXT records of a name, each in one piece (RFC 7208 section 3.3)."""
        return [
            b"".join(record.strings).decode("utf-8", "replace")
            for record in self._ask(name, "TXT")
            if isinstance(record, TXT)
        ]

    def mail_servers(self, name: str) -> list[str]:
        """Who takes mail for a name: its MX records, or itself (RFC 5321 section 5.1). A null MX
        (RFC 7505) is ``.``."""
        named = [str(one.exchange) for one in self._ask(name, "MX") if isinstance(one, MX)]
        if named:
            return named
        return [name for kind in ("A", "AAAA") for _ in self._ask(name, kind)][:1]

    def _ask(self, name: str, kind: str) -> Iterator[dns.rdata.Rdata]:
        if self._resolver is None or self._away:
            raise NoAnswerError(self._away)
        try:
            answer = self._resolver.resolve(
                name, kind, lifetime=SECONDS, raise_on_no_answer=False, search=False
            )
        except (dns.resolver.NXDOMAIN, dns.exception.SyntaxError, dns.exception.FormError):
            return iter(())
        except dns.exception.Timeout as error:
            self._away = f"no DNS server answered within {SECONDS:g} s"
            raise NoAnswerError(self._away) from error
        except dns.resolver.NoNameservers as error:
            raise NoAnswerError(f"the DNS servers could not say ({kind} of {name})") from error
        except dns.exception.DNSException as error:
            raise NoAnswerError(f"{kind} of {name}: {type(error).__name__}") from error
        return iter(answer.rrset or ())


def system_resolver() -> dns.resolver.Resolver | None:
    """The resolver this machine is set up for; None where it is for none."""
    try:
        return dns.resolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        return None
