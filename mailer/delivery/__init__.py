"""Delivery of an edition: claimed copies are composed, sent and recorded, each once."""
