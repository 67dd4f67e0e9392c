"""Reports as mail servers and providers write them."""

ID = "<weekly-2026-W48.7.0123456789abcdef0123@example.org>"
RETURNED = f"From: news@example.org\nMessage-ID: {ID}\nSubject: This week\n"


def bounce(block: str, *, kind: str = "message/delivery-status", returned: str = RETURNED) -> bytes:
    lines = (
        "From: MAILER-DAEMON@mx.example.net",
        "Subject: Undelivered",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
        "",
        "--b",
        "Content-Type: text/plain",
        "",
        "I am sorry.",
        "--b",
        f"Content-Type: {kind}",
        "",
        "Reporting-MTA: dns; mx.example.net",
        "",
        block,
        "--b",
        "Content-Type: text/rfc822-headers",
        "",
        returned,
        "--b--",
        "",
    )
    return "\n".join(lines).encode()


def failed(status: str, words: str, action: str = "failed") -> str:
    return (
        f"Final-Recipient: rfc822; r@example.com\nAction: {action}\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; {words}"
    )


def complaint(kind: str) -> bytes:
    return (
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nspam\n"
        "--b\nContent-Type: message/feedback-report\n\n"
        f"Feedback-Type: {kind}\nUser-Agent: loop/1\nVersion: 1\n\n"
        f"--b\nContent-Type: message/rfc822\n\n{RETURNED}\nhello\n--b--\n"
    ).encode()
