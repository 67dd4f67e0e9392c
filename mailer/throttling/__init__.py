"""Holding back where it must be: rates, pauses, warm-up, and an automatic stop."""
