"""From what editors publish to stories that can be ranked."""
