"""Columns are known by many names, in several languages, however they are spelt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.subscribers.fields import COLUMNS
from recommender.subscribers.formats import headers
from recommender.subscribers.formats.headers import FIELDS, FIRST, LAST, NAME, key


@pytest.mark.parametrize(
    ("names", "field"),
    [
        ("Email Address|E-mail|eMail|EMAIL_ADDRESS|Subscriber email|E-Mail-Adresse|Courriel|"
         "Adresse électronique|Correo electronico|correo electrónico|Indirizzo e-mail", "email"),
        ("First Name|FNAME|Vorname|Prénom|given_name|firstName", "first_name"),
        ("Last Name|Surname|Nachname|Nom de famille|Apellidos|family-name", "last_name"),
        ("Tags|labels|Schlagwörter|Étiquettes|Etiquetas", "attributes.tags"),
        ("Time Zone|TIMEZONE|Zeitzone|Fuseau horaire|Zona horaria", "timezone"),
        ("Language|Sprache|Langue|Idioma|locale", "locale"),
        ("Country|Land|Pays|País", "attributes.country"),
        ("OPTIN_TIME|Opt-in date|Signup Date|Anmeldedatum|Date d'inscription|Fecha de alta|"
         "created_at|Subscribed at", "consent.at"),
        ("OPTIN_IP|IP address|IP-Adresse|Adresse IP", "consent.address"),
        ("Unsubscribed at|UNSUB_TIME|Abgemeldet am|Désabonné le|Fecha de baja|opt-out",
         "status.unsubscribed"),
    ],
)  # fmt: skip
def test_one_field_has_many_names(names: str, field: str) -> None:
    assert {name: FIELDS.get(key(name)) for name in names.split("|")} == dict.fromkeys(
        names.split("|"), field
    )


@given(
    name=st.sampled_from(["e-mail adresse", "first name", "correo electrónico", "time zone"]),
    mark=st.sampled_from([" ", "_", "-", "", " - ", ": "]),
    upper=st.booleans(),
    around=st.sampled_from(["", " ", "\ufeff", "\u00a0", "*"]),
)
def test_spelling_does_not_matter(name: str, mark: str, upper: bool, around: str) -> None:
    spelt = around + name.replace(" ", mark) + around
    assert FIELDS.get(key(spelt.upper() if upper else spelt)) == FIELDS[key(name)]


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [("Prénom Nom", "Prénom", "Nom"), ("Nombre Apellidos", "Nombre", "Apellidos"),
     ("Vorname Name", "Vorname", "Name"), ("Nome Cognome", "Nome", "Cognome")],
)  # fmt: skip
def test_half_a_name_is_known_by_the_other(header: str, first: str, last: str) -> None:
    keys = frozenset(map(key, header.split()))
    assert headers.in_context(key(first), keys) == FIRST
    assert headers.in_context(key(last), keys) == LAST
    alone = last if first in ("Prénom", "Vorname") else first
    assert headers.in_context(key(alone), frozenset()) == NAME


@pytest.mark.parametrize(
    ("header", "attribute"),
    [("ZIP Code", "zip_code"), ("zipCode", "zip_code"), ("MEMBER_RATING", "member_rating"),
     ("Größe (cm)", "größe_cm"), ("utm.source", "utm_source"), ("★", ""), ("  A--B  ", "a_b")],
)  # fmt: skip
def test_other_columns_are_attributes_in_snake_case(header: str, attribute: str) -> None:
    assert headers.snake_case(header) == attribute


def test_every_field_of_a_reader_is_known_by_its_own_name() -> None:
    assert [headers.FIELDS[key(name)] for name in COLUMNS] == list(COLUMNS)
    assert set(COLUMNS) <= set(headers.PARTS)
