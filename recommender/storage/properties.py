"""Names and values of the store's own properties (``models.Property``)."""

ADDRESS_SALT = "address_salt"
"""The salt of the hashes of addresses."""
COPY = "copy"
"""The property of a store that was copied from another: UNFINISHED, or FINISHED until it is first
used. From then on it has a life of its own, and must not be copied over."""
UNFINISHED, FINISHED = "unfinished", "finished"
REWRITE_DUE = "rewrite_due"
"""Set while the file is still to be rewritten, so that nothing of deleted rows is left in it."""
