"""Readers: read from files, kept in the store, and in charge of whether they are mailed."""
