"""The transport by the API of Mailgun (``mailgun://``)."""
