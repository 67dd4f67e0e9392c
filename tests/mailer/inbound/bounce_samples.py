"""Bounces after the documented shape of each mail system, made afresh: (family, name, message, and
what it is to be taken for)."""

import base64
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from .reports import RETURNED, complaint

ADDRESS = "reader@example.com"
CRLF = "\r\n"


@dataclass(frozen=True)
class Sample:
    family: str
    name: str
    data: bytes
    kind: str


REASONS = [
    ("550 5.1.1 <reader@example.com>: Recipient address rejected: User unknown", "5.1.1", "hard"),
    ("550 5.1.1 The email account that you tried to reach does not exist.", "5.1.1", "hard"),
    ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found", "5.1.10", "hard"),
    ("550 5.2.1 The email account that you tried to reach is disabled.", "5.2.1", "hard"),
    ("550 No such user here", "5.0.0", "hard"),
    ("553 5.1.3 Invalid address", "5.1.3", "hard"),
    ("550 5.4.1 Recipient address rejected: Access denied.", "5.4.1", "hard"),
    ("552 5.2.2 The email account that you tried to reach is over quota.", "5.2.2", "soft"),
    ("550 5.7.1 Message rejected due to content restrictions", "5.7.1", "soft"),
    ("550 5.7.26 Unauthenticated email is not accepted due to DMARC policy", "5.7.26", "soft"),
    ("554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen", "5.7.1", "soft"),
    ("552 5.3.4 Message size exceeds fixed limit", "5.3.4", "soft"),
    ("451 4.7.1 Greylisting in action, please come back later", "4.7.1", "soft"),
    ("4.4.7 message expired", "4.4.7", "soft"),
]


def _report(
    notice: str,
    block: str,
    *,
    sender: str = "MAILER-DAEMON@mx.example.net (Mail Delivery System)",
    subject: str = "Undelivered Mail Returned to Sender",
    status_kind: str = "message/delivery-status",
    returned_kind: str = "text/rfc822-headers",
    top: str = "multipart/report; report-type=delivery-status",
    encode: bool = False,
    charset: str = "utf-8",
) -> bytes:
    def part(kind: str, body: str) -> str:
        if not encode:
            return f"--b1\nContent-Type: {kind}\n\n{body}\n"
        text = base64.encodebytes(body.encode()).decode()
        return f"--b1\nContent-Type: {kind}\nContent-Transfer-Encoding: base64\n\n{text}\n"

    return (
        f"Return-Path: <>\nFrom: {sender}\nTo: news@example.org\nSubject: {subject}\n"
        f'MIME-Version: 1.0\nContent-Type: {top}; boundary="b1"\n\n'
        + part(f"text/plain; charset={charset}", notice)
        + part(status_kind, block)
        + part(returned_kind, RETURNED)
        + "--b1--\n"
    ).encode()


def _block(status: str, words: str, *, action: str = "failed", kind: str = "rfc822") -> str:
    return (
        f"Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: {kind}; {ADDRESS}\n"
        f"Action: {action}\nStatus: {status}\nDiagnostic-Code: smtp; {words}\n"
    )


def _text(sender: str, subject: str, body: str, *, extra: str = "") -> bytes:
    return (
        f"Return-Path: <>\nFrom: {sender}\nTo: news@example.org\nSubject: {subject}\n{extra}"
        f"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n{body}\n"
    ).encode()


def rfc3464() -> Iterator[Sample]:
    for number, (words, status, kind) in enumerate(REASONS):
        for name, options in (
            ("plain", {}),
            ("base64", {"encode": True}),
            ("whole", {"returned_kind": "message/rfc822"}),
            ("mixed", {"top": "multipart/mixed"}),
        ):
            data = _report("Your message was not delivered.", _block(status, words), **options)
            yield Sample("rfc3464", f"{number}-{name}", data, kind)
    for action in ("failed (permanent)", "Failed", "FAILED", "failure"):
        data = _report("Sorry.", _block("5.1.1", "550 5.1.1 user unknown", action=action))
        yield Sample("rfc3464", action, data, "hard")
    late = _report("Delayed.", _block("4.4.1", "connect timed out", action="delayed"))
    yield Sample("rfc3464", "delayed", late, "soft")


def rfc6533() -> Iterator[Sample]:
    for number, (words, status, kind) in enumerate(REASONS):
        block = _block(status, words, kind="utf-8").replace(ADDRESS, "jürgen@exämple.com")
        data = _report(
            "Ihre Nachricht wurde nicht zugestellt.",
            block,
            status_kind="message/global-delivery-status",
            returned_kind="message/global-headers",
            encode=number % 2 == 1,
        )
        yield Sample("rfc6533", str(number), data, kind)


