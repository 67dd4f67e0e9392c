"""What a column of a list of readers is called, in several languages, and which field that is.

Names are compared by their letters and digits alone, without accents: "E-Mail-Adresse",
"e_mail adresse" and "EMailAdresse" are one. A field here is a field of a reader, or one of the
parts below from which a row is put together.
"""

import re
import unicodedata
from collections.abc import Mapping

from recommender.subscribers.fields import COLUMNS

EMAIL, NAME, FIRST, LAST = "email", "name", "first_name", "last_name"
TAGS = "attributes.tags"
COUNTRY = "attributes.country"
CONSENT_AT, CONSENT_ADDRESS = "consent.at", "consent.address"
CONFIRMED_AT, CONFIRMED_ADDRESS = "consent.confirmed_at", "consent.confirmed_address"
SUBSCRIBED, CONFIRMED = "status.active", "status.confirmed"
UNSUBSCRIBED, BOUNCED, COMPLAINED = "status.unsubscribed", "status.bounced", "status.complained"
"""Columns of yes and no, or of the day since when: the reader stands so if the cell says yes. Who
is not active has left, who is not confirmed is pending."""

_WORDS: Mapping[str, str] = {
    EMAIL: """
        email, email address, e-mail, mail, mail address, email addr, email id, subscriber email,
        subscriber email address, user email, user email address, member email, contact email,
        primary email, your email, email 1, e-mail 1, e-mail 1 - value, email 1 value, subscriber,
        e-mail-adresse, emailadresse, mailadresse, mail-adresse, emailanschrift,
        courriel, adresse courriel, adresse e-mail, adresse mail, adresse email,
        adresse électronique, adresse de courriel, adresse de messagerie,
        correo, correo electrónico, email correo, dirección de correo, dirección de email,
        dirección de correo electrónico, dirección email, dirección de e-mail,
        indirizzo email, indirizzo e-mail, indirizzo di posta elettronica, posta elettronica,
        endereço de email, endereço de e-mail, correio eletrônico, correio eletrónico,
        e-mailadres, emailadres, mailadres, e-postadress, e-post, epost, epostadress,
        e-postadresse, e-mailadresse, adres e-mail, adres email, sähköposti, email cím,
        メールアドレス, 电子邮件, 邮箱, 이메일, эл. почта, электронная почта""",
    NAME: """
        name, full name, display name, contact name, subscriber name, user name full, member name,
        your name, person, vollständiger name, voller name, kontaktname, anzeigename,
        nom complet, nom et prénom, prénom et nom, nombre completo, nombre y apellidos,
        nome completo, nome e cognome, volledige naam, naam, namn, navn, 名前, 氏名, 姓名, имя""",
    FIRST: """
        first name, first, fname, given name, forename, christian name, vorname, rufname,
        prénom, prénoms, nombre de pila, primer nombre, voornaam, förnamn, fornavn, fornamn, imię,
        firstname subscriber, merge fname""",
    LAST: """
        last name, last, lname, surname, family name, second name, nachname, familienname, zuname,
        nom de famille, apellido, apellidos, cognome, sobrenome, apelido, achternaam, efternamn,
        efternavn, etternavn, nazwisko, merge lname""",
    "roles": "roles, role, rolle, rollen, rôle, rôles",
    "topics": """
        topics, topic, interests, interest, themen, interessen, sujets, thèmes, centres d'intérêt,
        temas, intereses""",
    "timezone": """
        timezone, time zone, tz, time zone name, timezone id, zeitzone, fuseau horaire, fuseau,
        zona horaria, huso horario, fuso orario, tijdzone""",
    "locale": """
        locale, language, lang, language code, preferred language, sprache, bevorzugte sprache,
        langue, idioma, lengua, lingua, taal, språk""",
    "languages": "languages, reading languages, content languages, lesesprachen",
    "status": """
        status, subscription status, subscriber status, email status, member status, contact status,
        newsletter status, status subscriber, abo-status, abostatus, anmeldestatus, statut,
        statut d'abonnement, estado de suscripción, stato""",
    "attributes": "attributes, attribs, custom attributes",
    "frequency": "frequency, häufigkeit, fréquence, frecuencia",
    "day": "day, weekday, day of week, wochentag, versandtag",
    "hour": "hour, uhrzeit, stunde",
    TAGS: """
        tags, tag, labels, label, tag names, schlagworte, schlagwörter, etiketten,
        étiquettes, etiquetas, etichette, 标签""",
    COUNTRY: """
        country, country code, country name, land, pays, país, paese, kraj, ländercode,
        country iso""",
    CONSENT_AT: """
        optin time, opt-in time, opt-in date, opt in date, optin date, optin timestamp,
        opt-in timestamp, opted in at, opted in on, consent date, consent time, consent at,
        consent given at, consented at, consent timestamp, signup date, signup time,
        sign-up date, sign-up time, signed up, signed up at, signed up on, signup timestamp,
        subscribed at, subscribed on, subscribed date, subscribe date, subscribe time,
        subscription date, subscription created at, subscription start, subscriber since,
        date subscribed, date added, date joined, date created, date of subscription, joined,
        joined at, joined on, join date, added, added at, added on, added time, created, created at,
        created on, created date, creation date, creation time, date opted in, optin at,
        registered at, registration date, registration time,
        anmeldedatum, anmeldung, angemeldet am, anmeldezeitpunkt, registriert am, eingetragen am,
        erstellt am, einwilligung am, datum der anmeldung, opt-in-datum, opt-in-zeit,
        date d'inscription, inscrit le, date d'abonnement, date de création, créé le,
        fecha de suscripción, fecha de alta, fecha de registro, fecha de creación, suscrito el,
        data di iscrizione, data iscrizione, data de inscrição""",
    CONSENT_ADDRESS: """
        optin ip, opt-in ip, opt-in ip address, optin ip address, ip, ip address, signup ip,
        sign-up ip, signup ip address, subscribe ip, subscription ip, consent ip,
        consent ip address, registration ip, ip-adresse, anmelde-ip, adresse ip, dirección ip""",
    CONFIRMED_AT: """
        confirm time, confirmed at, confirmation time, confirmation date, confirmed on,
        confirmed date, double opt-in date, double opt-in at, doi date, doi time, verified at,
        bestätigt am, bestätigungsdatum, double-opt-in-datum, confirmé le, date de confirmation,
        confirmado el, fecha de confirmación""",
    CONFIRMED_ADDRESS: "confirm ip, confirmation ip, confirmed ip, confirm ip address, doi ip",
    SUBSCRIBED: """
        subscribed, is subscribed, active, is active, enabled, is enabled, aktiv, actif,
        activo, subscribed to emails, opt-in, opted in, optin, is opted in,
        accepts marketing, accepts email marketing, email marketing consent, marketing consent,
        email opt-in, newsletter opt-in, newsletter, consent, email consent, gdpr consent,
        consent given, einwilligung, consentement, consentimiento, abonniert, angemeldet, abonné,
        inscrit,
        suscrito""",
    CONFIRMED: """
        confirmed, is confirmed, email confirmed, email verified, verified, is verified,
        double opt-in, double optin, doi, bestätigt, confirmé, confirmado""",
    UNSUBSCRIBED: """
        unsubscribed, is unsubscribed, unsubscribed at, unsubscribed on, unsubscribe date,
        unsubscribe time, unsubscribed date, unsub time, unsubscription date, unsubscription time,
        date unsubscribed, opt-out, opted out, optout, opt-out date, opt-out time, opted out at,
        email disabled, deleted at, suppressed, is suppressed, suppressed at, blocklisted,
        blacklisted, blocked, do not email, do not mail, abgemeldet, abgemeldet am, abmeldedatum,
        austragung, ausgetragen am, désabonné, désabonné le, désinscrit, désinscrit le,
        date de désinscription, date de désabonnement, fecha de baja, dado de baja, baja""",
    BOUNCED: """
        bounced, is bounced, bounced at, bounced on, bounce date, hard bounced, hard bounce,
        clean time, cleaned, cleaned at""",
    COMPLAINED: """
        complained, complained at, complaint date, spam complaint, marked as spam,
        spam reported at""",
}


