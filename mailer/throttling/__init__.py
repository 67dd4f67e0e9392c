"""Holding back where it must be: rates, pauses, warm-up, and a stop by itself."""
