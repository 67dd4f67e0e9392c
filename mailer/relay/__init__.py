"""The ways out: relays over SMTP, and the outbox folder."""
