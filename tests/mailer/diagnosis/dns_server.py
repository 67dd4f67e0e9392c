"""A DNS server on loopback that has the records it is given, and no others."""

import contextlib
import socketserver
import threading
from collections.abc import Iterator, Mapping

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset

Records = Mapping[tuple[str, str], list[str]]


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        data, replies = self.request
        question = dns.message.from_wire(data)
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        records: Records = self.server.records  # type: ignore[attr-defined]  # set below
        [asked] = question.question
        name = asked.name.to_text(omit_final_dot=True)
        values = records.get((name, asked.rdtype.name), [])
        if values:
            answer.answer.append(
                dns.rrset.from_text(asked.name, 60, "IN", asked.rdtype.name, *values)
            )
        elif not any(known == name for known, _ in records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        replies.sendto(answer.to_wire(), self.client_address)


@contextlib.contextmanager
def serving(records: Records) -> Iterator[dns.resolver.Resolver]:
    """A resolver that asks such a server. TXT values are given quoted, as in a zone file."""
    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), _Handler) as server:
        server.records = records  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = server.server_address[1]
        yield resolver
        server.shutdown()
