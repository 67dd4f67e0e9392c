"""The SMTP transport (``smtp://``, ``smtps://``): sessions, pipelined messages, TLS and AUTH."""
