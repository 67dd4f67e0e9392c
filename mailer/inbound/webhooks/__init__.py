"""Webhooks of mail providers: one module per provider, each with ``verify`` and ``parse``."""