def arf() -> Iterator[Sample]:
    for number in range(12):
        extra = f"Original-Rcpt-To: <reader{number}@example.com>\nSource-IP: 192.0.2.{number}\n"
        kind = ("abuse", "fraud")[number % 6 == 5]
        data = complaint(kind).replace(b"Version: 1\n", b"Version: 1\n" + extra.encode())
        if number % 3 == 2:
            data = data.replace(b"message/rfc822", b"text/rfc822-headers")
        yield Sample("arf", str(number), data, "complaint")


def jmrp() -> Iterator[Sample]:
    for number in range(12):
        data = (
            f"From: staff@hotmail.example\nTo: fbl@example.org\n"
            f"Subject: complaint about message from 192.0.2.{number}\nMIME-Version: 1.0\n"
            'Content-Type: multipart/mixed; boundary="j"\n\n'
            + ("" if number % 2 else "--j\nContent-Type: text/plain\n\nA complaint.\n")
            + f"--j\nContent-Type: message/rfc822\n\n"
            f"X-HmXmrOriginalRecipient: reader{number}@example.com\n{RETURNED}\nhello\n--j--\n"
        )
        data = data if number % 3 else data.replace("\n", CRLF)
        yield Sample("jmrp", str(number), data.encode(), "complaint")


EXCHANGE = [
    ("The e-mail account does not exist at the organization this message was sent to.", "hard"),
    ("The recipient name is not recognized", "hard"),
    ("The e-mail address you entered couldn't be found. #5.1.1 #SMTP#", "hard"),
    ("#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##", "hard"),
    ("#550 5.1.10 RESOLVER.ADR.ExRecipNotFound; not found ##", "hard"),
    ("Delivery failed. mailbox unavailable #5.1.1", "hard"),
    ("The recipient's mailbox is full and can't accept messages now.", "soft"),
    ("#550 5.2.2 STOREDRV.Deliver; mailbox full ##", "soft"),
    ("#550 5.7.1 RESOLVER.RST.AuthRequired; authentication required ##", "soft"),
    ("#550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient ##", "soft"),
    ("This message is larger than the current system limit. #5.3.4", "soft"),
    ("Could not deliver the message in the time limit specified. #4.4.7", "soft"),
]


def exchange() -> Iterator[Sample]:
    for number, (words, kind) in enumerate(EXCHANGE):
        body = (
            "Your message\n\n  To:      reader@example.com\n  Subject: This week\n"
            "  Sent:    Fri, 4 Oct 2024 17:10:56 -0400\n\n"
            "did not reach the following recipient(s):\n\n"
            f"reader@example.com on Fri, 4 Oct 2024 17:12:28 -0400\n    {words}\n"
        )
        sender = "System Administrator <postmaster@example.com>"
        yield Sample("exchange", f"{number}", _text(sender, "Undeliverable: This week", body), kind)
        page = (
            "<html><head><style>p{}</style></head><body><p><b>Delivery has failed to these "
            f"recipients or groups:</b></p><p><a href='mailto:{ADDRESS}'>reader@example.com</a>"
            f"<br>{words}</p><p>Diagnostic information for administrators:</p></body></html>"
        )
        data = _text("Microsoft Exchange <MSExchange@example.com>", "Undeliverable: x", page)
        data = data.replace(b"text/plain", b"text/html")
        yield Sample("exchange", f"{number}-html", data, kind)


def microsoft365() -> Iterator[Sample]:
    replies = [
        ("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found", "hard"),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied. [AM0.eop.example]", "hard"),
        ("5.1.351", "550 5.1.351 Remote server returned unknown recipient", "hard"),
        ("5.1.1", "550 5.1.1 User unknown", "hard"),
        ("5.2.1", "550 5.2.1 mailbox disabled", "hard"),
        ("5.0.0", "550 Requested action not taken: mailbox unavailable", "hard"),
        ("5.7.515", "550 5.7.515 Access denied, sending domain does not meet the level", "soft"),
        ("5.7.606", "550 5.7.606 Access denied, banned sending IP [192.0.2.1]", "soft"),
        ("5.7.133", "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup", "soft"),
        ("5.2.2", "550 5.2.2 STOREDRV; mailbox full; quota exceeded", "soft"),
        ("5.4.14", "554 5.4.14 Hop count exceeded - possible mail loop", "soft"),
        ("4.4.316", "450 4.4.316 Connection refused", "soft"),
    ]
    for number, (status, words, kind) in enumerate(replies):
        data = _report(
            "Your message to reader@example.com couldn't be delivered.",
            _block(status, words),
            sender="Microsoft Outlook <MicrosoftExchange329e71ec88ae4615@x.example>",
            subject="Undeliverable: This week",
            returned_kind="message/rfc822",
        )
        yield Sample("microsoft365", str(number), data, kind)


