"""Where the pages of a service listen."""

import os
import socket

from recommender.errors import ConfigurationError
from recommender.settings import networks


def listen(host: str, port: int) -> socket.socket:
    """A place where requests can come in; ConfigurationError when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), backlog=512, family=family)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise ConfigurationError(f"cannot listen on {host}:{port}: {why}") from error


def for_this_machine(host: str) -> bool:
    """Whether only this machine can ask what listens on ``host``."""
    found = networks.address(host)
    return found is not None and found.is_loopback
