"""What strangers send and what must not leak: limits, private files, escaping, scrubbing."""