def gmail() -> Iterator[Sample]:
    sender = "Mail Delivery Subsystem <mailer-daemon@googlemail.com>"
    for number, (words, status, kind) in enumerate(REASONS):
        notice = (
            "** Address not found **\n\nYour message wasn't delivered to reader@example.com.\n\n"
            f"The response was:\n\n{words} Learn more at https://support.google.com/mail/?p=x\n"
        )
        data = _report(
            notice,
            _block(status, f"{words}\n Learn more x12si123 - gsmtp"),
            sender=sender,
            subject="Delivery Status Notification (Failure)",
        )
        yield Sample("gmail", str(number), data, kind)
        old = (
            "Delivery to the following recipient failed permanently:\n\n     reader@example.com\n\n"
            "Technical details of permanent failure: \nGoogle tried to deliver your message, but it"
            f" was rejected by the recipient domain. The error that the other server returned was: "
            f"{words}.\n\n----- Original message -----\n\n{RETURNED}"
        )
        extra = "X-Failed-Recipients: reader@example.com\nAuto-Submitted: auto-replied\n"
        data = _text(sender, "Delivery Status Notification (Failure)", old, extra=extra)
        yield Sample("gmail", f"{number}-old", data, kind)


def yahoo() -> Iterator[Sample]:
    replies = [
        ("554: delivery error: dd This user doesn't have a yahoo.com account [0]", "hard"),
        ("554 delivery error: dd Sorry your message to reader@example.com cannot be delivered. "
         "This account has been disabled or discontinued [#102].", "hard"),
        ("550: 5.1.1 <reader@example.com>: Recipient address rejected: User unknown", "hard"),
        ("554 30 Sorry, your message to reader@example.com cannot be delivered. This mailbox is "
         "disabled (554.30).", "hard"),
        ("550 5.1.1 unknown user", "hard"),
        ("This user doesn't have a yahoo.com account (reader@example.com) [-20]", "hard"),
        ("552 1 Requested mail action aborted, mailbox not found", "hard"),
        ("554 5.7.9 Message not accepted for policy reasons.", "soft"),
        ("553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, on Spamhaus", "soft"),
        ("Sorry, your message to reader@example.com cannot be delivered. This account is over "
         "quota.", "soft"),
        ("Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)\nI'm not going to try "
         "again; this message has been in the queue too long.", "soft"),
        ("421 4.7.0 [TSS04] Messages temporarily deferred due to user complaints", "soft"),
    ]  # fmt: skip
    for number, (words, kind) in enumerate(replies):
        body = (
            "Sorry, we were unable to deliver your message to the following address.\n\n"
            f"<reader@example.com>:\n{words}\n\n--- Original message follows.\n\n{RETURNED}"
        )
        data = _text("MAILER-DAEMON@yahoo.com", "Failure Notice", body)
        yield Sample("yahoo", str(number), data, kind)


def icloud() -> Iterator[Sample]:
    replies = [
        ("550 5.1.1 <reader@icloud.com>: user does not exist", "5.1.1", "hard"),
        ("550 5.1.1 unknown or illegal alias: reader@me.com", "5.1.1", "hard"),
        ("550 5.1.6 recipient no longer on server: reader@icloud.com", "5.1.6", "hard"),
        ("550 5.1.1 <reader@mac.com>: inactive email address", "5.1.1", "hard"),
        ("550 5.2.1 mailbox is disabled", "5.2.1", "hard"),
        ("550 5.0.0 unknown user", "5.0.0", "hard"),
        ("552 5.2.2 <reader@icloud.com>: user is over quota", "5.2.2", "soft"),
        ("554 5.7.1 [CS01] Message rejected due to local policy", "5.7.1", "soft"),
        ("554 5.7.1 [HM08] Message rejected due to local policy", "5.7.1", "soft"),
        ("550 5.7.1 Mail from IP 192.0.2.1 was rejected due to listing in Spamhaus", "5.7.1",
         "soft"),
        ("550 5.7.0 From address is not one of your addresses", "5.7.0", "soft"),
        ("450 4.2.2 mailbox temporarily full", "4.2.2", "soft"),
    ]  # fmt: skip
    for number, (words, status, kind) in enumerate(replies):
        data = _report("This message was created automatically.", _block(status, words))
        yield Sample("icloud", str(number), data, kind)


