"""Issues to look at, none of them sent: a reader's next one, or a whole edition."""
