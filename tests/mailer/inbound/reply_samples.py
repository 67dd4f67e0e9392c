"""Two hundred replies in English and German, and what each is to be taken for.

``leave``: unsubscribe; ``letter``: for a person to read; ``unclear``: asks for something that the
vocabulary does not know. Any other string says what changes: ``+Robotics`` more, ``-Crypto`` less,
``!Crypto`` nothing of it, ``@friday``, ``~monthly``, ``%3`` (a pause of three weeks).
"""

VOCABULARY = {
    "Robotics": ("robots", "Robotik", "Roboter"),
    "Crypto": ("cryptocurrency", "Krypto", "Kryptowährungen", "bitcoin"),
    "Databases": ("Datenbanken", "database"),
    "Machine Learning": ("ML", "maschinelles Lernen"),
    "AI": ("KI", "artificial intelligence", "künstliche Intelligenz"),
    "Climate": ("Klima", "climate change"),
    "Security": ("Sicherheit", "cybersecurity"),
    "Space": ("Raumfahrt",),
    "Energy": ("Energie",),
    "Health": ("Gesundheit", "medicine"),
    "C++": (),
    "Open Source": ("Open-Source",),
}
ISSUE = "Re: This week: five stories for you"
QUOTE = """

On Tue, 24 Nov 2026 at 09:00, The Weekly Brief <news@example.org> wrote:
> Five stories for you
> More robotics: a robot that asks back
> Unsubscribe: https://news.example.org/unsubscribe/abc
> Less of this? https://news.example.org/f/abc
"""
FOOTER = """

--
Ada Example
To stop receiving my emails, reply STOP or unsubscribe here.
"""
OUTLOOK = """

________________________________
From: The Weekly Brief <news@example.org>
Sent: Tuesday, November 24, 2026 9:00 AM
To: Ada Example
Subject: This week

Unsubscribe
Abmelden
"""
GERMAN = """

Am 24.11.2026 um 09:00 schrieb The Weekly Brief <news@example.org>:

> Abmelden: https://news.example.org/unsubscribe/abc
> stop
"""
PHONE = "\n\nSent from my iPhone\n\n> unsubscribe\n"

