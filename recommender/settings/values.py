"""Types of values that several groups of settings share. What cannot be read is a ValueError that
says why."""

import re
from pathlib import Path
from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, SecretStr

from recommender.settings import keys


def mailbox(value: str) -> tuple[str, str]:
    """``Name <address>`` or ``address`` as (name, address).

    Raises ValueError when the address is not valid or the name holds a control character.
    """
    match = re.fullmatch(r"\s*(?:\"?([^\"<>]*?)\"?\s*<([^<>]+)>|([^<>]+))\s*", value)
    if match is None or any(ord(character) < 32 for character in value):
        raise ValueError(f"{value!r} is not a mailbox such as News <news@example.org>")
    address = match[2] or match[3]
    try:
        checked = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(f"{address!r}: {error}") from error
    return (match[1] or "").strip(), checked.normalized


def _path(value: Path | None) -> Path | None:
    text = str(value or "")
    if any(ord(character) < 32 or 0xD800 <= ord(character) < 0xE000 for character in text):
        raise ValueError("must be a path in UTF-8 without control characters")
    return value


def _mailbox(value: str | None) -> str | None:
    if value is not None:
        mailbox(value)
    return value


def _paragraph(value: str) -> str:
    if not value or any(ord(character) < 32 and character != "\n" for character in value):
        raise ValueError("must be text without control characters")
    return value


def _secret(value: SecretStr | None) -> SecretStr | None:
    _hard_to_guess([value.get_secret_value()] if value else [])
    return value


def _secrets(value: SecretStr | None) -> SecretStr | None:
    _hard_to_guess(value.get_secret_value().split(",") if value else [])
    return value


def _hard_to_guess(texts: list[str]) -> None:
    for text in texts:
        weakness = keys.weakness(text.strip()) if text.strip() else None
        if weakness is not None:
            raise ValueError(weakness)


def _mailboxes(value: Path | str | None) -> Path | str | None:
    """One path is a path; what has a scheme, or names several, is text."""
    _path(Path(value) if value else None)
    text = str(value or "")
    several = "," in text or ":" in text.partition("/")[0]
    return text if several else (Path(text) if text else None)


FilePath = Annotated[Path, AfterValidator(_path)]
OptionalFilePath = Annotated[Path | None, AfterValidator(_path)]
Mailboxes = Annotated[Path | str | None, AfterValidator(_mailboxes)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
OptionalMailbox = Annotated[str | None, AfterValidator(_mailbox)]
Paragraph = Annotated[str, AfterValidator(_paragraph)]
Secret = Annotated[SecretStr | None, AfterValidator(_secret)]
Secrets = Annotated[SecretStr | None, AfterValidator(_secrets)]
"""Several, with commas."""
