"""Accounts: a password that is kept as a hash, a code that counts once, roles within each other."""

from datetime import datetime, timedelta

import pyotp
import pytest
from sqlalchemy.engine import Engine

from mailer.operators import sessions, users
from recommender.errors import ConfigurationError, ConflictError, NotFoundError
from recommender.models import UserRole
from recommender.storage import database

PASSWORD = "f7Q-late-otter-9-window"


def test_a_password_is_kept_as_argon2id_and_nothing_else_lets_in(
    store: Engine, now: datetime
) -> None:
    with database.writing(store) as session:
        user = users.add(session, "mina", UserRole.EDITOR, PASSWORD, totp=False, now=now)
        assert user.password.startswith("$argon2id$")
        assert PASSWORD not in user.password
        assert users.proven(session, "mina", PASSWORD, "", now) is user
        assert user.signed_in_at == now
        for name, password in (("mina", "wrong"), ("nobody", PASSWORD), ("mina", "")):
            assert users.proven(session, name, password, "", now) is None


def test_a_code_counts_once_and_for_about_a_minute(sqlite_store: Engine, now: datetime) -> None:
    with database.writing(sqlite_store) as session:
        user = users.add(session, "mina", UserRole.ADMIN, PASSWORD, totp=True, now=now)
        assert user.totp_secret is not None
        assert (users.provisioning(user) or "").startswith("otpauth://totp/newsletter:mina?")
        totp = pyotp.TOTP(user.totp_secret)

        def tried(code: str, seconds: int = 0) -> bool:
            moment = now + timedelta(seconds=seconds)
            return users.proven(session, "mina", PASSWORD, code, moment) is not None

        code = totp.at(now)
        assert [tried(""), tried("000000" if code != "000000" else "1"), tried(code, 120)] == [
            False
        ] * 3
        assert [tried(code), tried(code), tried(code, 10)] == [True, False, False]
        assert tried(totp.at(now + timedelta(seconds=60)), 40)  # a clock that is a little ahead


def test_whoever_is_disabled_is_out_everywhere_until_added_anew(
    sqlite_store: Engine, now: datetime
) -> None:
    with database.writing(sqlite_store) as session:
        user = users.add(session, "mina", UserRole.ADMIN, PASSWORD, totp=False, now=now)
        with pytest.raises(ConflictError, match="there is a user mina already"):
            users.add(session, "mina", UserRole.VIEWER, PASSWORD, totp=False, now=now)
        token = sessions.begin(session, user, now)
        assert users.any_enabled(session)
        users.disable(session, "mina", now=now)
        assert not users.any_enabled(session)
        assert sessions.user_of(session, token, now) is None
        assert users.proven(session, "mina", PASSWORD, "", now) is None
        again = users.add(session, "mina", UserRole.VIEWER, PASSWORD + "!", totp=False, now=now)
        assert (again.id, again.role) == (user.id, UserRole.VIEWER)
        with pytest.raises(NotFoundError):
            users.disable(session, "nobody", now=now)


def test_names_and_passwords_that_are_no_good_are_refused(
    sqlite_store: Engine, now: datetime
) -> None:
    with database.writing(sqlite_store) as session:
        for name, password, why in (
            ("mina@example.com", PASSWORD, "a name has letters"),
            ("mina", "short", "the password must have at least"),
            ("mina", "passwordpassword1234", "the password is too easy"),
        ):
            with pytest.raises(ConfigurationError, match=why):
                users.add(session, name, UserRole.VIEWER, password, totp=False, now=now)


def test_each_role_may_what_those_before_may() -> None:
    allowed = [[users.may(role, wanted) for wanted in users.ORDER] for role in users.ORDER]
    assert allowed == [[True, False, False], [True, True, False], [True, True, True]]
