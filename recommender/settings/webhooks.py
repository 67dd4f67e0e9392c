"""Settings of webhooks: where mail providers report, and how their reports are verified."""

from pydantic import BaseModel, Field

from recommender.settings.values import Secret


class WebhookSettings(BaseModel):
    """A key for each provider; without its key, a provider's reports are not taken."""

    hooks_ses_topic: str | None = Field(
        None,
        description="Amazon SES reports to /hooks/ses: ARN of its SNS topic, several with commas",
    )
    hooks_sendgrid_key: str | None = Field(
        None,
        description="SendGrid reports to /hooks/sendgrid: the public key that verifies it, base64",
    )
    hooks_postmark_secret: Secret = Field(
        None,
        description="Postmark reports to /hooks/postmark: user:password of the webhook's URL",
    )
    hooks_mailgun_key: Secret = Field(
        None, description="Mailgun reports to /hooks/mailgun: its webhook signing key"
    )
    hooks_brevo_secret: Secret = Field(
        None,
        description="Brevo reports to /hooks/brevo: the webhook's token, or user:password of its "
        "URL",
    )
    hooks_max_age_minutes: int = Field(
        5,
        ge=1,
        le=10_080,
        description="a signed report older than so many minutes is refused",
    )
