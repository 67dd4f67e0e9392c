"""Sign in to an SMTP server: AUTH (RFC 4954) by CRAM-MD5, PLAIN, LOGIN or XOAUTH2."""

import base64
import hmac
import smtplib

from mailer.relay.smtp.smarthost import Auth

_MECHANISMS = ("CRAM-MD5", "PLAIN", "LOGIN")
NUL = b"\0"


def sign_in(client: smtplib.SMTP, user: str, password: str, auth: Auth) -> None:
    """AUTH by the first mechanism that both know. User and password go as UTF-8 (RFC 4616),
    which smtplib's own ``login`` does not do. Raises SMTPException."""
    offered = client.esmtp_features.get("auth", "").upper().split()
    ours = ["XOAUTH2"] if auth == "xoauth2" else list(_MECHANISMS)
    mechanisms = [name for name in ours if name in offered]
    if not mechanisms:
        raise smtplib.SMTPNotSupportedError(
            f"it offers no way to sign in that is known here (AUTH {' '.join(ours)})"
        )
    answer: tuple[int, bytes] = (535, b"")
    for mechanism in mechanisms:
        answer = _authenticate(client, mechanism, user.encode(), password.encode())
        if answer[0] in (235, 503):  # accepted; signed in already
            return
    raise smtplib.SMTPAuthenticationError(*answer)


def _authenticate(
    client: smtplib.SMTP, mechanism: str, user: bytes, password: bytes
) -> tuple[int, bytes]:
    """One AUTH command and its answer."""
    if mechanism == "PLAIN":
        return client.docmd("AUTH", f"PLAIN {_base64(b'%b%b%b%b' % (NUL, user, NUL, password))}")
    if mechanism == "XOAUTH2":
        token = b"user=%b\x01auth=Bearer %b\x01\x01" % (user, password)
        code, words = client.docmd("AUTH", f"XOAUTH2 {_base64(token)}")
        return client.docmd("") if code == 334 else (code, words)  # 334 says why not
    code, words = client.docmd("AUTH", mechanism)
    if mechanism == "CRAM-MD5":
        if code != 334:
            return code, words
        challenge = base64.b64decode(words)
        digest = hmac.new(password, challenge, "md5").hexdigest()  # as RFC 2195 has it
        return client.docmd(_base64(user + b" " + digest.encode()))
    for secret in (user, password):  # LOGIN
        if code == 334:
            code, words = client.docmd(_base64(secret))
    return code, words


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
