"""The transport by the API of Amazon SES (``ses://``)."""
