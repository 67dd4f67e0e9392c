"""Planned copies go out, each once: claimed, made, sent and recorded."""