QMAIL = [
    ("Sorry, no mailbox here by that name. (#5.1.1)", "hard"),
    ("Sorry, no mailbox here by that name. vpopmail (#5.1.1)", "hard"),
    ("This address no longer accepts mail.", None),
    ("192.0.2.7 does not like recipient.\nRemote host said: 550 5.1.1 user unknown\n"
     "Giving up on 192.0.2.7.", "hard"),
    ("192.0.2.7 does not like recipient.\nRemote host said: 550 No such user here\n"
     "Giving up on 192.0.2.7.", "hard"),
    ("Connected to 192.0.2.7 but sender was rejected.\nRemote host said: 550 5.7.1 relaying denied",
     "soft"),
    ("192.0.2.7 failed after I sent the message.\nRemote host said: 552 5.3.4 Message too large",
     "soft"),
    ("192.0.2.7_failed_after_I_sent_the_message./Remote_host_said:_554_5.7.1_spam", None),
    ("Sorry, I couldn't find any host named example.com. (#5.1.2)", None),
    ("Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)", "soft"),
    ("The users mailfolder is over the allowed quota (size). (#5.2.2)", "soft"),
    ("CNAME lookup failed temporarily. (#4.4.3)\nI'm not going to try again; this message has been "
     "in the queue too long.", "soft"),
    ("User and password not set, continuing without authentication.\n<reader@example.com> "
     "192.0.2.7 failed after I sent it.\nRemote host said: 550 5.1.1 unknown user", "hard"),
]  # fmt: skip


def qmail() -> Iterator[Sample]:
    for number, (words, kind) in enumerate(QMAIL):
        body = (
            "Hi. This is the qmail-send program at mx.example.net.\nI'm afraid I wasn't able to "
            "deliver your message to the following addresses.\nThis is a permanent error; I've "
            f"given up. Sorry it didn't work out.\n\n<reader@example.com>:\n{words}\n\n"
            f"--- Below this line is a copy of the message.\n\n{RETURNED}"
        )
        data = _text("MAILER-DAEMON@mx.example.net", "failure notice", body)
        yield Sample("qmail", str(number), data, kind or "any")


def exim() -> Iterator[Sample]:
    for number, (words, _status, kind) in enumerate(REASONS):
        for late, extra in (("", ""), ("-fields", "X-Failed-Recipients: reader@example.com\n")):
            body = (
                "This message was created automatically by mail delivery software.\n\nA message "
                "that you sent could not be delivered to one or more of its\nrecipients. This is a "
                "permanent error. The following address(es) failed:\n\n  reader@example.com\n"
                "    host mx.example.com [192.0.2.7]\n    SMTP error from remote mail server after "
                f"RCPT TO:<reader@example.com>:\n    {words}\n\n------ This is a copy of the "
                f"message, including all the headers. ------\n\n{RETURNED}"
            )
            data = _text(
                "Mail Delivery System <Mailer-Daemon@mx.example.net>",
                "Mail delivery failed: returning message to sender",
                body,
                extra=extra + "Auto-Submitted: auto-replied\n",
            )
            yield Sample("exim", f"{number}{late}", data, kind)


def postfix() -> Iterator[Sample]:
    for number, (words, status, kind) in enumerate(REASONS):
        notice = (
            "This is the mail system at host mx.example.net.\n\nI'm sorry to have to inform you "
            "that your message could not\nbe delivered to one or more recipients. It's attached "
            "below.\n\n                   The mail system\n\n<reader@example.com>: host "
            f"mx.example.com[192.0.2.7] said: {words} (in reply to RCPT TO\n    command)\n"
        )
        yield Sample("postfix", str(number), _report(notice, _block(status, words)), kind)
        data = _text("MAILER-DAEMON@mx.example.net", "Undelivered Mail Returned to Sender", notice)
        yield Sample("postfix", f"{number}-text", data, kind)


DOMINO = [
    ("User reader (reader@example.com) not listed in Domino Directory", "hard"),
    ("User reader (reader@example.com) not listed in public Name & Address Book", "hard"),
    ("550 5.1.1 reader@example.com... User unknown", "hard"),
    ("550 No such user", "hard"),
    ("Invalid/unknown recipient reader@example.com", "hard"),
    ("No route found to domain example.com from server MX/Example", "soft"),
    ("Cannot route mail to user (reader@example.com).", "soft"),
    ("Mail file is over its quota; database quota exceeded", "soft"),
    ("554 5.7.1 Message blocked by policy", "soft"),
    ("Maximum hop count exceeded.  Message probably in a routing loop.", "soft"),
    ("Router: Failed to connect to SMTP host MX.EXAMPLE.COM because : timed out", "soft"),
    ("Nicht im Domino-Verzeichnis: Benutzer reader nicht gefunden", "hard"),
]