def key(header: str) -> str:
    """The letters and digits of a column's name, without case and accents."""
    plain = unicodedata.normalize("NFKD", header.casefold())
    return "".join(letter for letter in plain if letter.isalnum())


FIELDS: Mapping[str, str] = {
    key(word): field
    for field, words in _WORDS.items()
    for word in " ".join(words.split()).split(", ")
} | {key(name): name for name in COLUMNS if name not in _WORDS}
"""By key, the field that a column's name means. A field of ours is at least its own name."""
PARTS = tuple(dict.fromkeys((*_WORDS, *COLUMNS)))
"""The fields a column can be, in the order in which they are listed to a person."""


def in_context(found: str, keys: frozenset[str]) -> str | None:
    """What a name means only beside others: "Nom" is a last name where there is a "Prénom"."""
    if found == "nom":
        return LAST if keys & {"prenom", "prenoms"} else NAME
    if found == "nombre":
        return FIRST if keys & {"apellido", "apellidos", "primerapellido"} else NAME
    if found == "nome":
        return FIRST if keys & {"cognome", "sobrenome", "apelido"} else NAME
    if found == "name" and "vorname" in keys and not keys & {"nachname", "familienname"}:
        return LAST
    return FIELDS.get(found)


def snake_case(header: str) -> str:
    """A column's name as an attribute's: "ZIP Code" and "zipCode" are ``zip_code``."""
    text = unicodedata.normalize("NFKC", header.strip())
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    words = re.findall(r"\w+", text.lower())
    return re.sub(r"_+", "_", "_".join(words)).strip("_")[:60]
