"""AWS Signature Version 4: proves that a request was made with a secret key, without sending it.

Own code, since what sends the request must hold its last bytes back, which AWS's client for Python
cannot do; and it would bring four packages for these lines. Source: AWS, "Create a signed AWS API
request" (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from mailer.relay.http.api import Request

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class Signer:
    """An access key, for one service in one region."""

    key: str = field(repr=False)
    secret: str = field(repr=False)
    region: str
    service: str

    def signed(self, request: Request, host: str, now: datetime) -> Request:
        """``request``, which has no query, with the fields that prove it; good for five minutes.

        ``host`` is the Host field it is sent with; all of the request's own fields are signed.
        """
        stamp = f"{now:%Y%m%dT%H%M%SZ}"
        fields = {**request.fields, "X-Amz-Date": stamp}
        signed, listing = _canonical({**fields, "Host": host})
        digest = hashlib.sha256(request.body).hexdigest()
        path = quote(quote(request.target, safe="/~"), safe="/~")  # twice, but for S3
        canonical = "\n".join((request.method, path, "", listing, signed, digest))
        scope = f"{stamp[:8]}/{self.region}/{self.service}/aws4_request"
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        proof = hmac.digest(
            self._derived(scope), "\n".join((ALGORITHM, stamp, scope, hashed)).encode(), "sha256"
        ).hex()
        fields["Authorization"] = (
            f"{ALGORITHM} Credential={self.key}/{scope}, SignedHeaders={signed}, Signature={proof}"
        )
        return Request(request.method, request.target, fields, request.body)

    def _derived(self, scope: str) -> bytes:
        key = b"AWS4" + self.secret.encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        return key


def _canonical(fields: Mapping[str, str]) -> tuple[str, str]:
    """The names of ``fields`` as they are listed, and name and value of each on a line."""
    lines = {name.lower(): " ".join(value.split()) for name, value in fields.items()}
    names = sorted(lines)
    return ";".join(names), "".join(f"{name}:{lines[name]}\n" for name in names)