LEAVE = [
    ("unsubscribe", ""),
    ("Unsubscribe", "Thanks"),
    ("UNSUBSCRIBE", "unsubscribe"),
    ("Please unsubscribe me", ""),
    ("unsubscribe me please", "Kind regards, Ada"),
    ("Stop", ""),
    ("STOP", "stop"),
    ("remove", "remove me"),
    ("Abmelden", ""),
    ("abmelden", "Danke"),
    ("Abmeldung", "Bitte abmelden."),
    ("Abmeldung vom Newsletter", ""),
    ("Newsletter abbestellen", ""),
    ("Kündigung", "Hiermit kündige ich den Newsletter."),
    ("Stopp", ""),
    ("Re: unsubscribe", ""),
    ("AW: Abmelden", ""),
    (ISSUE, "unsubscribe" + QUOTE),
    (ISSUE, "Unsubscribe." + OUTLOOK),
    (ISSUE, "stop" + QUOTE),
    (ISSUE, "STOP!" + PHONE),
    (ISSUE, "Please unsubscribe me." + QUOTE),
    (ISSUE, "Hi,\n\nplease unsubscribe me from this newsletter.\n\nThanks,\nAda" + QUOTE),
    (ISSUE, "Hello,\nplease remove me from your mailing list." + QUOTE),
    (ISSUE, "Take me off this list please" + QUOTE),
    (ISSUE, "please take my address off the list" + PHONE),
    (ISSUE, "Stop sending me emails" + QUOTE),
    (ISSUE, "Stop emailing me." + QUOTE),
    (ISSUE, "please stop sending me this newsletter" + QUOTE),
    (ISSUE, "I would like to unsubscribe." + QUOTE),
    (ISSUE, "I'd like to unsubscribe from this list, thanks" + QUOTE),
    (ISSUE, "I want to unsubscribe" + QUOTE),
    (ISSUE, "Could you unsubscribe me?" + QUOTE),
    (ISSUE, "Cancel my subscription" + QUOTE),
    (ISSUE, "please cancel this subscription. I changed jobs." + QUOTE),
    (ISSUE, "I no longer want to receive these emails." + QUOTE),
    (ISSUE, "I don't want to receive this newsletter any more." + QUOTE),
    (ISSUE, "No more emails please" + QUOTE),
    (ISSUE, "opt out" + QUOTE),
    (ISSUE, "Opt me out" + QUOTE),
    (ISSUE, "unsub" + QUOTE),
    (ISSUE, "Please delete me from your list" + QUOTE),
    (ISSUE, "Abmelden" + GERMAN),
    (ISSUE, "bitte abmelden" + GERMAN),
    (ISSUE, "Bitte melden Sie mich ab." + GERMAN),
    (ISSUE, "Bitte melden Sie mich vom Newsletter ab.\n\nMit freundlichen Grüßen\nAda" + GERMAN),
    (ISSUE, "Guten Tag,\n\nbitte nehmen Sie mich aus dem Verteiler.\n\nAda" + GERMAN),
    (ISSUE, "Hallo, bitte tragen Sie mich aus." + GERMAN),
    (ISSUE, "Ich möchte mich abmelden." + GERMAN),
    (ISSUE, "Ich möchte den Newsletter abbestellen" + GERMAN),
    (ISSUE, "Ich möchte keine weiteren E-Mails mehr erhalten." + GERMAN),
    (ISSUE, "Bitte keine Mails mehr!" + GERMAN),
    (ISSUE, "Keine weiteren Newsletter bitte" + GERMAN),
    (ISSUE, "Bitte schicken Sie mir keine E-Mails mehr." + GERMAN),
    (ISSUE, "abbestellen" + GERMAN),
    (ISSUE, "austragen bitte" + GERMAN),
    (ISSUE, "Bitte löschen Sie mich aus Ihrer Liste." + GERMAN),
    (ISSUE, "kein Interesse mehr" + GERMAN),
    (ISSUE, "Newsletter kündigen" + GERMAN),
    (ISSUE, "Bitte streichen Sie mich von der Liste" + GERMAN),
]
STEER = [
    (ISSUE, "less crypto, more robotics, only Fridays" + QUOTE, "-Crypto +Robotics @friday"),
    (ISSUE, "More robotics" + QUOTE, "+Robotics"),
    (ISSUE, "more robotics please" + PHONE, "+Robotics"),
    (ISSUE, "Less crypto" + QUOTE, "-Crypto"),
    (ISSUE, "less crypto please, thanks!" + QUOTE, "-Crypto"),
    (ISSUE, "No crypto" + QUOTE, "!Crypto"),
    (ISSUE, "no more crypto" + QUOTE, "!Crypto"),
    (ISSUE, "No more crypto, please." + OUTLOOK, "!Crypto"),
    (ISSUE, "nothing about crypto" + QUOTE, "!Crypto"),
    (ISSUE, "stop crypto" + QUOTE, "!Crypto"),
    (ISSUE, "stop sending me crypto" + QUOTE, "!Crypto"),
    (ISSUE, "Stop sending crypto stories, more AI" + QUOTE, "!Crypto +AI"),
    (ISSUE, "mute bitcoin" + QUOTE, "!Crypto"),
    (ISSUE, "more AI and robotics" + QUOTE, "+AI +Robotics"),
    (ISSUE, "more AI, robotics and space" + QUOTE, "+AI +Robotics +Space"),
    (ISSUE, "more AI, less security" + QUOTE, "+AI -Security"),
    (ISSUE, "less AI but more climate" + QUOTE, "-AI +Climate"),
    (ISSUE, "I'd like more databases" + QUOTE, "+Databases"),
    (ISSUE, "I would like to see more about machine learning" + QUOTE, "+Machine Learning"),
    (ISSUE, "I want less crypto and more energy" + QUOTE, "-Crypto +Energy"),
    (ISSUE, "Please send me more articles about space" + QUOTE, "+Space"),
    (ISSUE, "could I get more on health?" + QUOTE, "+Health"),
    (ISSUE, "Hi,\n\nmore open source please.\n\nAda" + QUOTE, "+Open Source"),
    (ISSUE, "Hello team,\nless cybersecurity, more databases.\nThanks" + QUOTE,
     "-Security +Databases"),
    (ISSUE, "only Fridays" + QUOTE, "@friday"),
    (ISSUE, "Only on Mondays please" + QUOTE, "@monday"),
    (ISSUE, "send it on Sundays" + QUOTE, "@sunday"),
    (ISSUE, "every Tuesday" + QUOTE, "@tuesday"),
    (ISSUE, "on Saturday please" + QUOTE, "@saturday"),
    (ISSUE, "monthly" + QUOTE, "~monthly"),
    (ISSUE, "once a month please" + QUOTE, "~monthly"),
    (ISSUE, "only once a month" + QUOTE, "~monthly"),
    (ISSUE, "every two weeks" + QUOTE, "~fortnightly"),
    (ISSUE, "every other week please" + QUOTE, "~fortnightly"),
    (ISSUE, "weekly" + QUOTE, "~weekly"),
    (ISSUE, "pause for 3 weeks" + QUOTE, "%3"),
    (ISSUE, "Pause for two weeks please" + QUOTE, "%2"),
    (ISSUE, "more C++" + QUOTE, "+C++"),
    (ISSUE, "more ML, monthly, on Thursdays" + QUOTE, "+Machine Learning ~monthly @thursday"),
    (ISSUE, "- less crypto\n- more climate\n- only Wednesdays" + QUOTE,
     "-Crypto +Climate @wednesday"),
    (ISSUE, "more robots; fewer databases" + QUOTE, "+Robotics -Databases"),
    (ISSUE, "a bit less AI" + QUOTE, "-AI"),
    (ISSUE, "much more space" + QUOTE, "+Space"),
    (ISSUE, "More climate change and energy, less crypto" + FOOTER, "+Climate +Energy -Crypto"),
    ("more robotics", "", "+Robotics"),
    ("less crypto, only fridays", "Thanks", "-Crypto @friday"),
    (ISSUE, "weniger Krypto, mehr Robotik, nur freitags" + GERMAN, "-Crypto +Robotics @friday"),
    (ISSUE, "Mehr Robotik bitte" + GERMAN, "+Robotics"),
    (ISSUE, "mehr über Datenbanken" + GERMAN, "+Databases"),
    (ISSUE, "Weniger Krypto." + GERMAN, "-Crypto"),
    (ISSUE, "bitte weniger Kryptowährungen" + GERMAN, "-Crypto"),
    (ISSUE, "Kein Krypto mehr" + GERMAN, "!Crypto"),
    (ISSUE, "Keine Kryptowährungen bitte" + GERMAN, "!Crypto"),
    (ISSUE, "nichts mehr über Krypto" + GERMAN, "!Crypto"),
    (ISSUE, "nichts zu Bitcoin" + GERMAN, "!Crypto"),
    (ISSUE, "mehr KI und Robotik" + GERMAN, "+AI +Robotics"),
    (ISSUE, "mehr KI, weniger Sicherheit" + GERMAN, "+AI -Security"),
    (ISSUE, "Ich möchte mehr über Klima lesen" + GERMAN, "+Climate"),
    (ISSUE, "Ich hätte gern mehr Raumfahrt" + GERMAN, "+Space"),
    (ISSUE, "Ich will weniger KI und mehr Energie" + GERMAN, "-AI +Energy"),
    (ISSUE, "Guten Tag,\n\nbitte mehr Artikel zu Gesundheit.\n\nViele Grüße\nAda" + GERMAN,
     "+Health"),
    (ISSUE, "Hallo,\nmehr Datenbanken, weniger Krypto.\nDanke!" + GERMAN, "+Databases -Crypto"),
    (ISSUE, "nur montags" + GERMAN, "@monday"),
    (ISSUE, "bitte nur noch am Sonntag" + GERMAN, "@sunday"),
    (ISSUE, "jeden Dienstag" + GERMAN, "@tuesday"),
    (ISSUE, "freitags bitte" + GERMAN, "@friday"),
    (ISSUE, "monatlich" + GERMAN, "~monthly"),
    (ISSUE, "einmal im Monat reicht" + GERMAN, "~monthly"),
    (ISSUE, "alle zwei Wochen" + GERMAN, "~fortnightly"),
    (ISSUE, "alle 14 Tage bitte" + GERMAN, "~fortnightly"),
    (ISSUE, "wöchentlich" + GERMAN, "~weekly"),
    (ISSUE, "Pause für 4 Wochen" + GERMAN, "%4"),
    (ISSUE, "Bitte zwei Wochen pausieren" + GERMAN, "%2"),
    (ISSUE, "mehr maschinelles Lernen, monatlich, donnerstags" + GERMAN,
     "+Machine Learning ~monthly @thursday"),
    (ISSUE, "mehr Roboter; weniger Datenbanken" + GERMAN, "+Robotics -Databases"),
    (ISSUE, "etwas weniger KI" + GERMAN, "-AI"),
    (ISSUE, "viel mehr Raumfahrt" + GERMAN, "+Space"),
    (ISSUE, "ohne Krypto bitte" + GERMAN, "!Crypto"),
    ("mehr Robotik", "", "+Robotics"),
    ("weniger Krypto, nur freitags", "Danke", "-Crypto @friday"),
]  # fmt: skip
UNCLEAR = [
    (ISSUE, "more knitting" + QUOTE),
    (ISSUE, "less fluff please" + QUOTE),
    (ISSUE, "no sports" + QUOTE),
    (ISSUE, "more unicorns and dragons" + QUOTE),
    (ISSUE, "mehr Stricken bitte" + GERMAN),
    (ISSUE, "weniger Blabla" + GERMAN),
    (ISSUE, "keine Werbung" + GERMAN),
    (ISSUE, "nichts über Fußball" + GERMAN),
    (ISSUE, "fewer listicles" + QUOTE),
    (ISSUE, "more long reads" + QUOTE),
]
LETTER = [
    (ISSUE, "Lovely issue, thank you!" + QUOTE),
    (ISSUE, "Thanks" + QUOTE),
    (ISSUE, "Who wrote the second story?" + QUOTE),
    (ISSUE, "I don't want to unsubscribe, I love it." + QUOTE),
    (ISSUE, "Please don't unsubscribe me." + QUOTE),
    (ISSUE, "How do I unsubscribe my old address old@example.com but keep this one?" + QUOTE),
    (ISSUE, "The unsubscribe link is broken in Outlook." + QUOTE),
    (ISSUE, "My colleague wants to unsubscribe. Can you help her?" + QUOTE),
    (ISSUE, "Stop by our office when you are in town." + QUOTE),
    (ISSUE, "Stop the presses! There is an error in story two." + QUOTE),
    (ISSUE, "Non-stop good reading." + QUOTE),
    (ISSUE, "I could not stop reading." + QUOTE),
    (ISSUE, "Never stop writing this." + QUOTE),
    (ISSUE, "The robot should stop when it is asked to. Great piece." + QUOTE),
    (ISSUE, "Remove the third paragraph, it is wrong." + QUOTE),
    (ISSUE, "Can I cancel the event I booked through you?" + QUOTE),
    (ISSUE, "I have more questions about this." + QUOTE),
    (ISSUE, "I agree with the robotics story more or less." + QUOTE),
    (ISSUE, "What is the source of the crypto figures?" + QUOTE),
    (ISSUE, "My address changed to new@example.com" + QUOTE),
    (ISSUE, "Interesting." + FOOTER),
    (ISSUE, "See below." + OUTLOOK),
    (ISSUE, "Forwarded this to my team, they loved it" + PHONE),
    ("A question", "Do you take guest articles?"),
    ("Invoice", "Attached is our invoice."),
    ("Hello", "hello"),
    ("How to stop worrying", "A book you may like."),
    ("Unsubscribed by accident", "I clicked unsubscribe by accident, please add me again."),
    ("Please do not unsubscribe me", "I was on holiday."),
    ("Re: Why people unsubscribe", "A good article. I disagree with point two."),
    (ISSUE, "Danke, schöne Ausgabe!" + GERMAN),
    (ISSUE, "Wer hat den zweiten Artikel geschrieben?" + GERMAN),
    (ISSUE, "Ich möchte mich nicht abmelden!" + GERMAN),
    (ISSUE, "Bitte nicht abmelden, ich war nur im Urlaub." + GERMAN),
    (ISSUE, "Der Link zum Abmelden geht nicht." + GERMAN),
    (ISSUE, "Mein Kollege möchte sich abmelden, geht das?" + GERMAN),
    (ISSUE, "Wie kann ich mich mit einer zweiten Adresse anmelden?" + GERMAN),
    (ISSUE, "Stoppen Sie die Maschinen: ein Fehler in Artikel zwei." + GERMAN),
    (ISSUE, "Ich konnte nicht mehr aufhören zu lesen." + GERMAN),
    (ISSUE, "Mehr davon später in einem Brief." + GERMAN),
    (ISSUE, "Ich habe keine Zeit, lese es aber am Freitag." + GERMAN),
    (ISSUE, "Meine neue Adresse ist neu@example.com" + GERMAN),
    (ISSUE, "Woher stammen die Zahlen zu Krypto?" + GERMAN),
    ("Frage", "Nehmen Sie Gastbeiträge?"),
    ("Rechnung", "Anbei unsere Rechnung."),
    ("Aus Versehen abgemeldet", "Ich habe mich aus Versehen abgemeldet, bitte wieder eintragen."),
    (ISSUE, "" + QUOTE),
    (ISSUE, "" + OUTLOOK),
    (ISSUE, "" + GERMAN),
    (ISSUE, "+1" + QUOTE),
]


def replies() -> list[tuple[str, str, str]]:
    """Subject, text and what it is to be taken for."""
    found = [(subject, text, "leave") for subject, text in LEAVE]
    found += STEER
    found += [(subject, text, "unclear") for subject, text in UNCLEAR]
    return found + [(subject, text, "letter") for subject, text in LETTER]
