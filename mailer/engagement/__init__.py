"""Clicks and feedback of readers: kept as they came, counted once they are a person's."""
