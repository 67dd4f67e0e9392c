"""The transport by the API of Postmark (``postmark://``)."""