def domino() -> Iterator[Sample]:
    for number, (words, kind) in enumerate(DOMINO):
        body = (
            "Your message\n\n  Subject: This week\n\nwas not delivered to:\n\n  reader@example.com"
            f"\n\nbecause:\n\n  {words}\n"
        )
        data = _text("Postmaster@example.com", f"DELIVERY FAILURE: {words[:40]}", body)
        yield Sample("domino", str(number), data, kind)


GERMAN = [
    "Der Empfänger ist unbekannt.",
    "Die E-Mail-Adresse existiert nicht.",
    "Das Postfach ist nicht vorhanden.",
    "Empfängeradresse konnte nicht gefunden werden.",
    "Unbekannter Empfänger",
    "Der Benutzer ist nicht bekannt",
]
GERMAN_SOFT = [
    "Das Postfach ist voll.",
    "Das Postfach des Empfängers ist überfüllt.",
    "Nachricht wurde durch eine Richtlinie blockiert",
    "Der Zielserver ist vorübergehend nicht erreichbar",
    "Die Nachricht ist zu groß.",
    "Zeitüberschreitung beim Versand",
]
FRENCH = [
    "L'adresse de messagerie n'existe pas.",
    "Destinataire inconnu",
    "Utilisateur inconnu dans ce domaine",
    "Le destinataire est introuvable",
    "Cette boîte n'existe plus",
    "Adresse invalide : compte inexistant",
]
FRENCH_SOFT = [
    "La boîte aux lettres est pleine",
    "La boîte du destinataire est saturée",
    "Message indésirable, refusé par le serveur",
    "Le serveur est injoignable",
    "Le message est trop volumineux",
    "Serveur temporairement indisponible",
]


def localised() -> Iterator[Sample]:
    german = [(words, "hard") for words in GERMAN] + [(words, "soft") for words in GERMAN_SOFT]
    french = [(words, "hard") for words in FRENCH] + [(words, "soft") for words in FRENCH_SOFT]
    for number, (words, kind) in enumerate(german):
        body = (
            "Ihre Nachricht konnte den folgenden Empfängern nicht zugestellt werden:\n\n"
            f"<reader@example.com>\n{words}\n\n--- Ursprüngliche Nachricht ---\n{RETURNED}"
        )
        for subject in ("Unzustellbar: This week", "Nachricht nicht zugestellt"):
            data = _text("Mail Delivery System <MAILER-DAEMON@mx.example.de>", subject, body)
            yield Sample("german", f"{number}-{subject[:3]}", data, kind)
    for number, (words, kind) in enumerate(french):
        body = (
            "Votre message n'a pas pu être remis au destinataire suivant :\n\n"
            f"<reader@example.com>\n{words}\n\n--- Message d'origine ---\n{RETURNED}"
        )
        subject = "=?utf-8?q?=C3=89chec_de_la_remise?="
        for title in (subject, "Non remis : This week"):
            data = _text("postmaster@mx.example.fr", title, body)
            yield Sample("french", f"{number}-{title[:3]}", data, kind)


def encoded_and_forwarded() -> Iterator[Sample]:
    sources = itertools.chain(postfix(), qmail(), exim(), exchange())
    for number, sample in enumerate(itertools.islice(sources, 0, None, 4)):
        data = (
            b"From: desk@example.org\nTo: news@example.org\nSubject: Fwd: Undeliverable\n"
            b'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="f1"\n\n--f1\n'
            b"Content-Type: text/plain\n\nSee below.\n--f1\nContent-Type: message/rfc822\n\n"
        ) + sample.data + b"\n--f1--\n"  # fmt: skip
        yield Sample("forwarded", f"{number}-{sample.family}-{sample.name}", data, sample.kind)
    for number, (words, status, kind) in enumerate(REASONS):
        data = _report(f"Could not be delivered.\n{words}", _block(status, words), encode=True)
        yield Sample("base64", str(number), data, kind)


def samples() -> list[Sample]:
    families = (rfc3464, rfc6533, arf, jmrp, exchange, microsoft365, gmail, yahoo, icloud)
    others = (qmail, exim, postfix, domino, localised, encoded_and_forwarded)
    return [sample for family in (*families, *others) for sample in family()]
