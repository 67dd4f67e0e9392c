"""Mail that comes to a bounce mailbox and is no bounce: letters, answers of machines, challenges,
receipts, delays, and forgeries in the words of a bounce."""

from collections.abc import Callable

from .bounce_samples import Sample
from .reports import RETURNED

PERSON = "Ada Example <ada@example.com>"


def _mail(sender: str, subject: str, body: str, extra: str = "") -> bytes:
    return (
        f"From: {sender}\nTo: news@example.org\nSubject: {subject}\n{extra}"
        f"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n{body}\n"
    ).encode()


AWAY = [
    ("Out of Office: This week", "I am out of the office until Monday."),
    ("Automatic reply: This week", "Thank you for your message. I no longer work here."),
    ("Out of office", "This mailbox is no longer in use. Please write to info@example.com."),
    ("Auto: away", "My account is disabled from Friday, address unknown after that."),
    ("Abwesenheitsnotiz: Ihr Brief", "Ich bin bis Montag nicht im Haus."),
    ("Automatische Antwort: Neues", "Diese Adresse ist nicht mehr gültig, Nachricht wurde nicht "
     "zugestellt und nicht weitergeleitet."),
    ("Abwesend bis 3. Mai", "Ihre E-Mail konnte nicht gelesen werden."),
    ("Réponse automatique : bonjour", "Je suis absent. Votre message n'a pas pu être lu."),
    ("Respuesta automática: hola", "Estoy fuera de la oficina."),
    ("Risposta automatica: ciao", "Sono fuori ufficio."),
    ("Automatisch antwoord: hallo", "Ik ben afwezig."),
    ("Autosvar: hej", "Jag är ledig."),
    ("Autoreply: your mail", "Your message was received."),
    ("Vacation reply", "I am on vacation; mail to this address will not be delivered."),
    ("Away from my desk", "User unknown to himself this week. Back on Monday."),
]  # fmt: skip
RECEIVED = [
    ("[#4711] We received your request", "A ticket was opened."),
    ("Ticket 1204 received", "Our team will answer within two days."),
    ("Thank you for contacting us", "We have received your message and will not be able to answer "
     "before Friday."),
    ("Eingangsbestätigung", "Wir haben Ihre Nachricht erhalten."),
    ("Accusé de réception", "Nous avons bien reçu votre message."),
]  # fmt: skip
CHALLENGES = [
    ("Please confirm your message", "Please confirm that you are human, or your message to "
     "ada@example.com will not be delivered."),
    ("Your message is awaiting confirmation", "Click this link to have your message delivered. "
     "Otherwise it could not be delivered."),
    ("Re: This week [verification required]", "I use a challenge system; your message was held "
     "until you verify."),
    ("Sender verification", "To prove you are a real person, answer this mail. Undeliverable "
     "otherwise."),
    ("Bestätigung erforderlich", "Bitte bestätigen Sie Ihre Adresse; die Nachricht wurde noch "
     "nicht zugestellt."),
    ("Your message to the list awaits moderator approval", "Is being held until the list "
     "moderator can review it."),
    ("Message held: This week", "Your mail is held for release. Verify your e-mail address."),
    ("Spamarrest: verify", "Please click the link to verify and deliver your message."),
    ("One-time sender verification", "The recipient's approved sender list does not know you."),
    ("TMDA: confirm", "Please confirm this message; it will be returned otherwise."),
]  # fmt: skip
LETTERS = [
    ("Re: Undeliverable: This week", "I got this. 550 5.1.1 user unknown. What does it mean?"),
    ("A question about 550 5.1.1", "My other address says 550 5.1.1 user unknown. Help!"),
    ("Delivery", "The parcel could not be delivered to my address, nobody was in."),
    ("Undeliverable parcel", "Your parcel was returned to sender: address not found."),
    ("Returned mail", "I found returned mail in my letterbox: recipient unknown. 550 of them!"),
    ("Re: This week", "Lovely issue, thanks. PS: user unknown was a great headline."),
    ("AW: Ihre Woche", "Danke! Der Empfänger ist unbekannt verzogen, meine Tante."),
    ("Fwd: Delivery Status Notification (Failure)", "> 550 5.1.1 The account does not exist\nsee?"),
    ("Hello", "No such user, they said, but here I am."),
    ("Failure", "The failure of the bridge was reported. Mailbox unknown."),
    ("Mail delivery problem at our house", "The postman cannot deliver mail. Bad address plate."),
    ("unknown user of my bike", "Did an unknown user take my bike?"),
    ("", "hello"),
    ("Re: Re: your newsletter bounced", "It bounced: 552 5.2.2 over quota. Now it is fixed."),
    ("Rechnung 550", "Die Zustellung ist fehlgeschlagen, der Empfänger ist unbekannt."),
]
SYSTEM = [
    ("postmaster@example.com", "Planned maintenance", "Our mail servers will be down on Sunday."),
    ("postmaster@example.com", "Your reputation", "Your IP is on our block list. Please write."),
    ("MAILER-DAEMON@example.com", "Mailbox summary", "You have 3 messages in quarantine."),
    ("dmarcreport@example.com", "Report domain: example.org Submitter: example.com", "attached"),
    ("noreply@example.com", "Quarantine digest", "3 messages were held."),
]
DELAYS = [
    ("Warning: message 1abc delayed 24 hours", "A message that you sent has not yet been delivered "
     "to all its recipients after more than 24 hours.\n  reader@example.com\nNo action is "
     "required on your part. Delivery attempts will continue for some time."),
    ("Delivery Status Notification (Delay)", "THIS IS A WARNING MESSAGE ONLY.\nDelivery to the "
     "following recipient has been delayed:\n  reader@example.com\n450 4.2.1 user unknown yet"),
    ("Warning: could not send message for past 4 hours", "   ** THIS IS A WARNING MESSAGE ONLY **"
     "\n   ----- Transcript -----\nreader@example.com... Deferred: Connection timed out"),
    ("Delivery delayed:This week", "Delivery to these recipients was delayed; we will keep trying."
     "\nreader@example.com"),
    ("Verzögerte Zustellung", "Ihre Nachricht wurde noch nicht zugestellt. Weitere "
     "Zustellversuche folgen.\nreader@example.com"),
    ("Message delayed", "550 5.1.1 was not said. The message is delayed; delivery attempts will "
     "continue.\nreader@example.com"),
    ("Remise retardée", "La remise est retardée. reader@example.com"),
    ("Mail delivery delayed", "still being retried: reader@example.com"),
    ("Undelivered mail: warning", "not yet been delivered; will be retried. reader@example.com"),
    ("Warning: message delayed 2 days", "not yet been delivered to reader@example.com"),
]  # fmt: skip
FORGERIES = [
    ("Undeliverable: pay now", "550 5.1.1 user unknown\nreader@example.com"),
    ("Delivery failure", "The account reader@example.com does not exist. Log in to fix it."),
    (
        "Mail delivery failed",
        "Your message could not be delivered. Click to release: http://x.example",
    ),
    ("failure notice", "<reader@example.com>:\nSorry, no mailbox here by that name. (#5.1.1)"),
    ("Returned mail: see transcript", "550 5.1.1 <reader@example.com>... User unknown"),
    ("Nachricht nicht zugestellt", "Unbekannter Empfänger reader@example.com"),
    ("Non remis", "Destinataire inconnu: reader@example.com"),
    ("Undelivered Mail Returned to Sender", "User unknown reader@example.com"),
    ("Mail Delivery Failed - Action Required", "Your mailbox is full and invalid."),
    ("Delivery Status Notification (Failure)", "address not found: reader@example.com 550 5.1.1"),
]


