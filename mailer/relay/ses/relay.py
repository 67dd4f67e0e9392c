"""Amazon SES as a relay: ``ses://KEY:SECRET@region``."""

import re
from pathlib import Path

from mailer.relay.http import relay as http
from mailer.relay.ses.api import Ses
from mailer.relay.ses.signature import Signer

FORM = (
    "ses://KEY:SECRET@region?configuration=NAME (an access key, and a region such as eu-west-1; "
    "further options are rate=14/second, weight=3, cafile=/path/to/ca.pem and "
    "endpoint=https://host)"
)
SERVICE = "ses"
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d{1,2}")
_KEY = re.compile(r"\w{16,128}", re.ASCII)
_SECRET = re.compile(r"[!-~]{16,200}")
_SET = re.compile(r"[A-Za-z0-9_-]{1,64}")


def from_url(url: str, *, number: int, folder: Path) -> http.Relay:  # noqa: ARG001  (as all have it)
    """As ``registry.FromUrl``; no file is kept in ``folder``."""
    parsed = http.Url(url, FORM, number)
    key, secret, region = parsed.user, parsed.password or "", parsed.host
    configuration = parsed.options.pop("configuration", [""])[-1]
    fits = _REGION.fullmatch(region) and _KEY.fullmatch(key) and _SECRET.fullmatch(secret)
    if not fits or (configuration and not _SET.fullmatch(configuration)):
        raise parsed.wrong()
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    host = f"email.{region}.{domain}"
    signer = Signer(key, secret, region, SERVICE)
    name = f"ses:{region}" + (f":{configuration}" if configuration else "")
    return parsed.relay(
        name, host, lambda place: Ses(signer, place.authority, configuration or None)
    )
