"""Settings of the sender: mailboxes, bounces, the postal address, DKIM."""

from pydantic import AliasChoices, BaseModel, Field, field_validator

from recommender.settings.values import (
    Mailbox,
    Mailboxes,
    OptionalFilePath,
    OptionalMailbox,
    Paragraph,
)

PREFIX = "NEWSLETTER_"


class SenderSettings(BaseModel):
    """Who sends, where bounces go, and how messages are signed."""

    sender: Mailbox = Field(
        "The Weekly Brief <newsletter@newsletter.example.org>",
        validation_alias=AliasChoices(f"{PREFIX}FROM", "sender"),
        description="the From mailbox",
    )
    reply_to: OptionalMailbox = Field(None, description="the Reply-To mailbox; default: none")
    bounce_address: OptionalMailbox = Field(
        None, description="envelope sender for bounces; default: the From address"
    )
    verp: bool = Field(
        False,
        description="true: bounce_address carries a tag per copy, bounces+TAG@…, and must take it",
    )
    soft_bounces: int = Field(
        3, ge=1, description="a reader whom so many editions did not reach counts as bounced"
    )
    soft_bounce_days: int = Field(60, ge=1, description="soft bounces of so many days add up")
    bounce_mailbox: Mailboxes = Field(
        None,
        repr=False,
        description="where bounces come: imaps://user:pass@host/INBOX, pop3s://… or the path of a "
        "Maildir; several with commas",
    )
    bounce_minutes: int = Field(
        5, ge=1, le=59, description="the service reads bounce_mailbox every so many minutes"
    )
    forward_replies_to: OptionalMailbox = Field(
        None, description="where replies go that are for a person to read; all are kept in home"
    )
    unsubscribe_address: OptionalMailbox = Field(
        None, description="mail to this address unsubscribes; it stands in List-Unsubscribe"
    )
    lmtp_listen: str | None = Field(
        None,
        description="the service takes mail that came back by LMTP here: 127.0.0.1:2424",
    )
    postal_address: Paragraph = Field(
        "The Weekly Brief, 1 Example Street, Example City",
        description="the sender's postal address, shown in every issue",
    )
    dkim_key: OptionalFilePath = Field(
        None, description="private key file (PEM) that signs with DKIM"
    )
    dkim_selector: str | None = Field(
        None, pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$", description="DKIM selector"
    )
    dkim_domain: str | None = Field(None, description="DKIM domain; default: the From domain")
    dkim_unsigned: str = Field(
        "date, message-id",
        description="fields DKIM leaves unsigned, since relays may set them anew; or none",
    )

    @field_validator("dkim_unsigned")
    @classmethod
    def _may_be_unsigned(cls, value: str) -> str:
        names = {part.strip().lower() for part in value.split(",")} - {""}
        if names != {"none"} and not names <= {"date", "message-id"}:
            raise ValueError(f"{value!r} is neither 'none' nor made up of 'date' and 'message-id'")
        return ", ".join(sorted(names))
