"""An IMAP and POP3 server with an empty mailbox."""

import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mailer import dovecot as server


@pytest.fixture
def dovecot(certificates: tuple[ssl.SSLContext, Path]) -> Iterator[server.Dovecot]:
    cafile = certificates[1]
    # Its sockets must have short names.
    with tempfile.TemporaryDirectory(prefix="dovecot-", ignore_cleanup_errors=True) as folder:
        key = cafile.parent / "key.pem"
        with server.running(Path(folder), cafile, key, cafile) as running:
            yield running
