"""Dovecot on loopback: IMAP and POP3 with TLS, one account in a Maildir."""

import contextlib
import getpass
import grp
import imaplib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

USER, PASSWORD = "bounces@example.org", "p,ss/w@rd é"
NOBODY = 65534
CONFIG = """
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/log
protocols = imap pop3
listen = 127.0.0.1
ssl = {ssl}
ssl_cert = <{cert}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login
{users}
first_valid_uid = 0
first_valid_gid = 0
mail_location = maildir:{base}/Maildir
namespace inbox {{
  inbox = yes
  separator = /
}}
passdb {{
  driver = passwd-file
  args = scheme=plain {base}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={base}
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service stats {{
  chroot =
}}
"""


@dataclass(frozen=True)
class Dovecot:
    """A running server, and where its mail lies."""

    base: Path
    ports: dict[str, int]
    cafile: Path

    @property
    def maildir(self) -> Path:
        return self.base / "Maildir"

    def add(self, message: bytes, name: str) -> None:
        """Deliver a message to the inbox."""
        for folder in ("cur", "new", "tmp"):
            (self.maildir / folder).mkdir(parents=True, exist_ok=True)
        file = self.maildir / "tmp" / f"{time.time():.6f}.{name}.test"
        file.write_bytes(message)
        if os.getuid() == 0:  # which Dovecot lets read no mail
            for path in (self.maildir, *self.maildir.iterdir(), file):
                os.chown(path, NOBODY, NOBODY)
        file.rename(self.maildir / "new" / file.name)

    def url(self, scheme: str, path: str = "", options: str = "") -> str:
        from urllib.parse import quote

        login = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}"
        tail = f"?cafile={self.cafile}{options}"
        return f"{scheme}://{login}@127.0.0.1:{self.ports[scheme]}/{path}{tail}"


def found() -> str | None:
    """The program, if it is installed."""
    return shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextlib.contextmanager
def running(base: Path, certificate: Path, key: Path, cafile: Path) -> Iterator[Dovecot]:
    """Start it, and end it; the test is skipped where there is no Dovecot."""
    if (program := found()) is None:
        pytest.skip("no IMAP server: the package dovecot-imapd is missing")
    ports = {name: _free_port() for name in ("imap", "imaps", "pop3", "pop3s")}
    (base / "users").write_text(f"{USER}:{PASSWORD}\n")
    (base / "users").chmod(0o644)  # its processes are another user's; a command narrows the umask
    base.chmod(0o755)
    owner, users = (os.getuid(), os.getgid()), ""
    if os.getuid() == 0:
        owner = (NOBODY, NOBODY)
        os.chown(base, *owner)
    else:
        name, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
        users = f"default_internal_user = {name}\ndefault_internal_group = {group}\n"
        users += f"default_login_user = {name}"
    config = base / "dovecot.conf"
    config.write_text(
        CONFIG.format(
            base=base,
            ssl="yes",
            cert=certificate,
            key=key,
            users=users,
            uid=owner[0],
            gid=owner[1],
            **ports,
        )
    )
    process = subprocess.Popen(
        [program, "-F", "-c", str(config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        umask=0o022,
    )
    try:
        _wait_for(ports["imap"], process, base)
        yield Dovecot(base, ports, cafile)
    finally:
        process.terminate()
        process.wait(20)
        if process.stdout is not None:
            process.stdout.close()


def _wait_for(port: int, process: subprocess.Popen[bytes], base: Path) -> None:
    for _ in range(100):
        if process.poll() is not None:
            said = process.stdout.read().decode() if process.stdout else ""
            log = (base / "log").read_text() if (base / "log").exists() else ""
            pytest.skip(f"the IMAP server cannot be started here: {said} {log}"[:500])
        with (  # its processes start one by one: it is ready when somebody can sign in
            contextlib.suppress(OSError, imaplib.IMAP4.error),
            imaplib.IMAP4("127.0.0.1", port, timeout=20) as client,
        ):
            client.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode())
            return
        time.sleep(0.2)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
