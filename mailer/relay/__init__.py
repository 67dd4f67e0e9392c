"""The ways out: relays over SMTP, providers' HTTP APIs, and the outbox folder."""