def ordinary() -> list[Sample]:
    found: list[Sample] = []

    def add(name: str, data: bytes, kind: str = "") -> None:
        found.append(Sample("ordinary", f"{name}-{len(found)}", data, kind))

    _of_machines(add)
    _of_people(add)
    for disposition in ("displayed", "deleted", "dispatched", "processed"):
        add("receipt", _receipt(disposition))
    for action in ("delivered", "relayed", "expanded"):
        add("success", _success(action))
    for kind in ("auth-failure", "virus", "not-spam", "other", "dkim"):
        add("feedback", _feedback(kind))
    return found


def _of_machines(add: Callable[..., None]) -> None:
    for subject, body in AWAY:
        extra = "Auto-Submitted: auto-replied\nReturn-Path: <>\n"
        add("away", _mail(PERSON, subject, body, extra))
        add("away-old", _mail(PERSON, subject, body, "Precedence: bulk\nReturn-Path: <>\n"))
    for subject, body in RECEIVED:
        add("received", _mail("Support <support@example.com>", subject, body, "Return-Path: <>\n"))
        add("received-auto", _mail(PERSON, subject, body, "Auto-Submitted: auto-replied\n"))
    for subject, body in CHALLENGES:
        add("challenge", _mail(PERSON, subject, body, "Return-Path: <>\n"))
        add("challenge-system", _mail("postmaster@example.com", subject, body))
    for sender, subject, body in SYSTEM:
        add("system", _mail(sender, subject, body))
    for subject, body in DELAYS:
        add(
            "late", _mail("Mail Delivery System <MAILER-DAEMON@example.net>", subject, body), "late"
        )


def _of_people(add: Callable[..., None]) -> None:
    for subject, body in LETTERS:
        add("letter", _mail(PERSON, subject, body, "Return-Path: <ada@example.com>\n"))
    for subject, body in FORGERIES:
        add("forgery", _mail(PERSON, subject, body, "Return-Path: <ada@example.com>\n"))
        add("forgery-bulk", _mail("Security <security@bank.example>", subject, body))


def _receipt(disposition: str) -> bytes:
    return (
        f"From: {PERSON}\nTo: news@example.org\nSubject: Read: This week\n"
        'Content-Type: multipart/report; report-type=disposition-notification; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nYour message was read, or not delivered to a person.\n"
        "--b\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;"
        f"ada@example.com\nDisposition: automatic-action/MDN-sent-automatically; {disposition}\n"
        f"\n--b\nContent-Type: text/rfc822-headers\n\n{RETURNED}\n--b--\n"
    ).encode()


def _success(action: str) -> bytes:
    return (
        "From: MAILER-DAEMON@example.net\nTo: news@example.org\n"
        "Subject: Delivery Status Notification (Success)\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nDelivered; not delivered to nobody. 550 no.\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n"
        f"Final-Recipient: rfc822; ada@example.com\nAction: {action}\nStatus: 2.0.0\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\n{RETURNED}\n--b--\n"
    ).encode()


def _feedback(kind: str) -> bytes:
    return (
        "From: fbl@example.net\nSubject: Report\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nspam\n--b\nContent-Type: message/feedback-report\n\n"
        f"Feedback-Type: {kind}\nVersion: 1\n\n--b\nContent-Type: message/rfc822\n\n{RETURNED}\n"
        "--b--\n"
    ).encode()
